/** The three states of an instance that a plan compares, object by object. */
import { isLinkLocal } from "../../schemas/semantics/view.ts";
import { idOf, rulesOf } from "./kinds/table.ts";
import { vlansOf } from "./kinds/vlans.ts";
import type { InstanceDesired, Settings, VppDesired, VppObject } from "./model.ts";

export type Objects = ReadonlyMap<string, VppObject>;

/** By `idOf`. Settings stand apart: what an interface has for as long as it is there neither comes nor goes. */
export interface Sides {
  readonly desired: Objects;
  readonly live: Objects;
  /** What was ever desired here. */
  readonly owned: ReadonlySet<string>;
  /** By the interface's name. */
  readonly settings: {
    readonly desired: ReadonlyMap<string, Settings>;
    readonly live: ReadonlyMap<string, Settings>;
  };
}

/** Of two objects with one id the first counts. `prune`: "all" makes everything ours that is there, but for what VPP has by itself. */
export function sidesOf(
  desired: readonly VppObject[],
  live: readonly VppObject[],
  owned: readonly InstanceDesired[],
  prune?: VppDesired["prune"],
): Sides {
  const nameOf = namer();
  const wanted = byId(desired, nameOf);
  const ours = new Set<string>();
  for (const { objects } of owned) {
    for (const object of objects) for (const one of [object, ...halfMade(object)]) ours.add(nameOf(one));
  }
  for (const id of leftBare(wanted, live)) ours.add(id);
  const described = settingsIn(desired);
  for (const id of placesOf(described, live)) ours.add(id);
  const there = byId(
    withoutVppsOwn(live, (id) => wanted.has(id) || ours.has(id)),
    nameOf,
  );
  return {
    desired: wanted,
    live: there,
    owned: prune === "all" ? new Set([...ours, ...there.keys()]) : ours,
    settings: { desired: described, live: settingsIn(inherited(live, desired)) },
  };
}

/** What is live, with the MTU of VLANs that have none of their own and are to have just their parent's: they have it. */
export function inherited(live: readonly VppObject[], desired: readonly VppObject[]): readonly VppObject[] {
  const hasNone = (object: VppObject) => object.kind === "settings" && object.mtu === undefined;
  if (!live.some(hasNone)) return live;
  const wanted = settingsIn(desired);
  const vlans = vlansOf(desired);
  return live.map((object) => {
    if (object.kind !== "settings" || object.mtu !== undefined) return object;
    const mtu = wanted.get(object.on)?.mtu;
    const parent = vlans.named(object.on)?.parent;
    return parent !== undefined && mtu !== undefined && wanted.get(parent)?.mtu === mtu ? { ...object, mtu } : object;
  });
}

/** The VRF table that an interface is in is a setting of it, whoever put it there. */
function placesOf(described: ReadonlyMap<string, Settings>, live: readonly VppObject[]): readonly string[] {
  return live.flatMap((object) => (object.kind === "vrf-member" && described.has(object.on) ? [idOf(object)] : []));
}

/**
 * What was made for something desired and did not get its name, whoever began it: nobody uses what is down and has nothing on it.
 */
function leftBare(wanted: Objects, live: readonly VppObject[]): readonly string[] {
  const names = new Set(live.flatMap((object) => ("name" in object ? [object.name] : [])));
  const unnamed = [...wanted.values()].flatMap((object) =>
    "name" in object && names.has(object.name) ? [] : halfMade(object),
  );
  const bare = new Map(unnamed.flatMap((object) => ("name" in object ? [[object.name, idOf(object)] as const] : [])));
  for (const name of bare.keys()) if (!names.has(name)) bare.delete(name);
  if (bare.size === 0) return [];
  const vlans = vlansOf(live);
  for (const object of live) {
    if (object.kind === "settings" && !object.up) continue;
    for (const key of rulesOf(object.kind).needs?.(object, vlans) ?? []) bare.delete(key.replace("interface:", ""));
  }
  return [...bare.values()];
}

/** What VPP makes under a name of its own, as it is where something failed before it got ours. */
function halfMade(object: VppObject): readonly VppObject[] {
  if (object.kind === "host-interface") return [{ ...object, name: `host-${object.device}` }];
  return object.kind === "bond" ? [{ ...object, name: `BondEthernet${object.id}` }] : [];
}

/** Addresses that VPP gives an interface by itself, unless somebody asked for them: a link-local one, and those of VRRP's master. */
function withoutVppsOwn(live: readonly VppObject[], isAsked: (id: string) => boolean): readonly VppObject[] {
  const shared = new Set(
    live.flatMap((object) =>
      object.kind === "vrrp" ? object.addresses.map((address) => `${object.on} ${address}`) : [],
    ),
  );
  return live.filter((object) => {
    if (object.kind !== "address") return true;
    const { on, address } = object;
    const isOwn = isLinkLocal(address) || shared.has(`${on} ${address.replace(/\/.*$/, "")}`);
    return !isOwn || isAsked(idOf(object));
  });
}

/** `idOf`, with one text for an id whoever has it: of thousands of objects, ids are most of what a plan takes. */
function namer(): (object: VppObject) => string {
  const known = new Map<string, string>();
  return (object) => {
    const id = idOf(object);
    const before = known.get(id);
    if (before === undefined) known.set(id, id);
    return before ?? id;
  };
}

function byId(objects: readonly VppObject[], nameOf: (object: VppObject) => string): Objects {
  const found = new Map<string, VppObject>();
  for (const object of objects) {
    if (object.kind === "settings") continue;
    const id = nameOf(object);
    if (!found.has(id)) found.set(id, object);
  }
  return found;
}

function settingsIn(objects: readonly VppObject[]): ReadonlyMap<string, Settings> {
  return new Map(objects.filter((object) => object.kind === "settings").map((object) => [object.on, object]));
}

/** The fields in which a live object is not as desired. */
export function differing(live: VppObject, desired: VppObject): readonly string[] {
  const { optional, ignored } = rulesOf(desired.kind);
  const [was, wanted] = [fieldsOf(live), fieldsOf(desired)];
  const fields: string[] = [];
  for (const field in wanted) {
    if (wanted[field] === undefined || ignored?.includes(field) === true) continue;
    if (!isSame(was[field], wanted[field])) fields.push(field);
  }
  for (const field in was) {
    if (was[field] === undefined || wanted[field] !== undefined) continue;
    if (ignored?.includes(field) !== true && optional?.includes(field) !== true) fields.push(field);
  }
  return fields;
}

/** An object without regard to its kind. */
export function fieldsOf(object: VppObject): Fields {
  const fields: object = object;
  return fields as Fields;
}

type Fields = Readonly<Record<string, unknown>>;

/** Of plain JSON. */
function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  if (Array.isArray(one)) {
    if (!Array.isArray(other) || one.length !== other.length) return false;
    return one.every((part, at) => isSame(part, other[at]));
  }
  const [left, right] = [one as Fields, other as Fields];
  const fields = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...fields].every((field) => isSame(left[field], right[field]));
}
