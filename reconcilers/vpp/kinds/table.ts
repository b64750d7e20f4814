/** The rules of every kind, in the order in which their objects come: what is used before what uses it. */
import type { Kind, ObjectOf, VppObject } from "../model.ts";
import * as filters from "./filters.ts";
import * as interfaces from "./interfaces.ts";
import * as layer3 from "./layer3.ts";
import type { Rules } from "./rules.ts";
import * as switching from "./switching.ts";
import * as translation from "./translation.ts";

/**
 * A bond has its MAC address of its first member, and a tap that of its interface; addresses need the tap. What goes down loses its
 * router advertisements: they come once it is up.
 */
const table: { readonly [K in Kind]: Rules<ObjectOf<K>> } = {
  vrf: layer3.vrf,
  "memif-socket": interfaces.memifSocket,
  physical: interfaces.physical,
  "host-interface": interfaces.hostInterface,
  tap: interfaces.tap,
  loopback: interfaces.loopback,
  bvi: interfaces.bvi,
  bond: interfaces.bond,
  memif: interfaces.memif,
  vxlan: interfaces.vxlan,
  "bond-member": interfaces.bondMember,
  vlan: interfaces.vlan,
  "linux-pair": interfaces.linuxPair,
  policer: filters.policer,
  "policer-use": filters.policerUse,
  acl: filters.acl,
  "interface-acls": filters.interfaceAcls,
  bridge: switching.bridge,
  "bridge-port": switching.bridgePort,
  "cross-connect": switching.crossConnect,
  "tag-rewrite": switching.tagRewrite,
  "vrf-member": layer3.vrfMember,
  address: layer3.address,
  unnumbered: layer3.unnumbered,
  "unicast-rpf": layer3.unicastRpf,
  neighbor: layer3.neighbor,
  route: layer3.route,
  "abf-policy": filters.abfPolicy,
  "abf-attachment": filters.abfAttachment,
  vrrp: layer3.vrrp,
  "dhcp-relay": layer3.dhcpRelay,
  lldp: filters.lldp,
  "lldp-port": filters.lldpPort,
  det44: translation.det44,
  "det44-timeouts": translation.det44Timeouts,
  "det44-role": translation.det44Role,
  "det44-mapping": translation.det44Mapping,
  nat64: translation.nat64,
  "nat64-prefix": translation.nat64Prefix,
  "nat64-pool": translation.nat64Pool,
  "nat64-role": translation.nat64Role,
  settings: interfaces.settings,
  "router-advertisements": layer3.routerAdvertisements,
  "advertised-prefix": layer3.advertisedPrefix,
  raw: translation.raw,
};

/** The rules of a kind; they take objects of that kind only. */
export function rulesOf(kind: Kind): Rules<VppObject> {
  return table[kind];
}

/** Place of a kind in the order of coming; what goes does so in the opposite order. */
export const rankOf = Object.fromEntries(Object.keys(table).map((kind, rank) => [kind, rank])) as Readonly<
  Record<Kind, number>
>;

/** Names an object in its instance: "vlan external.25". */
export function idOf(object: VppObject): string {
  return `${object.kind} ${rulesOf(object.kind).key(object)}`;
}
