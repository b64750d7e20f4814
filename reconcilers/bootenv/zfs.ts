/** Runs ZFS' two programs. Only what they print for machines (`-H`, `-p`) is ever read. */
import { Problem } from "../../schemas/problem.ts";
import type { Host } from "../core.ts";

/** A pool that was cut off may take most of a minute for its first answers. */
const limitMs = 120_000;

/** What `zfs …` prints. Rejects with a POOL Problem that quotes it where it fails. */
export async function zfs(host: Host, args: readonly string[], signal: AbortSignal): Promise<string> {
  return answered(host, ["zfs", ...args], signal);
}

/** What `zpool …` prints. Rejects like `zfs`. */
export async function zpool(host: Host, args: readonly string[], signal: AbortSignal): Promise<string> {
  return answered(host, ["zpool", ...args], signal);
}

async function answered(host: Host, argv: readonly [string, ...string[]], signal: AbortSignal): Promise<string> {
  const { exitCode, stdout, stderr } = await host.run(argv, { timeoutMs: limitMs, signal });
  if (exitCode === 0) return stdout;
  const said = stderr
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  throw new Problem("POOL", `${argv.join(" ")}: ${said.join("; ") || `exit code ${exitCode}`}`, {
    remedy: "zpool status says how the pool is.",
  });
}
