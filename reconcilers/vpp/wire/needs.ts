/**
 * What on the wire has to be known, or to have been accepted, before a step may be sent. Everything else may be under way.
 */
import type { Family, ObjectStep, Route, VppObject } from "../model.ts";
import { settingsGoAlone } from "./settings.ts";

/** What comes into being with the object, for others to mention. */
export function keyOf(object: VppObject): string | undefined {
  switch (object.kind) {
    case "physical":
    case "host-interface":
    case "tap":
    case "loopback":
    case "bvi":
    case "bond":
    case "vlan":
    case "vxlan":
    case "memif":
      return object.name;
    case "acl":
      return `acl ${object.tag}`;
    case "bridge":
      return `bridge ${object.id}`;
    case "memif-socket":
      return `socket ${object.id}`;
    case "linux-pair":
      return `pair ${object.on}`;
    case "vrf":
      return vrfKey(object.family, object.table);
    case "vrf-member":
      return memberKey(object.on, object.family);
    default:
      return undefined;
  }
}

/** What the object stands on, as keyOf names it. */
export function mentioned(object: VppObject): readonly string[] {
  switch (object.kind) {
    case "vlan":
      return [object.parent];
    case "memif":
      return [`socket ${object.socket}`];
    case "bond-member":
      return [object.on, object.bond];
    case "unnumbered":
      return [object.on, object.as];
    case "cross-connect":
      return [object.on, object.to];
    case "bridge-port":
      return [object.on, `bridge ${object.bridge}`];
    case "interface-acls":
      return [object.on, ...[...object.in, ...object.out].map((tag) => `acl ${tag}`)];
    case "abf-policy":
      return [`acl ${object.acl}`, ...interfacesOf(object.paths)];
    case "route":
      return [...interfacesOf(object.paths), ...tableOf(object)];
    case "vrf-member":
      return [object.on, vrfKey(object.family, object.table)];
    case "vrrp":
      return [object.on, ...object.track.map(([name]) => name)];
    case "address":
      // What Linux says of a new tap takes IPv6 off its interface: its word is heard with the pair. What is meant for a VRF
      // must not end in the main table, where that one is refused.
      return [object.on, `pair ${object.on}`, memberKey(object.on, familyOf(object.address))];
    default:
      return "on" in object ? [object.on] : [];
  }
}

function vrfKey(family: Family, table: number): string {
  return `vrf ${family} ${table}`;
}

function memberKey(on: string, family: Family): string {
  return `vrf-member ${on} ${family}`;
}

function tableOf({ prefix, table }: Route): readonly string[] {
  return table === undefined ? [] : [vrfKey(familyOf(prefix), table)];
}

function familyOf(address: string): Family {
  return address.includes(":") ? "ipv6" : "ipv4";
}

function interfacesOf(paths: readonly { readonly interface?: string }[]): readonly string[] {
  return paths.flatMap(({ interface: name }) => (name === undefined ? [] : [name]));
}

/**
 * Kinds of which VPP takes one wrong step badly (it crashes, or keeps half of it), and those that ask before they write: each of
 * these steps waits for all before it, and all after it wait for it.
 */
const alone: ReadonlySet<VppObject["kind"]> = new Set([
  "abf-policy",
  "abf-attachment",
  "det44",
  "det44-role",
  "policer",
  "policer-use",
  "lldp-port",
  "raw",
]);

export function goesAlone({ before, after }: ObjectStep): boolean {
  const kind = (after ?? before)?.kind;
  if (kind !== undefined && alone.has(kind)) return true;
  // VPP goes on with routes of a table that is gone, in memory that is not theirs: each of them has left. Of a bond without its
  // name VPP is asked first which it is.
  if ((kind === "vrf" || kind === "bond") && after === undefined) return true;
  if (after?.kind !== "settings") return false;
  return settingsGoAlone(before?.kind === "settings" ? before : undefined, after);
}

/** Whether it has to be known which ACL has which number. */
export function usesAcls({ before, after }: ObjectStep): boolean {
  return [before, after].some((object) => object !== undefined && aclUsers.has(object.kind));
}

const aclUsers: ReadonlySet<VppObject["kind"]> = new Set(["acl", "interface-acls", "abf-policy"]);
