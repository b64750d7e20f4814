/** Desired states beside what is live: for people, and to go back by. Pure. */
import { objectText } from "./describe.ts";
import { idOf } from "./kinds/table.ts";
import {
  type InstanceDesired,
  type InstanceName,
  instances,
  type VppDesired,
  type VppObject,
  type VppObserved,
} from "./model.ts";
import { differing, inherited } from "./sides.ts";

/** Implements Reconciler.asDesired. */
export function asDesired(observed: VppObserved): VppDesired {
  return perInstance((instance) => {
    const live = observed[instance];
    return live && { objects: live.objects };
  });
}

/** Implements Reconciler.goingBack: what somebody else had, and the candidate took over or removed, becomes again what it was. */
export function goingBack(committed: VppDesired, candidate: VppDesired, before: VppDesired): VppDesired {
  const back = perInstance((instance) => {
    const ours = committed[instance];
    if (ours === undefined) return undefined;
    const [kept, taken] = [idsOf(ours), idsOf(candidate[instance])];
    const theirs = (before[instance]?.objects ?? []).filter((object) => {
      const id = idOf(object);
      return (taken.has(id) || candidate.prune === "all") && !kept.has(id);
    });
    return { objects: [...ours.objects, ...theirs] };
  });
  return { ...back, ...(committed.prune && { prune: committed.prune }) };
}

/** Implements Reconciler.difference. */
export function difference(desired: VppDesired, live: VppDesired, owned: readonly VppDesired[]): readonly string[] {
  return instances.flatMap((instance) => {
    const wanted = desired[instance];
    if (wanted === undefined) return [];
    const lines = instanceDifference(
      wanted.objects,
      inherited(live[instance]?.objects ?? [], wanted.objects),
      desired.prune === "all" ? undefined : new Set(owned.flatMap((one) => [...idsOf(one[instance])])),
    );
    return lines.length === 0 ? [] : [`  ${instance}`, ...lines];
  });
}

/** A line an object, under its instance: "" where nothing is said. */
export function textOf(desired: VppDesired): string {
  const blocks = instances.flatMap((instance) => {
    const objects = desired[instance]?.objects;
    return objects === undefined
      ? []
      : [[instance, ...objects.map((object) => `  ${objectText(object)}`), ""].join("\n")];
  });
  return blocks.join("");
}

/** `ours` undefined: all of it. */
function instanceDifference(
  desired: readonly VppObject[],
  live: readonly VppObject[],
  ours: ReadonlySet<string> | undefined,
): readonly string[] {
  const found = new Map(live.map((object) => [idOf(object), object]));
  const wanted = new Set(desired.map(idOf));
  const missing = desired.flatMap((object) => {
    const now = found.get(idOf(object));
    if (now === undefined) return [`- ${objectText(object)}`];
    return differing(now, object).length === 0 ? [] : [`- ${objectText(object)}`, `+ ${objectText(now)}`];
  });
  const added = live
    .filter((object) => !wanted.has(idOf(object)) && object.kind !== "settings")
    .map((object) => `${ours?.has(idOf(object)) === false ? "?" : "+"} ${objectText(object)}`);
  return [...missing, ...added];
}

function idsOf(desired: InstanceDesired | undefined): ReadonlySet<string> {
  return new Set((desired?.objects ?? []).map(idOf));
}

function perInstance(of: (instance: InstanceName) => InstanceDesired | undefined): VppDesired {
  return Object.fromEntries(
    instances.flatMap((instance) => {
      const one = of(instance);
      return one === undefined ? [] : [[instance, one] as const];
    }),
  );
}
