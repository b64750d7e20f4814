/** Whether an object can be beside others in one VPP: what the validation of a machine file sees to, for states made at random. */
import { rulesOf } from "../../reconcilers/vpp/kinds/table.ts";
import { vlansOf } from "../../reconcilers/vpp/kinds/vlans.ts";
import type { Family, VppObject } from "../../reconcilers/vpp/model.ts";
import { isIpv6, sameNetwork, splitPrefix } from "./vpp/text.ts";

type Of<K extends VppObject["kind"]> = Extract<VppObject, { readonly kind: K }>;

/** `along`: what comes with it. */
export function fits(object: VppObject, objects: readonly VppObject[], along: readonly VppObject[] = []): boolean {
  const rules = rulesOf(object.kind);
  const others = [...objects, ...along.filter((other) => other !== object)];
  const there = new Set(others.flatMap((other) => rulesOf(other.kind).provides?.(other) ?? []));
  const needs = rules.needs?.(object, vlansOf([...others, object])) ?? [];
  if (!needs.every((key) => there.has(key))) return false;
  const taken = new Set(others.flatMap((other) => rulesOf(other.kind).takes?.(other) ?? []));
  if ((rules.takes?.(object) ?? []).some((key) => taken.has(key))) return false;
  return limits.every((limit) => limit(object, others));
}

type Limit = (object: VppObject, others: readonly VppObject[]) => boolean;

function has<K extends VppObject["kind"]>(
  others: readonly VppObject[],
  kind: K,
  is: (other: Of<K>) => boolean,
): boolean {
  return others.some((other) => other.kind === kind && is(other as Of<K>));
}

const limits: readonly Limit[] = [
  // A member of a bond is nothing else.
  (object, others) => {
    const name = object.kind === "vlan" ? object.parent : "on" in object ? object.on : undefined;
    return object.kind === "settings" || name === undefined || !has(others, "bond-member", ({ on }) => on === name);
  },
  // One socket, one role.
  (object, others) =>
    object.kind !== "memif" ||
    !has(others, "memif", ({ socket, role }) => socket === object.socket && role !== object.role),
  networks,
  // What is switched has no addresses, unless it is a BVI; nor does Linux see it.
  (object, others) => {
    if (object.kind !== "bridge-port" && object.kind !== "cross-connect") return true;
    if (object.kind === "bridge-port" && object.isBvi) return true;
    const isRouted = (other: VppObject): boolean =>
      ["address", "linux-pair", "unnumbered"].includes(other.kind) && "on" in other && other.on === object.on;
    return !others.some(isRouted);
  },
  // One that has another's addresses is in the same tables.
  (object, others) =>
    object.kind !== "unnumbered" ||
    (["ipv4", "ipv6"] as const).every(
      (family) => tableOf(object.on, family, others) === tableOf(object.as, family, others),
    ),
  (object, others) =>
    object.kind !== "unnumbered" ||
    !has(others, "address", ({ on, address }) => on === object.on && !address.startsWith("fe80")),
  (object, others) => {
    if (object.kind !== "tag-rewrite") return true;
    return has(others, "vlan", ({ name, inner }) => name === object.on && (object.pop === 1 || inner !== undefined));
  },
  // Linux has a VLAN in a VLAN only where it has the outer one.
  (object, others) => {
    if (object.kind !== "linux-pair") return true;
    const vlans = vlansOf(others);
    const vlan = vlans.named(object.on);
    return vlan?.inner === undefined || vlans.outerOf(vlan) !== undefined;
  },
  // A cross-connect is between what is in no bridge.
  (object, others) => object.kind !== "cross-connect" || !has(others, "bridge-port", ({ on }) => on === object.to),
  (object, others) =>
    object.kind !== "vrrp" ||
    object.family === "ipv6" ||
    has(others, "address", ({ on, address }) => on === object.on && !isIpv6(address)),
  // VPP has no IPv6 router without IPv6.
  (object, others) =>
    object.kind !== "vrrp" ||
    object.family === "ipv4" ||
    has(others, "address", ({ on, address }) => on === object.on && isIpv6(address)),
];

/** undefined: the main one. */
function tableOf(on: string, family: Family, objects: readonly VppObject[]): number | undefined {
  for (const one of objects) if (one.kind === "vrf-member" && one.on === on && one.family === family) return one.table;
  return undefined;
}

/** An object in the table that its interface is in among others. */
export function placed(object: VppObject, others: readonly VppObject[]): VppObject {
  const isPlaced = ["vrrp", "unnumbered", "address", "neighbor"].includes(object.kind);
  if (!isPlaced || !("on" in object)) return object;
  const text = "address" in object ? object.address : "";
  const family = "family" in object ? object.family : isIpv6(text) ? "ipv6" : "ipv4";
  const table = text.startsWith("fe80") ? undefined : tableOf(object.on, family, others);
  if (table === undefined) return object;
  const place = { table };
  return { ...object, ...place };
}

/** VPP has networks that overlap only where they are the same, on one interface. */
function networks(object: VppObject, others: readonly VppObject[]): boolean {
  if (object.kind !== "address" || object.address.startsWith("fe80")) return true;
  const [address, length] = splitPrefix(object.address);
  return !has(others, "address", (other) => {
    const [standing, size] = splitPrefix(other.address);
    if (other.table !== object.table || !sameNetwork(address, standing, Math.min(length, size))) return false;
    return other.on !== object.on || size !== length;
  });
}
