/** Resident memory of the idle bundled agent that follows a 2,000-appliance repository, compared with a bare Node HTTP server. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startAgent } from "../lab/agent-process.ts";
import { fleetFiles } from "../lab/fleet.ts";
import { simFrr } from "../lab/frr-sim.ts";
import { gitServer } from "../lab/git-server.ts";
import { makeSitesRepository } from "../lab/sites-repository.ts";

const root = new URL("../..", import.meta.url).pathname;

function residentMiB(pid: number): number {
  const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(line?.[1]) / 1024;
}

async function end(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await ended;
}

async function bareServer(): Promise<number> {
  const child = spawn(process.execPath, [
    "-e",
    'require("http").createServer().listen(0, "127.0.0.1", () => console.log("up"))',
  ]);
  await new Promise((resolve) => child.stdout?.once("data", resolve));
  const size = residentMiB(child.pid ?? 0);
  await end(child);
  return size;
}

export async function benchMemory(print: (line: string) => void): Promise<void> {
  const bundle = join(root, "dist/impctl.cjs");
  if (!existsSync(bundle)) execFileSync(process.execPath, [join(root, "deploy/build.ts")], { stdio: "ignore" });
  const folder = mkdtempSync(join(tmpdir(), "imp-bench-memory-"));
  const repository = makeSitesRepository(folder);
  // Without the guard: this machine is not the one that the generated file names.
  const files = Object.fromEntries(fleetFiles({ appliances: 2000 }));
  const own = files["s00/r0.yaml"]?.replace(/^identity:\n.*\n/m, "");
  repository.push("A fleet", { ...files, "s00/r0.yaml": own });
  const server = await gitServer(repository.bare);
  const frr = await simFrr({}).listen(join(folder, "frr"));
  const agent = startAgent({
    folder,
    machine: "s00/r0",
    remote: server.url,
    frrSockets: join(folder, "frr"),
    program: bundle,
  });
  try {
    const idle = await agent.until(
      "it came to rest",
      (status) => status.committed !== undefined && status.state === "idle",
      120,
    );
    await new Promise((resolve) => setTimeout(resolve, 20_000));
    const ours = residentMiB(agent.child.pid ?? 0);
    const bare = await bareServer();
    print("memory: bundled agent, 2,000 appliances, first commit taken, then 20 s of polls each second");
    print(
      `  resident: ${(ours / bare).toFixed(2)}x of a bare Node HTTP server (${ours.toFixed(0)} MiB | ${bare.toFixed(0)} MiB); state ${idle.state}`,
    );
  } finally {
    await agent[Symbol.asyncDispose]();
    await frr.close();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
