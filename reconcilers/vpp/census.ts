/** What VPP has of each kind of thing that nobody removes many of by intent. Pure. */
import type { Census } from "../core.ts";
import { rulesOf } from "./kinds/table.ts";
import { type InstanceName, instances, type VppDesired, type VppObject } from "./model.ts";

/** Interfaces and ACLs by name, those of nat with its name in front. */
export function censusOf(desired: VppDesired): Census {
  const all = instances.flatMap((instance) =>
    (desired[instance]?.objects ?? []).map((object) => ({ instance, object })),
  );
  return {
    sessions: [],
    interfaces: all.flatMap(({ instance, object }) => (isInterface(object) ? [nameOf(instance, object)] : [])),
    lists: all.flatMap(({ instance, object }) => (object.kind === "acl" ? [`acl ${nameOf(instance, object)}`] : [])),
  };
}

function isInterface(object: VppObject): boolean {
  return (
    rulesOf(object.kind)
      .provides?.(object)
      .some((key) => key.startsWith("interface:")) === true
  );
}

function nameOf(instance: InstanceName, object: VppObject): string {
  const name = rulesOf(object.kind).key(object);
  return instance === "core" ? name : `${instance} ${name}`;
}
