/**
 * What is gathered in memory while a deployment goes on, for the evidence should it fail. Whoever tells it something never
 * waits for it.
 */
import type { Desired } from "../../reconcilers/generation.ts";
import type { Timeline } from "../health/timeline.ts";
import type { StateName } from "../machine.ts";
import type { Survey } from "../planes.ts";

export interface Gathered {
  /** What it was to do. */
  readonly plan?: Survey;
  /** What was there when it was armed, when going back began, and when that was over; sealed. */
  readonly before?: Desired;
  readonly failed?: Desired;
  readonly after?: Desired;
  /** What was red while it was proven. */
  readonly timeline?: Timeline;
}

export interface Witness {
  /** A deployment is armed, to do this. */
  armed(plan: Survey): void;
  /** The planes were observed in this state. */
  saw(state: StateName, seen: Desired): void;
  /** Proving is over. */
  proved(timeline: Timeline): void;
  gathered(): Gathered;
  /** The deployment is over, and what is kept of it is. */
  forget(): void;
}

export function startWitness(): Witness {
  let gathered: Gathered = {};
  return {
    armed: (plan) => void (gathered = { plan, before: plan.before }),
    saw(state, seen) {
      if (state === "rolling-back") gathered = { ...gathered, failed: gathered.failed ?? seen, after: seen };
    },
    proved: (timeline) => void (gathered = { ...gathered, timeline }),
    gathered: () => gathered,
    forget: () => void (gathered = {}),
  };
}
