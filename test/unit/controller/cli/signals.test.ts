/** What a signal does to a real process that runs as the agent does. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "../../../..");
const program = `
import { execa } from "execa";
import { processTerminal } from "./controller/cli/terminal.ts";
const terminal = processTerminal("agent");
const child = execa("sleep", ["30"], { reject: false });
terminal.signal.addEventListener("abort", () => process.argv.includes("deaf") || process.kill(child.pid, "SIGKILL"));
child.then(() => console.log("ended in order"));
console.log("ready");
`;

async function ended(
  signals: number,
  name: NodeJS.Signals,
  ...argv: string[]
): Promise<{ code: number | null; said: string }> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", program, "--", ...argv], { cwd: root });
  let said = "";
  child.stdout.on("data", (text: Buffer) => (said += text.toString()));
  child.stderr.on("data", (text: Buffer) => (said += text.toString()));
  const exit = once(child, "exit") as Promise<[number | null]>;
  await Promise.race([once(child.stdout, "data"), exit]);
  child.kill(name);
  if (signals > 1) {
    // Two that come at once are one to the process.
    await new Promise((resolve) => setTimeout(resolve, 500));
    child.kill(name);
  }
  const [code] = await exit;
  return { code, said };
}

it.each(["SIGTERM", "SIGHUP"] as const)("ends in order by %s, also while a program runs", async (name) => {
  expect(await ended(1, name)).toEqual({ code: 0, said: "ready\nended in order\n" });
});

it("is ended by a second signal, whatever it waits for", async () => {
  expect(await ended(2, "SIGTERM", "deaf")).toEqual({ code: 1, said: "ready\n" });
});
