/** Starts an instance of VPP anew, through its unit. */
import { Problem } from "../../schemas/problem.ts";
import type { Host } from "../core.ts";
import type { InstanceName } from "./model.ts";

/** systemd stops it (10 s at most), starts it, and its boot commands are given to it. */
const restartMs = 120_000;
const answersWithinMs = 60_000;
const pauseMs = 200;

export function unitOf(instance: InstanceName): string {
  return `vpp-${instance}.service`;
}

/** Resolves once `answers` does. Rejects with HOST_COMMAND or VPP_UNREACHABLE where it does not come up. */
export async function restartInstance(
  instance: InstanceName,
  host: Pick<Host, "run" | "sleep" | "uptime">,
  answers: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const unit = unitOf(instance);
  const { exitCode, stderr } = await host.run(["systemctl", "restart", unit], { timeoutMs: restartMs, signal });
  if (exitCode !== 0) {
    throw new Problem("HOST_COMMAND", `${unit} did not start: ${stderr.trim().slice(0, 300)}`, {
      remedy: `See "journalctl -u ${unit}".`,
    });
  }
  const until = host.uptime() + answersWithinMs;
  for (;;) {
    try {
      return await answers();
    } catch (thrown) {
      signal.throwIfAborted();
      const isLate = host.uptime() >= until;
      if (isLate || !(thrown instanceof Problem && thrown.transient)) throw thrown;
    }
    await host.sleep(pauseMs, signal);
  }
}
