/** Any configuration of FRR, small but of every kind that matters to a plan: for property tests, simulated and real. */
import * as fc from "fast-check";
import type { FrrDesired } from "../../reconcilers/frr/model.ts";
import { mergeConfigs, printConfig } from "../../reconcilers/frr/tree.ts";

/** Names of one side's objects: what is foreign has other ones. */
export interface Names {
  readonly list: string;
  readonly map: string;
  readonly peers: readonly string[];
  readonly link: string;
  readonly net: string;
}
export const ours: Names = {
  list: "OURS",
  map: "MAP",
  peers: ["192.0.2.1", "192.0.2.5", "2001:db8::1"],
  link: "external.25",
  net: "10.1",
};
export const theirs: Names = { list: "THEIRS", map: "ODD", peers: ["192.0.2.9"], link: "internal.30", net: "10.9" };

/** Any configuration whose references all resolve. */
export function configs(
  sealed: string,
  names: Names,
  asn: fc.Arbitrary<number> = fc.constant(64500),
): fc.Arbitrary<FrrDesired> {
  const entry = fc.record({ action: fc.constantFrom("permit", "deny"), third: fc.nat(3) });
  const list = fc.dictionary(fc.constantFrom("5", "10", "15"), entry, { minKeys: 1 });
  const clause = fc.record({
    match: fc.option(fc.nat(2), { nil: undefined }),
    metric: fc.option(fc.nat(5), { nil: undefined }),
    community: fc.option(fc.nat(5), { nil: undefined }),
    action: fc.constantFrom("permit", "deny"),
  });
  const map = fc.dictionary(fc.constantFrom("10", "20"), clause, { minKeys: 1 });
  const peer = fc.record({
    as: fc.constantFrom("64496", "64497", "64500", "group"),
    description: fc.option(fc.constantFrom("transit", "peering"), { nil: undefined }),
    password: fc.boolean(),
    timers: fc.boolean(),
    shutdown: fc.boolean(),
    hops: fc.constantFrom("", " ebgp-multihop 3", " ttl-security hops 2"),
    families: fc.subarray(["ipv4", "ipv6"]),
    list: fc.option(fc.nat(2), { nil: undefined }),
    map: fc.option(fc.nat(2), { nil: undefined }),
  });
  return fc
    .record({
      asn,
      lists: fc.dictionary(fc.constantFrom("0", "1", "2"), list),
      maps: fc.dictionary(fc.constantFrom("0", "1", "2"), map),
      peers: fc.dictionary(fc.constantFrom(...names.peers), peer),
      group: fc.constantFrom("64496", "internal"),
      routes: fc.dictionary(
        fc.constantFrom("0", "1", "2"),
        fc.record({
          hops: fc.subarray([0, 1, 2], { minLength: 1 }),
          tag: fc.nat(2),
          distance: fc.constantFrom(1, 20, 250),
        }),
      ),
      ospf: fc.option(fc.record({ cost: fc.nat(3), area: fc.nat(1), key: fc.boolean() }), { nil: undefined }),
      routerId: fc.nat(1),
    })
    .map((parts) => ({ config: textOf(parts, names, sealed) }));
}

interface Clause {
  readonly match: number | undefined;
  readonly metric: number | undefined;
  readonly community: number | undefined;
  readonly action: string;
}

interface Parts {
  readonly asn: number;
  readonly lists: Record<string, Record<string, { action: string; third: number }>>;
  readonly maps: Record<string, Record<string, Clause>>;
  readonly peers: Record<
    string,
    {
      as: string;
      description: string | undefined;
      password: boolean;
      timers: boolean;
      shutdown: boolean;
      hops: string;
      families: readonly string[];
      list: number | undefined;
      map: number | undefined;
    }
  >;
  readonly group: string;
  readonly routes: Record<string, { hops: readonly number[]; tag: number; distance: number }>;
  readonly ospf: { cost: number; area: number; key: boolean } | undefined;
  readonly routerId: number;
}

function textOf(parts: Parts, names: Names, sealed: string): string {
  const lines: string[] = [];
  const has = (table: object, key: number | undefined): key is number => key !== undefined && String(key) in table;
  for (const [id, entries] of Object.entries(parts.lists)) {
    const said = new Set<string>();
    for (const [sequence, { action, third }] of Object.entries(entries)) {
      // FRR has no two entries that say the same.
      if (said.has(`${action} ${third}`)) continue;
      said.add(`${action} ${third}`);
      lines.push(`ip prefix-list ${names.list}${id} seq ${sequence} ${action} ${names.net}.${third}.0/24`);
    }
  }
  for (const [id, entries] of Object.entries(parts.maps)) {
    for (const [sequence, { action, match, metric, community }] of Object.entries(entries)) {
      lines.push(`route-map ${names.map}${id} ${action} ${sequence}`);
      if (has(parts.lists, match)) lines.push(` match ip address prefix-list ${names.list}${match}`);
      if (metric !== undefined) lines.push(` set metric ${metric}`);
      if (community !== undefined) lines.push(` set community 64500:${community}`);
    }
  }
  for (const [third, { hops, tag, distance }] of Object.entries(parts.routes)) {
    const option = (tag > 0 ? ` tag ${tag}` : "") + (distance > 1 ? ` ${distance}` : "");
    for (const hop of hops) lines.push(`ip route ${names.net}.${third}.0/24 192.0.2.${hop + 1}${option}`);
  }
  if (parts.ospf) {
    lines.push(`interface ${names.link}`, ` ip ospf area 0.0.0.${parts.ospf.area}`);
    if (parts.ospf.cost > 0) lines.push(` ip ospf cost ${parts.ospf.cost}`);
    if (parts.ospf.key) lines.push(` ip ospf message-digest-key 1 md5 ${sealed}`);
  }
  const peers = Object.entries(parts.peers);
  if (peers.length > 0) lines.push(...bgpText(parts, names, peers, has, sealed));
  return printConfig(mergeConfigs([lines.join("\n")]));
}

function bgpText(
  parts: Parts,
  names: Names,
  peers: readonly (readonly [string, Parts["peers"][string]])[],
  has: (table: object, key: number | undefined) => key is number,
  sealed: string,
): readonly string[] {
  const group = `${names.list}-GROUP`;
  const lines = [`router bgp ${parts.asn}`, " no bgp default ipv4-unicast"];
  if (names === ours) lines.push(` bgp router-id 192.0.2.${parts.routerId}`);
  if (peers.some(([, peer]) => peer.as === "group")) {
    lines.push(` neighbor ${group} peer-group`, ` neighbor ${group} remote-as ${parts.group}`);
  }
  for (const [name, peer] of peers) {
    lines.push(` neighbor ${name} ${peer.as === "group" ? `peer-group ${group}` : `remote-as ${peer.as}`}`);
    if (peer.description !== undefined) lines.push(` neighbor ${name} description ${peer.description}`);
    if (peer.shutdown) lines.push(` neighbor ${name} shutdown`);
    if (peer.hops !== "" && !["64500", "group"].includes(peer.as)) lines.push(` neighbor ${name}${peer.hops}`);
    if (peer.password) lines.push(` neighbor ${name} password ${sealed}`);
    if (peer.timers) lines.push(` neighbor ${name} timers 10 30`);
  }
  for (const family of ["ipv4", "ipv6"]) {
    const inside = peers.flatMap(([name, peer]) =>
      peer.families.includes(family)
        ? [
            `  neighbor ${name} activate`,
            ...(has(parts.lists, peer.list) ? [`  neighbor ${name} prefix-list ${names.list}${peer.list} in`] : []),
            ...(has(parts.maps, peer.map) ? [`  neighbor ${name} route-map ${names.map}${peer.map} out`] : []),
          ]
        : [],
    );
    if (inside.length > 0) lines.push(` address-family ${family} unicast`, ...inside);
  }
  return lines;
}
