/** Which FRR is talked to, where a box has several. */
import { Problem } from "../../schemas/problem.ts";
import type { Host } from "../core.ts";
import { daemons } from "./model.ts";

/**
 * Sees that the daemons behind these sockets run in a network namespace, as `ip netns` names them. The sockets are files:
 * nothing else tells one instance from the other. Rejects with FRR_UNREACHABLE when one does not, or none runs.
 */
export async function checkNamespace(sockets: string, name: string, host: Host, signal: AbortSignal): Promise<void> {
  let found = 0;
  for (const daemon of daemons) {
    const pid = (await host.readFile(`${sockets}/${daemon}.pid`))?.trim() ?? "";
    if (!/^\d+$/.test(pid)) continue;
    const { stdout, exitCode } = await host.run(["ip", "netns", "identify", pid], { timeoutMs: 10_000, signal });
    // A pid file may outlive its daemon.
    if (exitCode !== 0) continue;
    found += 1;
    if (stdout.split("\n").includes(name)) continue;
    const where = stdout.trim() === "" ? "no named network namespace" : `the network namespace ${stdout.trim()}`;
    throw new Problem("FRR_UNREACHABLE", `FRR's ${daemon} of ${sockets} runs in ${where}, not in ${name}.`, {
      remedy: "Name the instance: --pathspace or --vty-dir.",
    });
  }
  if (found === 0) {
    throw new Problem("FRR_UNREACHABLE", `No daemon of ${sockets} is known by a pid file, so its namespace is not.`, {
      remedy: "Name the instance: --pathspace or --vty-dir.",
    });
  }
}
