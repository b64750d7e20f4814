/**
 * One plan out of the planes' plans: in which order their steps are carried out. What uses something lets go of it before
 * who has it takes it away, and hears of it when it is there. Pure.
 */
import type { Plan, PlaneName, Step } from "../reconcilers/core.ts";

/** Consecutive steps of one plane. */
export interface PlaneRun<P extends PlaneName = PlaneName> {
  readonly plane: P;
  readonly steps: readonly Step[];
}

type Plans<P extends PlaneName> = Readonly<Record<P, Pick<Plan, "steps" | "there">>>;

/**
 * At most two runs of a plane, each in the plane's own order: first, from the last plane on, what lets go of something that
 * a plane before it takes away; then all the rest, from the first plane on. `planes`: what uses a plane comes after it.
 */
export function runsOf<P extends PlaneName>(planes: readonly P[], plans: Plans<P>): readonly PlaneRun<P>[] {
  const taken = new Set<string>();
  const [first, rest]: [PlaneRun<P>[], PlaneRun<P>[]] = [[], []];
  for (const plane of planes) {
    const { steps } = plans[plane];
    const letsGo = ({ releases }: Step): boolean => releases.some((key) => taken.has(key));
    first.unshift({ plane, steps: steps.filter(letsGo) });
    rest.push({ plane, steps: steps.filter((step) => !letsGo(step)) });
    for (const key of steps.flatMap(({ releases }) => releases)) taken.add(key);
  }
  return [...first, ...rest].filter(({ steps }) => steps.length > 0);
}

/** A step that would find something missing when its turn comes. */
export interface Unmet<P extends PlaneName = PlaneName> {
  readonly plane: P;
  readonly step: Step;
  /** The resource key. */
  readonly need: string;
}

/** The needs that neither a step before it nor what was observed meets; of a kind that no plane observes nobody can tell. */
export function unmetNeeds<P extends PlaneName>(planes: readonly P[], plans: Plans<P>): readonly Unmet<P>[] {
  const observed = planes.flatMap((plane) =>
    Object.entries(plans[plane].there ?? {}).map(([kind, names]) => ({ plane, kind, names })),
  );
  const owner = new Map(observed.map(({ kind, plane }) => [kind, plane]));
  const there = new Set(observed.flatMap(({ kind, names }) => names.map((name) => `${kind}:${name}`)));
  const unmet: Unmet<P>[] = [];
  for (const { plane, steps } of runsOf(planes, plans)) {
    for (const step of steps) {
      const missing = step.needs.filter((need) => owner.has(kindOf(need)) && !there.has(need));
      unmet.push(...missing.map((need) => ({ plane, step, need })));
      // Who only used it has no say in whether it is there.
      for (const key of step.releases) if (owner.get(kindOf(key)) === plane) there.delete(key);
      for (const key of step.provides) there.add(key);
    }
  }
  return unmet;
}

/** "tap" of "tap:external.25". */
function kindOf(key: string): string {
  return key.slice(0, key.indexOf(":"));
}
