/** When no step but a restart leads to what is desired. Pure. */
import type { Changes } from "./changes.ts";
import { scoped } from "./kinds/rules.ts";
import { rulesOf } from "./kinds/table.ts";
import type { InstanceName, InstanceObserved, Kind, RestartStep, VppObject } from "./model.ts";
import type { Objects, Sides } from "./sides.ts";

/**
 * The only step of an instance then: it starts with its boot file, which has all that is desired, and is planned again. A
 * kind of which nobody knows what VPP has is left alone while nothing of it is, or was, desired.
 */
export function restartOf(
  instance: InstanceName,
  sides: Sides,
  changes: Changes,
  unknown: InstanceObserved["unknown"],
): RestartStep | undefined {
  const reason = stuckIn(changes) ?? unknownOf(sides, unknown);
  if (reason === undefined) return undefined;
  const [there, wanted] = [providedBy(sides.live), providedBy(sides.desired)];
  return {
    id: `vpp/${instance}/restart`,
    kind: "restart",
    impact: "restart",
    needs: [],
    provides: scoped(
      instance,
      [...wanted].filter((key) => !there.has(key)),
    ),
    releases: scoped(
      instance,
      [...there].filter((key) => !wanted.has(key)),
    ),
    instance,
    reason,
  };
}

function stuckIn({ going }: Changes): string | undefined {
  for (const { object } of going.values()) {
    const rules = rulesOf(object.kind);
    if (rules.stuck !== undefined) return `${rules.stuck}: ${rules.noun(object)} is to go`;
  }
  return undefined;
}

function unknownOf({ desired, owned }: Sides, unknown: readonly Kind[]): string | undefined {
  if (unknown.length === 0) return undefined;
  const concerned = new Set<string>([...desired.values()].map(({ kind }) => kind));
  for (const id of owned) concerned.add(id.slice(0, id.indexOf(" ")));
  const kinds = unknown.filter((kind) => concerned.has(kind));
  if (kinds.length === 0) return undefined;
  return `nobody knows any more what it has of ${kinds.join(", ")}, which VPP does not show`;
}

function providedBy(objects: Objects): ReadonlySet<string> {
  const keys = (object: VppObject) => rulesOf(object.kind).provides?.(object) ?? [];
  return new Set([...objects.values()].flatMap(keys));
}
