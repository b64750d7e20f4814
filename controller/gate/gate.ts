/**
 * The gate: whether a plan may be armed now. One guard for each reason of the table `waits` (reasons.ts), asked in the order
 * of that table; the first that says something decides.
 */
import { waits, type Wait } from "../reasons.ts";
import type { Shut } from "../machine.ts";
import type { Guard, Question } from "./question.ts";
import { breakGlass, drift } from "./by-hand.ts";
import { approval, clock, impact, window } from "./impact.ts";
import { prerequisites } from "./prerequisites.ts";
import { removal } from "./removal.ts";
import { rollout } from "./rollout.ts";
import { blocked, notAdopted, observeOnly, paused } from "./standing.ts";

const guards: { readonly [W in Wait]?: Guard } = {
  "observe-only": observeOnly,
  paused,
  "break-glass": breakGlass,
  "not-adopted": notAdopted,
  blocked,
  prerequisites,
  removal,
  drift,
  rollout,
  approval,
  clock,
  window,
  impact,
};

/** Why the plan must wait, or undefined when it may be armed. */
export function gate(question: Question): Shut | undefined {
  for (const why of Object.keys(waits) as Wait[]) {
    const objection = guards[why]?.(question);
    if (objection) return { why, ...objection };
  }
  return undefined;
}
