/**
 * Programs that the agent's sandbox keeps from it: loading a kernel, writing below /sys, running somebody else's code with less than it
 * has. systemd runs each as a unit of its own, which ends with its time limit whatever becomes of the agent.
 */
import type { Host, RunOptions, RunResult } from "../../reconcilers/core.ts";

export interface Outside extends Pick<RunOptions, "timeoutMs" | "signal" | "input" | "maxBytes"> {
  /** For people who look at the units. */
  readonly description: string;
  /** Of the unit, "PrivateNetwork=yes". */
  readonly properties?: readonly string[];
}

/** How much later than its unit the one who waits for it gives up. */
const marginMs = 15_000;

/**
 * Runs it to its end; what it mounts is gone with it. A non-zero exit is a result, not a rejection. Rejects with HOST_COMMAND where systemd
 * does not answer.
 */
export async function outside(
  host: Host,
  argv: readonly [string, ...string[]],
  { description, properties = [], timeoutMs, signal, input, maxBytes }: Outside,
): Promise<RunResult> {
  const all = [`RuntimeMaxSec=${Math.ceil(timeoutMs / 1000)}`, "PrivateMounts=yes", ...properties];
  const words = ["--quiet", "--collect", "--wait", "--pipe", "--service-type=exec", `--description=${description}`];
  return host.run(["systemd-run", ...words, ...all.map((one) => `--property=${one}`), "--", ...argv], {
    timeoutMs: timeoutMs + marginMs,
    signal,
    ...(input !== undefined && { input }),
    ...(maxBytes !== undefined && { maxBytes }),
  });
}
