/**
 * The gate: whether a plan may be armed now. One guard for each reason of the table `waits` (reasons.ts), asked in the order
 * of that table; the first that says something decides.
 */
import { waits, type Wait } from "../reasons.ts";
import type { Shut } from "../machine.ts";
import type { Guard, Question } from "./question.ts";
import { backoff } from "./backoff.ts";
import { breakGlass, drift } from "./by-hand.ts";
import { approval, clock, impact, window } from "./impact.ts";
import { prerequisites } from "./prerequisites.ts";
import { removal } from "./removal.ts";
import { rollout } from "./rollout.ts";
import { bootEnvironment } from "./boot-environment.ts";
import { image, limit } from "./trial.ts";
import { blocked, notAdopted, observeOnly, paused } from "./standing.ts";

const guards: { readonly [W in Wait]?: Guard } = {
  "observe-only": observeOnly,
  paused,
  "break-glass": breakGlass,
  "boot-environment": bootEnvironment,
  backoff,
  "not-adopted": notAdopted,
  blocked,
  image,
  prerequisites,
  removal,
  drift,
  rollout,
  approval,
  clock,
  window,
  impact,
  limit,
};

/** Of every guard whether it lets the plan pass. */
export function gateChecks(question: Question): Readonly<Partial<Record<Wait, boolean>>> {
  return Object.fromEntries(Object.entries(guards).map(([why, guard]) => [why, guard(question) === undefined]));
}

/** What keeps even an operator from going back to a generation that was proven here. */
const evenForOperators: readonly Wait[] = ["observe-only", "break-glass", "blocked", "prerequisites"];

/** What policy goes back for by itself waits for whoever said that nothing is to be touched, or changed something by hand. */
const evenForPolicy: readonly Wait[] = ["paused", "drift"];

/** What no order helps to try another image. */
const evenForTrials: readonly Wait[] = ["boot-environment", "image", "limit"];

function holdsUp(why: Wait, { ledger, trial }: Question): boolean {
  if (trial && evenForTrials.includes(why)) return true;
  return evenForOperators.includes(why) || (evenForPolicy.includes(why) && ledger.order?.by === "probation");
}

/** Why the plan must wait, or undefined when it may be armed. */
export function gate(question: Question): Shut | undefined {
  for (const why of Object.keys(waits) as Wait[]) {
    if (question.purpose === "roll-back" && !holdsUp(why, question)) continue;
    const objection = guards[why]?.(question);
    if (objection) return { why, ...objection };
  }
  return undefined;
}
