/** Why a plan cannot be carried out as it is. Pure. */
import { cidrOf, overlaps } from "../../schemas/semantics/networks.ts";
import { isLinkLocal } from "../../schemas/semantics/view.ts";
import { Problem } from "../../schemas/problem.ts";
import type { Changes } from "./changes.ts";
import { rulesOf } from "./kinds/table.ts";
import { vlansOf } from "./kinds/vlans.ts";
import type { InstanceName, InstanceObserved, Kind, VppObject } from "./model.ts";
import type { Sides } from "./sides.ts";

/** In the order in which an operator would look at them. */
export function obstaclesOf(
  instance: InstanceName,
  sides: Sides,
  changes: Changes,
  { missing, version }: Pick<InstanceObserved, "missing" | "version">,
): readonly Problem[] {
  return [
    ...missingMessages(instance, sides, missing, version),
    ...missingInterfaces(instance, sides, changes),
    ...inTheWay(instance, changes),
    ...overlapping(instance, changes),
    ...heldInTable(instance, changes),
    ...stoodOn(instance, changes),
  ];
}

function missingMessages(
  instance: InstanceName,
  { desired }: Sides,
  missing: InstanceObserved["missing"],
  version: string,
): readonly Problem[] {
  const kinds = new Set([...desired.values()].map(({ kind }) => kind));
  return (Object.entries(missing) as (readonly [Kind, string])[])
    .filter(([kind]) => kinds.has(kind))
    .map(
      ([kind, what]) =>
        new Problem("VPP_MESSAGE", `${instance}: VPP ${version} has no ${what}, which ${kind} objects need`, {
          remedy: "Load the plugin, deploy an image whose VPP has it, or take it out of the machine file.",
        }),
    );
}

/** What is desired stands on what is desired, or on what somebody else made. */
function missingInterfaces(instance: InstanceName, sides: Sides, { foreign, going }: Changes): readonly Problem[] {
  const { desired, live } = sides;
  const there = new Set<string>();
  const provide = (object: VppObject): void => {
    for (const key of rulesOf(object.kind).provides?.(object) ?? []) there.add(key);
  };
  const absent: string[] = [];
  for (const [id, object] of desired) {
    if (object.kind !== "physical" || live.has(id)) provide(object);
    else absent.push(object.name);
  }
  for (const [id, object] of foreign) if (!going.has(id)) provide(object);
  const vlans = vlansOf(desired.values());
  const wanted = new Map<string, VppObject>();
  for (const object of desired.values()) {
    for (const key of rulesOf(object.kind).needs?.(object, vlans) ?? [])
      if (!there.has(key) && !wanted.has(key)) wanted.set(key, object);
  }
  const known = new Set(absent.flatMap((name) => [`interface:${name}`]));
  return [
    ...absent.map(
      (name) =>
        new Problem("VPP_INTERFACE", `${instance}: VPP has no interface ${name}`, {
          remedy: `See whether the NIC is there and named in VPP's startup.conf, or take ${name} out of the machine file.`,
        }),
    ),
    ...[...wanted]
      .filter(([key]) => !known.has(key) && !stemsFrom(key, absent))
      .map(
        ([key, object]) =>
          new Problem("VPP_INTERFACE", `${instance}: ${nounOf(object)} needs ${key.replace(":", " ")}`, {
            remedy: "It is neither desired nor there: name one that is.",
          }),
      ),
  ];
}

/** A VLAN of a NIC that is not there is told with the NIC. */
function stemsFrom(key: string, absent: readonly string[]): boolean {
  return absent.some((name) => key.endsWith(`:${name}`) || key.includes(`:${name}.`));
}

/** What is somebody else's and holds what only one can have. */
function inTheWay(instance: InstanceName, { coming, foreign, going }: Changes): readonly Problem[] {
  const holders = new Map<string, VppObject>();
  for (const [id, object] of foreign) {
    if (going.has(id)) continue;
    for (const key of rulesOf(object.kind).takes?.(object) ?? []) holders.set(key, object);
  }
  if (holders.size === 0) return [];
  const found = new Map<VppObject, VppObject>();
  for (const { object } of coming.values()) {
    for (const key of rulesOf(object.kind).takes?.(object) ?? []) {
      const holder = holders.get(key);
      if (holder !== undefined) found.set(object, holder);
    }
  }
  return [...found].map(([object, holder]) => standsInTheWay(instance, object, holder));
}

/** VPP moves no interface from table to table that has addresses, whoever gave it those. */
function heldInTable(instance: InstanceName, { coming, changing, going, foreign }: Changes): readonly Problem[] {
  const members = [
    ...[...coming.values(), ...going.values()].map(({ object }) => object),
    ...[...changing.values()].map(({ after }) => after),
  ].filter((object) => object.kind === "vrf-member");
  if (members.length === 0) return [];
  const moved = new Map(members.map((member) => [`${member.on} ${member.family}`, member]));
  return [...foreign].flatMap(([id, object]) => {
    if (going.has(id) || (object.kind !== "address" && object.kind !== "unnumbered")) return [];
    const families = object.kind === "unnumbered" ? ["ipv4", "ipv6"] : [object.address.includes(":") ? "ipv6" : "ipv4"];
    const member = families.map((family) => moved.get(`${object.on} ${family}`)).find((one) => one !== undefined);
    return member === undefined || isLinkLocalAddress(object) ? [] : [standsInTheWay(instance, member, object)];
  });
}

function isLinkLocalAddress(object: VppObject): boolean {
  return object.kind === "address" && isLinkLocal(object.address);
}

/** VPP refuses an address whose network overlaps that of another interface. */
function overlapping(instance: InstanceName, { coming, foreign, going }: Changes): readonly Problem[] {
  const entries = [
    ...[...foreign].filter(([id]) => !going.has(id)).map(([, object]) => ({ object, isForeign: true })),
    ...[...coming.values()].map(({ object }) => ({ object, isForeign: false })),
  ].flatMap(({ object, isForeign }) => {
    if (object.kind !== "address") return [];
    const cidr = cidrOf(object.address);
    return cidr === undefined || isLinkLocal(object.address) ? [] : [{ object, isForeign, cidr }];
  });
  return overlaps(entries)
    .filter(([one, other]) => one.isForeign !== other.isForeign && one.object.on !== other.object.on)
    .filter(([one, other]) => one.cidr.address !== other.cidr.address && one.object.table === other.object.table)
    .map(([one, other]) =>
      one.isForeign
        ? standsInTheWay(instance, other.object, one.object)
        : standsInTheWay(instance, one.object, other.object),
    );
}

function standsInTheWay(instance: InstanceName, object: VppObject, holder: VppObject): Problem {
  const message = `${instance}: ${nounOf(holder)}, which is not ours, stands in the way of ${nounOf(object)}`;
  return new Problem("VPP_FOREIGN", message, {
    remedy: "Remove it by hand, or choose another name, number or address in the machine file.",
  });
}

/** With an interface goes what is on it, whoever made it; nothing else of somebody else's is taken away. */
function stoodOn(instance: InstanceName, { going, vanished }: Changes): readonly Problem[] {
  const vlans = vlansOf([...going.values()].map(({ object }) => object));
  return [...going.values()].flatMap(({ object, isForeign, recreated }) => {
    if (!isForeign || recreated) return [];
    const lost = (rulesOf(object.kind).needs?.(object, vlans) ?? []).filter((key) => vanished.has(key));
    if (lost.some((key) => /^(?:interface|pair|ipv6):/.test(key))) return [];
    const message = `${instance}: ${nounOf(object)}, which is not ours, needs ${lost.join(" and ").replaceAll(":", " ")}, which is to go`;
    return [
      new Problem("VPP_FOREIGN", message, { remedy: "Remove it by hand, or keep in the repository what it needs." }),
    ];
  });
}

function nounOf(object: VppObject): string {
  return rulesOf(object.kind).noun(object);
}
