/** How long a deployment is watched before it is believed, and how long it may take: the policy's, or as its impact asks. */
import type { Impact } from "../reconcilers/core.ts";
import { defaults, newestDefaults } from "../schemas/defaults.ts";
import type { Policy } from "../schemas/policy.ts";

export interface Timing {
  /** Everything green for this long. */
  readonly soakMs: number;
  /** From arming to commit. */
  readonly deadlineMs: number;
}

/**
 * `impact` is the worst of the plan; undefined: there are no steps. `effectMs`: what it does shows no sooner, so nothing is
 * believed before that, whatever the policy says.
 */
export function timing(policy: Policy, impact: Impact | undefined, effectMs = 0): Timing {
  const byImpact = defaults[newestDefaults].policy.timing[impact ?? "hitless"];
  const soakMs = 1000 * (policy["soak-seconds"] ?? byImpact.soak);
  const more = Math.max(0, effectMs - soakMs);
  return {
    soakMs: soakMs + more,
    deadlineMs: 1000 * (policy["deadline-seconds"] ?? byImpact.deadline) + more,
  };
}
