/** Desired states beside what is live: for people, and to go back by. Pure. */
import { changesOf, objectText } from "./describe.ts";
import { idOf, type IncusDesired, type IncusObject, type IncusObserved } from "./model.ts";

/** Implements Reconciler.asDesired. What is to go, or was never whole, is nothing to go back to. */
export function asDesired({ silent, objects }: IncusObserved): IncusDesired {
  return silent === undefined ? { objects: objects.flatMap(({ object, isLater }) => (isLater ? [] : [object])) } : {};
}

/** Implements Reconciler.goingBack: what somebody else had, and the candidate took over, becomes again what it was. */
export function goingBack(committed: IncusDesired, candidate: IncusDesired, before: IncusDesired): IncusDesired {
  const ours = new Set(idsOf(committed));
  const taken = new Set(idsOf(candidate));
  const theirs = (before.objects ?? []).filter((object) => taken.has(idOf(object)) && !ours.has(idOf(object)));
  if (theirs.length === 0) return committed;
  return { ...committed, objects: [...(committed.objects ?? []), ...theirs] };
}

/** Implements Reconciler.difference. */
export function difference(
  desired: IncusDesired,
  live: IncusDesired,
  owned: readonly IncusDesired[],
): readonly string[] {
  const ours = new Set(owned.flatMap(idsOf));
  const found = new Map((live.objects ?? []).map((object) => [idOf(object), object]));
  const wanted = desired.objects ?? [];
  const lines = wanted.flatMap((object) => {
    const now = found.get(idOf(object));
    if (now === undefined) return [`- ${objectText(object)}`];
    return isSame(now, object) ? [] : [`- ${objectText(object)}`, `+ ${objectText(now)}`];
  });
  const ids = new Set(wanted.map(idOf));
  const others = [...found.values()].filter((object) => !ids.has(idOf(object)));
  return [...lines, ...others.map((object) => `${ours.has(idOf(object)) ? "+" : "?"} ${objectText(object)}`)];
}

function isSame(now: IncusObject, wanted: IncusObject): boolean {
  const runs = (object: IncusObject) => object.kind === "instance" && object.running;
  return changesOf(now, wanted).length === 0 && runs(now) === runs(wanted);
}

/** A line an object; "" where nothing is said. */
export function textOf({ objects = [] }: IncusDesired): string {
  return objects.map((object) => `${objectText(object)}\n`).join("");
}

function idsOf({ objects = [] }: IncusDesired): readonly string[] {
  return objects.map(idOf);
}
