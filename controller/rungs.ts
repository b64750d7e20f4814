/**
 * What is tried when going back by plan failed: one rung at a time, each once. First the planes that the deployment touched,
 * from the committed generation's files; then one reboot. A rung costs what still forwards, so none is climbed for nothing.
 */
import { asProblem, type Problem } from "../schemas/problem.ts";
import type { Appliance } from "./appliance.ts";
import { mustBeInFlight } from "./bring.ts";
import { fineLimitMs, restoreLimitMs } from "./failsafe.ts";
import { rebootLimit, rebootsLately, withReboot } from "./ledger.ts";
import type { Rung, State } from "./machine.ts";

/** In the order of restoring: what uses a plane comes after it. */
export const rungOrder = ["system", "frr", "vpp", "reboot"] as const satisfies readonly Rung[];
/** A box that was told to reboot and is still here after this long does not do it. */
const rebootMs = 300_000;

/** The rung to climb now that going back failed so, or why there is none. */
export async function nextRung(
  appliance: Appliance,
  failure: Problem,
  signal: AbortSignal,
): Promise<{ readonly next: Rung } | { readonly why: string }> {
  const { host, progress, failsafe, memory, listener } = appliance;
  const state = progress.state();
  const { worstImpact, from, planes } = mustBeInFlight(state);
  const done = rungsOf(state);
  // All that forwards is back by then, and none of it is restarted for that.
  if (isOfIncus(failure)) return { why: "All but Incus is as it was." };
  if (failsafe.mode === "off") return { why: "There is no failsafe to restore it by (`failsafe: { mode: off }`)." };
  if (from === undefined) return { why: "Nothing was ever committed here that could be restored." };
  // Looking takes time too, in which the failsafe must not act.
  await sayGoingBack(appliance, fineLimitMs + 30_000).catch((thrown: unknown) => listener.complain(asProblem(thrown)));
  const fine = await failsafe.isFine(signal).catch(() => false);
  signal.throwIfAborted();
  const well = "All that was well before is well, so nothing is restarted.";
  if (fine && (worstImpact ?? "hitless") === "hitless") return { why: well };
  const next = rungOrder.find((rung) => !done.includes(rung) && (rung === "reboot" || planes.includes(rung)));
  if (next === undefined) return { why: `Neither did it help to restore ${done.join(", ")}.` };
  if (next !== "reboot") return { next };
  if (fine) return { why: well };
  if (failure.code === "JOURNAL") return { why: "No reboot mends that." };
  if (rebootsLately(memory.ledger(), host) >= rebootLimit) return { why: "It rebooted too often within a day." };
  return { next };
}

/** Climbs it; what comes of that shows the next attempt to go back. Rejects only when the signal aborts. */
export async function climb(appliance: Appliance, rung: Rung, signal: AbortSignal): Promise<void> {
  const { failsafe, listener } = appliance;
  const deployment = mustBeInFlight(appliance.progress.state());
  const limitMs = rung === "reboot" ? rebootMs : restoreLimitMs(deployment, rung);
  listener.event({ type: "alive", withinMs: 2 * limitMs });
  try {
    // The failsafe would do the same, and must not do it at the same time.
    await sayGoingBack(appliance, limitMs + 30_000);
    if (rung === "reboot") await reboot(appliance, signal);
    else await failsafe.restore(rung, signal);
  } catch (thrown) {
    signal.throwIfAborted();
    listener.complain(asProblem(thrown));
  }
}

/** Leaves the agent so long before the failsafe acts. Rejects where it does not hear that. */
export async function sayGoingBack({ progress, failsafe, store }: Appliance, ms: number): Promise<void> {
  const deployment = mustBeInFlight(progress.state());
  const to = (await store.committed().catch(() => undefined))?.digest ?? deployment.from;
  await failsafe.goingBack(deployment, to, ms);
}

/** I10: counted before it happens. Resolves only when it does not happen. */
async function reboot({ host, memory }: Appliance, signal: AbortSignal): Promise<void> {
  await memory.remember((ledger) => withReboot(ledger, host));
  await host.run(["systemctl", "reboot"], { timeoutMs: 30_000, signal });
  await host.sleep(rebootMs, signal);
}

/** Whether it is about Incus alone, which no rung is for. */
export function isOfIncus({ code }: Problem): boolean {
  return code.startsWith("INCUS_");
}

function rungsOf(state: State): readonly Rung[] {
  return state.at === "rolling-back" ? state.rungs : [];
}
