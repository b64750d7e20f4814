/**
 * VPP as nothing but a list of objects: carries out steps as VPP would, and refuses what VPP refuses. For laws about plans; what
 * VPP is really like, the simulator of its API knows.
 */
import { scoped } from "../../reconcilers/vpp/kinds/rules.ts";
import { idOf, rulesOf } from "../../reconcilers/vpp/kinds/table.ts";
import { vlansOf } from "../../reconcilers/vpp/kinds/vlans.ts";
import type { InstanceName, ObjectStep, Settings, VppObject, VppStep } from "../../reconcilers/vpp/model.ts";

/** What an interface has that was just made. */
function fresh(object: VppObject): readonly Settings[] {
  if (!("name" in object) || rulesOf(object.kind).provides?.(object).includes(`interface:${object.name}`) !== true) {
    return [];
  }
  return [{ kind: "settings", on: object.name, up: false, ...(object.kind !== "vlan" && { mtu: 9000 }) }];
}

/** The state after the steps of one instance; `start` is what its boot file makes. Throws where VPP would refuse. */
export function carriedOut(
  instance: InstanceName,
  steps: readonly VppStep[],
  before: readonly VppObject[],
  start: readonly VppObject[] = [],
): readonly VppObject[] {
  let objects = new Map(before.map((object) => [idOf(object), object]));
  for (const step of steps) {
    if (step.instance !== instance) continue;
    if (step.kind === "restart") objects = new Map(start.map((object) => [idOf(object), object]));
    else carryOut(step, objects);
  }
  return [...objects.values()];
}

function carryOut(step: ObjectStep, objects: Map<string, VppObject>): void {
  const { kind, before, after, id } = step;
  const object = after ?? before;
  if (object === undefined) throw new Error(`${id} is about nothing`);
  const there = objects.get(idOf(object));
  if (kind === "add") {
    if (there !== undefined) throw new Error(`${id}: is there already`);
    standsOrThrows(step, object, objects);
    for (const made of [object, ...fresh(object)]) objects.set(idOf(made), made);
    return;
  }
  if (there === undefined) throw new Error(`${id}: is not there`);
  if (kind === "remove") {
    objects.delete(idOf(object));
    dropAlong(step, object, objects);
    return;
  }
  if (object.kind === "settings") upOrThrows(id, object, objects);
  standsOrThrows(step, object, objects);
  objects.set(idOf(object), object);
  if (object.kind === "settings" && !object.up) takeDown(object.on, objects);
}

/** Needs are there, and nobody else has what it takes. */
function standsOrThrows(step: ObjectStep, object: VppObject, objects: ReadonlyMap<string, VppObject>): void {
  const rules = rulesOf(object.kind);
  const others = [...objects.values()].filter((other) => idOf(other) !== idOf(object));
  const provided = new Set(others.flatMap((other) => rulesOf(other.kind).provides?.(other) ?? []));
  const needs = rules.needs?.(object, vlansOf(others)) ?? [];
  const missing = needs.filter((key) => !provided.has(key));
  if (missing.length > 0) throw new Error(`${step.id}: ${missing.join(", ")} is not there`);
  const said = new Set(step.needs);
  const unsaid = scoped(step.instance, needs).filter((key) => !said.has(key));
  if (unsaid.length > 0) throw new Error(`${step.id}: does not say that it needs ${unsaid.join(", ")}`);
  const taken = new Set(others.flatMap((other) => rulesOf(other.kind).takes?.(other) ?? []));
  const conflicts = (rules.takes?.(object) ?? []).filter((key) => taken.has(key));
  if (step.kind === "add" && conflicts.length > 0) throw new Error(`${step.id}: ${conflicts.join(", ")} is taken`);
}

/** VPP takes along what is on an interface; all else that stands on what goes is an error. */
function dropAlong(step: ObjectStep, gone: VppObject, objects: Map<string, VppObject>): void {
  const left = new Set([...objects.values()].flatMap((other) => rulesOf(other.kind).provides?.(other) ?? []));
  const lost = new Set((rulesOf(gone.kind).provides?.(gone) ?? []).filter((key) => !left.has(key)));
  const vlans = vlansOf([...objects.values(), gone]);
  for (const [id, other] of objects) {
    const rules = rulesOf(other.kind);
    if (!(rules.needs?.(other, vlans) ?? []).some((key) => lost.has(key))) continue;
    const along = rules.goesWith?.(other).some((key) => lost.has(key)) === true;
    if (!along) throw new Error(`${step.id}: ${id} stands on it`);
    objects.delete(id);
  }
}

function upOrThrows(id: string, { on, up }: Settings, objects: ReadonlyMap<string, VppObject>): void {
  const vlan = objects.get(`vlan ${on}`);
  if (!up || vlan?.kind !== "vlan") return;
  const parent = objects.get(`settings ${vlan.parent}`);
  if (parent?.kind !== "settings" || !parent.up) throw new Error(`${id}: ${vlan.parent} is down`);
}

/** VPP takes an interface's VLANs down with it. */
function takeDown(name: string, objects: Map<string, VppObject>): void {
  for (const object of objects.values()) {
    if (object.kind !== "vlan" || object.parent !== name) continue;
    const found = objects.get(`settings ${object.name}`);
    if (found?.kind === "settings") objects.set(`settings ${object.name}`, { ...found, up: false });
  }
}
