/**
 * What is gathered in memory while a deployment goes on, for the evidence should it fail. Whoever tells it something never
 * waits for it.
 */
import type { PlaneName } from "../../reconcilers/core.ts";
import type { Desired } from "../../reconcilers/generation.ts";
import type { Timeline } from "../health/timeline.ts";
import type { StateName } from "../machine.ts";
import { emptyDesired, type Survey } from "../planes.ts";

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
  /** These planes were observed in this state. */
  saw(state: StateName, seen: Desired, planes: readonly PlaneName[]): void;
  /** Proving is over. */
  proved(timeline: Timeline): void;
  gathered(): Gathered;
  /** The deployment is over, and what is kept of it is. */
  forget(): void;
}

export function startWitness(): Witness {
  let gathered: Gathered = {};
  /** Since going back began. */
  const looked = new Set<PlaneName>();
  return {
    armed(plan) {
      gathered = { plan, before: plan.before };
      looked.clear();
    },
    saw(state, seen, planes) {
      if (state !== "rolling-back") return;
      // A plane that was not asked is as it was when the deployment was armed, as far as anybody knows.
      const { before = emptyDesired, failed = before, after = failed } = gathered;
      const found = (names: readonly PlaneName[]) =>
        Object.fromEntries(Object.entries(seen).filter(([name]) => names.includes(name as PlaneName)));
      const first = planes.filter((plane) => !looked.has(plane));
      gathered = { ...gathered, failed: { ...failed, ...found(first) }, after: { ...after, ...found(planes) } };
      for (const plane of first) looked.add(plane);
    },
    proved: (timeline) => void (gathered = { ...gathered, timeline }),
    gathered: () => gathered,
    forget() {
      gathered = {};
      looked.clear();
    },
  };
}
