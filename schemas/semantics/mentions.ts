/** Every place of a machine that refers to something else by its name. */
import type { Path } from "../json.ts";
import type { Machine } from "../machine.ts";

/** What names are names of. The first six are the sections of lists, in the machine as in policies/. */
export type Kind =
  | "prefix-lists"
  | "as-path-lists"
  | "community-lists"
  | "route-maps"
  | "acls"
  | "policers"
  | "peer-groups"
  | "bfd-profiles"
  | "vrfs"
  | "interfaces";

export interface Mention {
  readonly kind: Kind;
  readonly name: string;
  readonly path: Path;
  /** Of an interface, who uses it: frr needs its name in Linux, vpp-l3 an interface that is routed, any just one. */
  readonly use?: "frr" | "vpp-l3" | "any" | "physical";
  /** Of a list: what it has to be. */
  readonly must?: { readonly family: "ipv4" | "ipv6" } | { readonly community: "standard" | "large" | "extended" };
}

export function mentionsOf(machine: Machine): readonly Mention[] {
  return [
    ...ofInterfaces(machine),
    ...ofDataplane(machine),
    ...ofRouteMaps(machine),
    ...ofBgp(machine),
    ...ofOspf(machine),
    ...ofRouting(machine),
  ];
}

function mention(
  kind: Kind,
  name: string | boolean | undefined,
  path: Path,
  more: Partial<Mention> = {},
): readonly Mention[] {
  return typeof name === "string" ? [{ kind, name, path, ...more }] : [];
}

function many(kind: Kind, names: readonly string[], path: Path, more: Partial<Mention> = {}): readonly Mention[] {
  return names.map((name, index) => ({ kind, name, path: [...path, index], ...more }));
}

type Layer3 = Omit<Machine["loopbacks"][string], "linux-cp" | "mac">;

function ofLayer3(settings: Layer3, path: Path): readonly Mention[] {
  return [
    ...many("acls", settings.acl.in, [...path, "acl", "in"]),
    ...many("acls", settings.acl.out, [...path, "acl", "out"]),
    ...mention("policers", settings.policer.in, [...path, "policer", "in"]),
    ...mention("policers", settings.policer.out, [...path, "policer", "out"]),
    ...mention("vrfs", settings.vrf, [...path, "vrf"]),
    ...mention("interfaces", settings.unnumbered, [...path, "unnumbered"], { use: "vpp-l3" }),
  ];
}

function ofInterfaces({ interfaces, bonds, loopbacks, taps, vxlan, bridges }: Machine): readonly Mention[] {
  const trunks = [
    ...Object.entries(interfaces).map(([name, port]) => ({ port, path: ["interfaces", name] })),
    ...Object.entries(bonds).map(([name, port]) => ({ port, path: ["bonds", name] })),
    ...Object.entries(vxlan).map(([name, port]) => ({ port, path: ["vxlan", name] })),
  ];
  const ports = trunks.flatMap(({ port, path }) => [
    ...ofLayer3(port, path),
    ...Object.entries(port["sub-interfaces"]).flatMap(([number, vlan]) =>
      ofLayer3(vlan, [...path, "sub-interfaces", number]),
    ),
  ]);
  return [
    ...ports,
    ...Object.entries(bonds).flatMap(([name, { members }]) =>
      many("interfaces", members, ["bonds", name, "members"], { use: "physical" }),
    ),
    ...Object.entries({ loopbacks, taps }).flatMap(([section, all]) =>
      Object.entries(all).flatMap(([name, one]) => ofLayer3(one, [section, name])),
    ),
    ...Object.entries(bridges).flatMap(([name, { members, bvi }]) => [
      ...many("interfaces", members, ["bridges", name, "members"], { use: "any" }),
      ...(bvi ? ofLayer3(bvi, ["bridges", name, "bvi"]) : []),
    ]),
  ];
}

function ofDataplane(machine: Machine): readonly Mention[] {
  const { abf, vrfs, vrrp, lldp, nat } = machine;
  return [
    ...Object.entries(vrfs).flatMap(([name, { routes }]) =>
      Object.entries(routes).flatMap(([prefix, route]) =>
        mention("interfaces", route.interface, ["vrfs", name, "routes", prefix, "interface"], { use: "vpp-l3" }),
      ),
    ),
    ...Object.entries(machine["cross-connects"]).flatMap(([name, { from, to }]) => [
      ...mention("interfaces", from, ["cross-connects", name, "from"], { use: "any" }),
      ...mention("interfaces", to, ["cross-connects", name, "to"], { use: "any" }),
    ]),
    ...Object.entries(abf).flatMap(([name, policy]) => [
      ...mention("acls", policy.acl, ["abf", name, "acl"]),
      ...mention("interfaces", policy.interface, ["abf", name, "interface"], { use: "vpp-l3" }),
      ...many("interfaces", policy.on, ["abf", name, "on"], { use: "vpp-l3" }),
    ]),
    ...Object.entries(vrrp).flatMap(([name, one]) => [
      ...mention("interfaces", one.interface, ["vrrp", name, "interface"], { use: "vpp-l3" }),
      ...Object.keys(one.track).flatMap((ref) =>
        mention("interfaces", ref, ["vrrp", name, "track", ref], { use: "any" }),
      ),
    ]),
    ...Object.keys(lldp?.interfaces ?? {}).flatMap((ref) =>
      mention("interfaces", ref, ["lldp", "interfaces", ref], { use: "physical" }),
    ),
    ...(["det44", "nat64"] as const).flatMap((kind) =>
      many("interfaces", nat?.[kind]?.inside ?? [], ["nat", kind, "inside"], { use: "vpp-l3" }),
    ),
  ];
}

function ofRouteMaps({ routing }: Machine): readonly Mention[] {
  return Object.entries(routing["route-maps"]).flatMap(([name, { entries }]) =>
    Object.entries(entries).flatMap(([sequence, { match, set, call }]) => {
      const at = ["routing", "route-maps", name, "entries", sequence];
      const community = (key: keyof typeof match | keyof typeof set, kind: "standard" | "large" | "extended") => {
        const from = key in match ? "match" : "set";
        const value = { ...match, ...set }[key];
        return mention("community-lists", typeof value === "string" ? value : undefined, [...at, from, key], {
          must: { community: kind },
        });
      };
      return [
        ...mention("prefix-lists", match["prefix-list"], [...at, "match", "prefix-list"]),
        ...mention("prefix-lists", match["next-hop-prefix-list"], [...at, "match", "next-hop-prefix-list"]),
        ...mention("as-path-lists", match["as-path-list"], [...at, "match", "as-path-list"]),
        ...community("community-list", "standard"),
        ...community("large-community-list", "large"),
        ...community("ext-community-list", "extended"),
        ...community("delete-community-list", "standard"),
        ...community("delete-large-community-list", "large"),
        ...mention("interfaces", match.interface, [...at, "match", "interface"], { use: "frr" }),
        ...mention("route-maps", call, [...at, "call"]),
      ];
    }),
  );
}

type Session = NonNullable<Machine["routing"]["bgp"]>["peer-groups"][string];

function ofSession(session: Session, path: Path, isInVrf: boolean): readonly Mention[] {
  const source = session["update-source"];
  const isAddress = source !== undefined && /^[0-9]|:/.test(source);
  return [
    ...mention("interfaces", isAddress || isInVrf ? undefined : source, [...path, "update-source"], { use: "frr" }),
    ...mention("bfd-profiles", session.bfd, [...path, "bfd"]),
    ...(["ipv4", "ipv6"] as const).flatMap((family) => {
      const policy = session[family];
      const at = [...path, family];
      return (["in", "out"] as const)
        .flatMap((way) => [
          ...mention("route-maps", policy?.["route-map"]?.[way], [...at, "route-map", way]),
          ...mention("prefix-lists", policy?.["prefix-list"]?.[way], [...at, "prefix-list", way], { must: { family } }),
          ...mention("as-path-lists", policy?.["as-path-list"]?.[way], [...at, "as-path-list", way]),
        ])
        .concat(mention("route-maps", policy?.["default-originate"], [...at, "default-originate"]));
    }),
  ];
}

function ofBgp({ routing: { bgp, vrfs } }: Machine): readonly Mention[] {
  return [
    ...ofInstance(bgp, ["routing", "bgp"]),
    ...Object.entries(vrfs).flatMap(([name, vrf]) => {
      const path = ["routing", "vrfs", name, "bgp"];
      return [
        ...ofInstance(vrf.bgp, path, true),
        ...mention("route-maps", vrf.bgp?.import?.["route-map"], [...path, "import", "route-map"]),
      ];
    }),
  ];
}

type Instance = Omit<NonNullable<Machine["routing"]["bgp"]>, "hygiene" | "own-prefixes">;

/** In a VRF interfaces are those of Linux, and peer-groups the instance's own. */
function ofInstance(bgp: Instance | undefined, path: Path, isInVrf = false): readonly Mention[] {
  if (!bgp) return [];
  return [
    ...Object.entries(bgp.announce).flatMap(([prefix, one]) =>
      mention("route-maps", one["route-map"], [...path, "announce", prefix, "route-map"]),
    ),
    ...Object.entries(bgp.aggregates).flatMap(([prefix, one]) =>
      mention("route-maps", one["route-map"], [...path, "aggregates", prefix, "route-map"]),
    ),
    ...ofRedistribution(bgp.redistribute, path),
    ...Object.entries(bgp["peer-groups"]).flatMap(([name, group]) =>
      ofSession(group, [...path, "peer-groups", name], isInVrf),
    ),
    ...Object.entries(bgp.peers).flatMap(([name, peer]) => [
      ...mention("peer-groups", isInVrf ? undefined : peer.group, [...path, "peers", name, "group"]),
      ...mention("interfaces", isInVrf ? undefined : peer.interface, [...path, "peers", name, "interface"], {
        use: "frr",
      }),
      ...ofSession(peer, [...path, "peers", name], isInVrf),
    ]),
  ];
}

function ofRedistribution(
  all: Readonly<Record<string, { readonly "route-map"?: string | undefined } | undefined>>,
  path: Path,
): readonly Mention[] {
  return Object.entries(all).flatMap(([protocol, one]) =>
    mention("route-maps", one?.["route-map"], [...path, "redistribute", protocol, "route-map"]),
  );
}

function ofOspf({ routing }: Machine): readonly Mention[] {
  return (["ospf", "ospf3"] as const).flatMap((version) => {
    const instance = routing[version];
    if (!instance) return [];
    const path = ["routing", version];
    return [
      ...Object.entries(instance.interfaces).flatMap(([ref, link]) => [
        ...mention("interfaces", ref, [...path, "interfaces", ref], { use: "frr" }),
        ...mention("bfd-profiles", link.bfd, [...path, "interfaces", ref, "bfd"]),
      ]),
      ...ofRedistribution(instance.redistribute, path),
      ...mention("route-maps", instance["default-originate"]?.["route-map"], [
        ...path,
        "default-originate",
        "route-map",
      ]),
    ];
  });
}

function ofRouting({ routing }: Machine): readonly Mention[] {
  return [
    ...Object.entries(routing.static).flatMap(([prefix, route]) => [
      ...mention("interfaces", route.interface, ["routing", "static", prefix, "interface"], { use: "frr" }),
      ...mention("bfd-profiles", route.bfd, ["routing", "static", prefix, "bfd"]),
    ]),
    ...Object.entries(routing.vrfs).flatMap(([vrf, { static: routes }]) =>
      Object.entries(routes).flatMap(([prefix, route]) =>
        mention("bfd-profiles", route.bfd, ["routing", "vrfs", vrf, "static", prefix, "bfd"]),
      ),
    ),
    ...Object.entries(routing.bfd?.peers ?? {}).flatMap(([name, peer]) => [
      ...mention("bfd-profiles", peer.profile, ["routing", "bfd", "peers", name, "profile"]),
      ...mention("interfaces", peer.interface, ["routing", "bfd", "peers", name, "interface"], { use: "frr" }),
    ]),
  ];
}
