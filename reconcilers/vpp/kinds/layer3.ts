/** What makes an interface a routed one, and what is routed. */
import type {
  Address,
  AdvertisedPrefix,
  DhcpRelay,
  Hop,
  Neighbor,
  Route,
  RouterAdvertisements,
  UnicastRpf,
  Unnumbered,
  Vrf,
  VrfMember,
  Vrrp,
} from "../model.ts";
import { isLinkLocal } from "../../../schemas/semantics/view.ts";
import { pairKey } from "./interfaces.ts";
import { interfaceKey, type Rules } from "./rules.ts";

/** The resource that a VRF table is. */
function vrfKey(family: Vrf["family"], table: number): string {
  return `vrf:${table} ${family}`;
}

export const vrf: Rules<Vrf> = {
  key: ({ table, family }) => `${table} ${family}`,
  provides: ({ table, family }) => [vrfKey(family, table)],
  impact: { remove: "hitless" },
  noun: ({ table, family }) => `VRF table ${table} for ${family}`,
};

export const vrfMember: Rules<VrfMember> = {
  key: ({ on, family }) => `${on} ${family}`,
  needs: ({ on, family, table }) => [interfaceKey(on), vrfKey(family, table)],
  inPlace: ["table"],
  goesWith: ({ on }) => [interfaceKey(on)],
  impact: { add: "flap", set: "flap", remove: "flap" },
  noun: ({ on, family, table }) => `membership of ${on} in VRF table ${table} for ${family}`,
};

/** The resource that IPv6 on an interface is. With the last address VPP forgets what was said of it, unless Linux keeps it there. */
function ipv6Key(on: string): string {
  return `ipv6:${on}`;
}

export const address: Rules<Address> = {
  key: ({ on, address }) => `${on} ${address}`,
  provides: ({ on, address }) => (address.includes(":") ? [ipv6Key(on)] : []),
  needs: ({ on }) => [interfaceKey(on)],
  // linux-cp does not copy what was there before the pair.
  follows: ({ on }) => [pairKey(on)],
  takes: ({ on, address, table }) => {
    const place = isLinkLocal(address) ? `${on} ` : table === undefined ? "" : `${table} `;
    return [`address:${place}${address.replace(/\/.*$/, "")}`];
  },
  goesWith: ({ on }) => [interfaceKey(on)],
  impact: { remove: "flap" },
  noun: ({ on, address }) => `address ${address} on ${on}`,
  details: tableWords,
};

function tableWords({ table }: { readonly table?: number }): readonly string[] {
  return table === undefined ? [] : [`in VRF table ${table}`];
}

export const unnumbered: Rules<Unnumbered> = {
  key: ({ on }) => on,
  needs: ({ on, as }) => [interfaceKey(on), interfaceKey(as)],
  impact: { remove: "flap" },
  noun: ({ on, as }) => `addresses of ${as} on ${on}`,
};

export const routerAdvertisements: Rules<RouterAdvertisements> = {
  key: ({ on }) => on,
  needs: ({ on }) => [interfaceKey(on), ipv6Key(on)],
  inPlace: ["sends", "maxInterval", "minInterval", "lifetime", "managed", "other"],
  goesWith: ({ on }) => [interfaceKey(on)],
  impact: { remove: "hitless" },
  noun: ({ on }) => `router advertisements on ${on}`,
  details: ({ sends, maxInterval, minInterval, lifetime, managed, other }) => [
    ...(sends ? [] : ["suppressed"]),
    `every ${minInterval} to ${maxInterval} s`,
    `lifetime ${lifetime} s`,
    ...(managed ? ["managed"] : []),
    ...(other ? ["other"] : []),
  ],
};

export const advertisedPrefix: Rules<AdvertisedPrefix> = {
  key: ({ on, prefix }) => `${on} ${prefix}`,
  needs: ({ on }) => [interfaceKey(on), ipv6Key(on)],
  inPlace: ["valid", "preferred", "onLink", "autonomous", "runsOut"],
  goesWith: ({ on }) => [interfaceKey(on)],
  impact: { remove: "hitless" },
  noun: ({ on, prefix }) => `advertised prefix ${prefix} on ${on}`,
  details: ({ valid, preferred, onLink, autonomous }) => [
    `valid ${valid} s`,
    `preferred ${preferred} s`,
    ...(onLink ? [] : ["not on link"]),
    ...(autonomous ? [] : ["not autonomous"]),
  ],
};

export const unicastRpf: Rules<UnicastRpf> = {
  key: ({ on, family }) => `${on} ${family}`,
  needs: ({ on }) => [interfaceKey(on)],
  inPlace: ["mode"],
  impact: { remove: "hitless" },
  noun: ({ on, family }) => `unicast RPF for ${family} on ${on}`,
  details: ({ mode }) => [mode],
};

export const route: Rules<Route> = {
  key: ({ prefix, table }) => (table === undefined ? prefix : `${table} ${prefix}`),
  needs: ({ prefix, table, paths }) => [
    ...hopKeys(paths),
    ...(table === undefined ? [] : [vrfKey(prefix.includes(":") ? "ipv6" : "ipv4", table)]),
  ],
  inPlace: ["paths", "isBegun"],
  ignored: ["sources"],
  impact: { set: "hitless", remove: "flap" },
  noun: ({ prefix, table }) => `route ${prefix}${table === undefined ? "" : ` of VRF table ${table}`}`,
  details: ({ paths }) => [pathWords(paths)],
  changes: (before, after) =>
    before.isBegun
      ? [pathWords(after.paths), "whoever was at it did not come to its end"]
      : [`${pathWords(before.paths)} becomes ${pathWords(after.paths)}`],
};

/** The interfaces that hops go out of. */
export function hopKeys(hops: readonly Hop[]): readonly string[] {
  return hops.flatMap((hop) => (hop.interface === undefined ? [] : [interfaceKey(hop.interface)]));
}

/** "via 192.0.2.1 external and 192.0.2.5", "drop". */
export function pathWords(paths: readonly Hop[]): string {
  if (paths.length === 0) return "drop";
  return `via ${paths.map(hopText).join(" and ")}`;
}

function hopText({ via, interface: name, elsewhere }: Hop): string {
  const place = elsewhere === undefined ? undefined : `in table ${elsewhere}`;
  return [via, name, place].filter((word) => word !== undefined).join(" ");
}

export const neighbor: Rules<Neighbor> = {
  key: ({ on, address }) => `${on} ${address}`,
  needs: ({ on }) => [interfaceKey(on)],
  inPlace: ["mac"],
  impact: { remove: "hitless" },
  noun: ({ on, address }) => `neighbour ${address} on ${on}`,
  details: ({ mac }) => [mac],
};

export const vrrp: Rules<Vrrp> = {
  key: ({ on, id, family }) => `${on} ${id} ${family}`,
  needs: ({ on, track }) => [interfaceKey(on), ...track.map(([name]) => interfaceKey(name))],
  inPlace: ["track"],
  impact: { remove: "flap" },
  noun: ({ on, id, family }) => `VRRP ${id} for ${family} on ${on}`,
  details: ({ addresses, priority }) => [addresses.join(" "), `priority ${priority}`],
};

export const dhcpRelay: Rules<DhcpRelay> = {
  key: ({ server }) => server,
  impact: { remove: "hitless" },
  noun: ({ server }) => `DHCP relay to ${server}`,
  details: ({ source }) => [`from ${source}`],
};
