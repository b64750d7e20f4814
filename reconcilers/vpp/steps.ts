/** Steps out of changes, in the order in which VPP takes them: prune, then create and change in place, settings last. Pure. */
import { type Impact, worstImpact } from "../core.ts";
import { type Changes, goesLast, type Move } from "./changes.ts";
import { interfaceKey, scoped } from "./kinds/rules.ts";
import { rankOf, rulesOf } from "./kinds/table.ts";
import { depthOf, type Vlans, vlansOf } from "./kinds/vlans.ts";
import type { InstanceName, ObjectStep, VppObject, VppStep } from "./model.ts";
import { differing, type Sides } from "./sides.ts";
import { settingsSteps } from "./settings-steps.ts";

/** Everything that an instance is to do: what only takes away, and then the rest. */
export interface InstanceSteps {
  readonly prune: readonly VppStep[];
  readonly rest: readonly VppStep[];
}

export function stepsOf(instance: InstanceName, sides: Sides, changes: Changes): InstanceSteps {
  const [before, after] = [vlansOf(sides.live.values()), vlansOf(sides.desired.values())];
  const goes = [...changes.going.values()].filter(({ object }) => !goesAlong(object, changes));
  const removals = inOrder(goes, before)
    .toReversed()
    .map((move) => removal(instance, move));
  const others = inOrder(
    [
      ...[...changes.coming.values()].map((move) => ({ ...move, step: arrival(instance, move, after, changes) })),
      ...[...changes.changing.values()].map((change) => ({
        object: change.after,
        step: { ...addition(instance, { object: change.after }, after), ...inPlace(change.before, change.after) },
      })),
    ],
    after,
  );
  const from = (rank: number, below = Infinity) =>
    others.filter(({ object: { kind } }) => rankOf[kind] >= rank && rankOf[kind] < below).map(({ step }) => step);
  const settings = settingsSteps(instance, sides, changes, after);
  const isLast = ({ before }: ObjectStep) => before !== undefined && goesLast(before);
  return {
    prune: removals.filter((step) => !isLast(step)),
    rest: [
      ...from(0, rankOf.address),
      ...settings.early,
      ...from(rankOf.address, rankOf.settings),
      ...settings.last,
      ...from(rankOf.settings),
      ...removals.filter(isLast),
    ],
  };
}

/** VPP takes it along with what it is on, so that nobody else does. */
export function goesAlong(object: VppObject, { vanished }: Pick<Changes, "vanished">): boolean {
  return (
    rulesOf(object.kind)
      .goesWith?.(object)
      .some((key) => vanished.has(key)) === true
  );
}

function inOrder<T extends Pick<Move, "object">>(moves: readonly T[], vlans: Vlans): readonly T[] {
  return moves.toSorted(
    (a, b) => rankOf[a.object.kind] - rankOf[b.object.kind] || depthOf(a.object, vlans) - depthOf(b.object, vlans),
  );
}

function stepId(instance: InstanceName, object: VppObject): string {
  // One text, and not one for each "/" that waits to be put together.
  return ["vpp", instance, object.kind, rulesOf(object.kind).key(object)].join("/");
}

/** Of thousands of steps, most have none. */
const nothing: readonly string[] = [];

function removal(instance: InstanceName, { object, recreated, isForeign }: Move): ObjectStep {
  const rules = rulesOf(object.kind);
  return {
    // The addition has the plain one: it is what is there in the end.
    id: `${stepId(instance, object)}${recreated ? "/old" : ""}`,
    kind: "remove",
    impact: impactOf(object, rules.impact.remove),
    needs: nothing,
    provides: nothing,
    releases: scoped(instance, rules.provides?.(object) ?? nothing),
    instance,
    before: object,
    ...(recreated && { recreated }),
    ...(isForeign && { isForeign }),
  };
}

function addition(instance: InstanceName, { object, recreated, isForeign }: Move, vlans: Vlans): ObjectStep {
  const rules = rulesOf(object.kind);
  return {
    id: stepId(instance, object),
    kind: "add",
    impact: impactOf(object, rules.impact.add),
    needs: scoped(instance, rules.needs?.(object, vlans) ?? nothing),
    provides: scoped(instance, rules.provides?.(object) ?? nothing),
    releases: nothing,
    instance,
    after: object,
    ...(recreated && { recreated }),
    ...(isForeign && { isForeign }),
  };
}

/** Nothing passes an interface yet that comes in the same plan. */
function arrival(instance: InstanceName, move: Move, vlans: Vlans, { fresh }: Changes): ObjectStep {
  const { object } = move;
  const step = addition(instance, move, vlans);
  return "on" in object && fresh.has(interfaceKey(object.on)) ? { ...step, impact: "hitless" } : step;
}

function inPlace(before: VppObject, after: VppObject) {
  const fields = differing(before, after);
  const renews = fields.length === 1 && fields[0] === "runsOut";
  const impact = impactOf(after, rulesOf(after.kind).impact.set);
  return { kind: "set", impact, provides: [], before, ...(renews && { renews }) } as const;
}

function impactOf(object: VppObject, usual: Impact | undefined): Impact {
  const own = object.kind === "raw" ? [{ impact: object.impact }] : [];
  return worstImpact([{ impact: usual ?? "hitless" }, ...own]) ?? "hitless";
}
