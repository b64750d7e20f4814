/**
 * Whether FRR is still as a plan found it. It is held while it is changed, and not while it is planned for: `impctl frr apply`,
 * or a hand, may have changed it since, and steps from what is not there any more end in something that nobody wanted.
 */
import { Problem } from "../schemas/problem.ts";
import type { Appliance } from "./appliance.ts";
import type { Survey } from "./planes.ts";

/** To be asked while FRR is held. Rejects with FRR_BUSY (transient: it is planned anew) where it is not. */
export async function checkStill(
  { reconcilers: { frr }, host }: Pick<Appliance, "reconcilers" | "host">,
  { before, plans }: Pick<Survey, "before" | "plans">,
  signal: AbortSignal,
): Promise<void> {
  if (!frr.asDesired || plans.frr.steps.length === 0) return;
  const now = frr.asDesired(await frr.observe(host, signal));
  if (now === undefined || now.config === before.frr.config) return;
  throw new Problem("FRR_BUSY", "FRR was changed since it was looked at.", {
    remedy: "Nothing: it is planned anew at the next look.",
    transient: true,
  });
}
