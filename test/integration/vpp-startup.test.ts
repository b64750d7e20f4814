/** Whether a real VPP starts from what is rendered. `VPP_PREFIX` says where it is installed; without NICs, DPDK stays out. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { linuxHost } from "../../controller/host/linux.ts";
import { renderSystem } from "../../reconcilers/system/render/render.ts";
import { Machine, type MachineInput } from "../../schemas/machine.ts";

const prefix = process.env["VPP_PREFIX"] ?? "/usr";
const env = { LD_LIBRARY_PATH: `${prefix}/lib/x86_64-linux-gnu` };
const host = linuxHost({ seal: () => "", reveal: () => undefined });

function whyNoVpp(): string | undefined {
  if (process.getuid?.() !== 0) return "needs root";
  return existsSync(`${prefix}/bin/vpp`) ? undefined : "needs VPP (VPP_PREFIX)";
}

const input: MachineInput = {
  interfaces: { wan: { driver: "af-packet", "kernel-name": "eth1" } },
  cpu: { core: { main: 1 } },
  nat: { det44: { pools: { p: { prefix: "203.0.113.0/29" } }, mappings: { m: { source: "10.0.0.0/24", pool: "p" } } } },
};

/** Starts it from the rendered files, all of them below `folder`; answers what it says to each command. */
async function ask(folder: string, instance: "core" | "nat", commands: readonly string[]): Promise<readonly string[]> {
  const below = (text: string) => text.replaceAll(/\/(?:etc|run|var\/log)\/vpp/g, folder);
  for (const { path, text } of renderSystem(Machine.parse(input)).files) {
    if (path.startsWith("/etc/vpp/")) await writeFile(below(path), below(text));
  }
  const file = `${folder}/startup-${instance}.conf`;
  const child = spawn(`${prefix}/bin/vpp`, ["-c", file], { env: { ...process.env, ...env }, stdio: "ignore" });
  const ended = once(child, "exit");
  try {
    const signal = AbortSignal.timeout(60_000);
    while (!existsSync(`${folder}/${instance}-api.sock`) && child.exitCode === null) await host.sleep(100, signal);
    expect(child.exitCode).toBeNull();
    const answers: string[] = [];
    for (const command of commands) {
      const argv = [`${prefix}/bin/vppctl`, "-s", `${folder}/${instance}-cli.sock`, ...command.split(" ")] as const;
      answers.push((await host.run(argv, { timeoutMs: 10_000, signal, env })).stdout);
    }
    return answers;
  } finally {
    child.kill("SIGKILL");
    await ended;
  }
}

describe.skipIf(whyNoVpp())(`VPP, started from rendered files${whyNoVpp() ? ` (${whyNoVpp()})` : ""}`, () => {
  it.each([
    [
      "core",
      ["show threads", "show lcp"],
      [/vpp_main .* 1 +1 /, /lcp default netns 'dataplane'\nlcp lcp-auto-subint off\nlcp lcp-sync on/],
    ],
    ["nat", ["show memory main-heap", "show plugins"], [/1\.25G/, /det44_plugin\.so/]],
  ] as const)(
    "comes up as the %s instance, with its sockets",
    async (instance, commands, answers) => {
      const folder = await mkdtemp(join(tmpdir(), "imp-vpp-"));
      try {
        const said = await ask(folder, instance, commands);
        said.forEach((text, at) => expect(text.replaceAll("\r", "")).toMatch(answers[at] ?? /./));
      } finally {
        await rm(folder, { recursive: true });
      }
    },
    90_000,
  );
});
