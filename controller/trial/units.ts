/** Units that are stopped for a while and run again after it: before a kernel is entered, and while a database is put back. */
import type { Host } from "../../reconcilers/core.ts";
import { Problem } from "../../schemas/problem.ts";
import { lastLine } from "../images/mounted.ts";

/**
 * In the order of stopping. The first stops the instances, which only it does and only while the daemon answers; then the socket, before
 * what it would start again.
 */
export const usersOfIncus: readonly string[] = ["incus-startup.service", "incus.socket", "incus.service"];

/** To stop or start one: instances are given ten minutes by incus-startup.service itself. */
export const unitMs = 660_000;
const askMs = 10_000;

/** How systemd names what runs, or is about to. */
const alive = ["active", "activating", "reloading", "refreshing"];

/** Those of them that run, in their order; `orFailed`: those too that ran and failed. Rejects with SYSTEM_UNIT where nobody can tell. */
export async function running(
  host: Host,
  units: readonly string[],
  signal: AbortSignal,
  orFailed?: "or-failed",
): Promise<readonly string[]> {
  if (units.length === 0) return [];
  const { stdout, stderr } = await host.run(["systemctl", "is-active", ...units], { timeoutMs: askMs, signal });
  const said = stdout.trim().split("\n");
  if (said.length !== units.length) {
    throw new Problem("SYSTEM_UNIT", `Whether ${units.join(", ")} run cannot be told: ${lastLine(stderr)}.`, {
      remedy: "systemctl status says how systemd is.",
    });
  }
  const counts = [...alive, ...(orFailed ? ["failed"] : [])];
  return units.filter((_, index) => counts.includes(said[index] ?? ""));
}

/** Rejects with SYSTEM_UNIT where it runs on then. */
export async function stopUnit(host: Host, unit: string, remedy: string, signal: AbortSignal): Promise<void> {
  const { exitCode, stderr } = await host.run(["systemctl", "stop", unit], { timeoutMs: unitMs, signal });
  // What fails while it stops is stopped.
  if (exitCode === 0 || (await running(host, [unit], signal)).length === 0) return;
  throw new Problem("SYSTEM_UNIT", `${unit} does not stop: ${lastLine(stderr)}.`, {
    remedy: `systemctl status ${unit}; ${remedy}`,
  });
}

/** Starts them in this order, also those that systemd gave up. Gives those that do not start. */
export async function startUnits(
  host: Host,
  units: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const failed: string[] = [];
  for (const unit of units) {
    await host.run(["systemctl", "reset-failed", unit], { timeoutMs: askMs, signal });
    const { exitCode } = await host.run(["systemctl", "start", unit], { timeoutMs: unitMs, signal });
    if (exitCode !== 0) failed.push(unit);
  }
  return failed;
}
