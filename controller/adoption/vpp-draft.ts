/** What core has, as the sections of a machine file: a guess, out of which judge.ts takes what does not come back as it is. */
import type { Bond, CrossConnect, Hop, ObjectOf, Vlan, VppObject } from "../../reconcilers/vpp/model.ts";
import type { Kind } from "../../reconcilers/vpp/model.ts";
import type { JsonObject, JsonValue } from "../../schemas/json.ts";
import { aclDraft } from "./acl-draft.ts";
import type { Found } from "./found.ts";

/** An instance's objects, by kind. */
class Objects {
  readonly all: readonly VppObject[];
  constructor(all: readonly VppObject[]) {
    this.all = all;
  }
  of<K extends Kind>(kind: K): readonly ObjectOf<K>[] {
    return this.all.filter((object): object is ObjectOf<K> => object.kind === kind);
  }
  /** Those that stand on an interface. */
  on<K extends Kind>(kind: K, ref: string): readonly ObjectOf<K>[] {
    return this.of(kind).filter((object) => "on" in object && object.on === ref);
  }
}

export function vppDraft({ vpp, nics }: Found): JsonObject {
  const core = new Objects(vpp.core?.objects ?? []);
  const passed = passedVlans(core);
  const vlans = core.of("vlan").filter((vlan) => vlan.isInexact !== true && !passed.names.has(vlan.name));
  return {
    ...section("interfaces", interfacesOf(core, vlans, nics)),
    ...section("bonds", bondsOf(core, vlans)),
    ...section(
      "loopbacks",
      named(core.of("loopback"), ({ name }) => portOf(core, name)),
    ),
    ...section("bridges", bridgesOf(core)),
    ...section("cross-connects", { ...passed.section, ...connectsOf(core, passed.names) }),
    ...section("acls", Object.fromEntries(core.of("acl").map(({ tag, rules }) => [tag, aclDraft(rules)]))),
    ...section("policers", policersOf(core)),
    ...section("vrfs", vrfsOf(core)),
    ...section("vrrp", vrrpOf(core)),
    ...section("dhcp-relay", relaysOf(core)),
    ...lldpOf(core),
  };
}

/** Seconds: for ever. */
const infinite = 0xffff_ffff;

function section(name: string, value: JsonObject): JsonObject {
  return Object.keys(value).length > 0 ? { [name]: value } : {};
}

function named<T extends { readonly name: string }>(all: readonly T[], value: (one: T) => JsonValue): JsonObject {
  return Object.fromEntries(all.map((one) => [one.name, value(one)]));
}

function interfacesOf(core: Objects, vlans: readonly Vlan[], nics: Found["nics"]): JsonObject {
  const inside = (name: string) => ({ ...portOf(core, name), ...subInterfaces(core, name, vlans) });
  return {
    ...named(core.of("physical"), ({ name }) => {
      const pci = nics.get(name);
      return { ...(pci !== undefined && { pci }), ...inside(name) };
    }),
    ...named(core.of("host-interface"), ({ name, device, mac }) => ({
      driver: "af-packet",
      "kernel-name": device,
      ...(mac !== undefined && { mac }),
      ...inside(name),
    })),
  };
}

function bondsOf(core: Objects, vlans: readonly Vlan[]): JsonObject {
  return named(core.of("bond"), ({ name, id, mode, balance }: Bond) => ({
    id,
    mode,
    ...(balance !== undefined && { "load-balance": balance }),
    members: core.of("bond-member").flatMap(({ on, bond }) => (bond === name ? [on] : [])),
    ...portOf(core, name),
    ...subInterfaces(core, name, vlans),
  }));
}

function subInterfaces(core: Objects, parent: string, vlans: readonly Vlan[]): JsonObject {
  const own = vlans.filter((vlan) => vlan.parent === parent);
  const one = ({ name, number, outer, inner, encapsulation }: Vlan): readonly [string, JsonValue] => [
    String(number),
    {
      ...(outer !== number && { vlan: outer }),
      ...(inner !== undefined && { "inner-vlan": inner }),
      ...(encapsulation !== "dot1q" && { encapsulation }),
      ...portOf(core, name),
    },
  ];
  return section("sub-interfaces", Object.fromEntries(own.map(one)));
}

/** What all interfaces have, with what is so by default written out. */
function portOf(core: Objects, ref: string): JsonObject {
  const [settings] = core.on("settings", ref);
  const [pair] = core.on("linux-pair", ref);
  const [acls] = core.on("interface-acls", ref);
  const [rpf] = core.on("unicast-rpf", ref);
  const policers = core.on("policer-use", ref).map(({ direction, policer }) => [direction, policer] as const);
  // Which of the link-local ones somebody chose cannot be told.
  const addresses = core.on("address", ref).flatMap(({ address }) => (/^fe[89ab]/.test(address) ? [] : [address]));
  return {
    ...(settings?.up === false && { enabled: false }),
    ...(settings?.mtu !== undefined && { mtu: settings.mtu }),
    ...(addresses.length > 0 && { addresses }),
    ...vrfOf(core, ref),
    "linux-cp": pair?.name ?? false,
    ...advertisementsOf(core, ref),
    ...(acls && { acl: { in: acls.in, out: acls.out } }),
    ...section("policer", Object.fromEntries(policers)),
    ...(rpf && { "unicast-rpf": rpf.mode }),
  };
}

/** Only one in which it has both families has a word. */
function vrfOf(core: Objects, ref: string): JsonObject {
  const [one, other, ...more] = core.on("vrf-member", ref).map(({ table }) => table);
  return one === undefined || one !== other || more.length > 0 ? {} : { vrf: vrfName(one) };
}

function vrfName(table: number): string {
  return `vrf-${table}`;
}

function vrfsOf(core: Objects): JsonObject {
  const tables = new Set(core.of("vrf").map(({ table }) => table));
  const routes = core.of("route");
  return Object.fromEntries(
    [...tables].map((table) => {
      const own = routes.filter((route) => route.table === table);
      const said = own.flatMap(({ prefix, paths }) => {
        const route = routeDraft(paths);
        return route === undefined ? [] : [[prefix, route] as const];
      });
      return [vrfName(table), { table, ...section("routes", Object.fromEntries(said)) }] as const;
    }),
  );
}

/** undefined: next hops on several interfaces have no word. */
function routeDraft(paths: readonly Hop[]): JsonObject | undefined {
  const [first] = paths;
  if (first === undefined) return { discard: true };
  if (paths.some((hop) => hop.interface !== first.interface || hop.elsewhere !== undefined)) return undefined;
  const via = paths.flatMap((hop) => hop.via ?? []);
  return {
    ...(via.length > 0 && { via }),
    ...(first.interface !== undefined && { interface: first.interface }),
  };
}

function advertisementsOf(core: Objects, ref: string): JsonObject {
  const [ra] = core.on("router-advertisements", ref);
  const advertised = core.on("advertised-prefix", ref);
  // Other lifetimes VPP shows as they run down, and nobody can tell what they were.
  if (ra === undefined || advertised.some((one) => [one.valid, one.preferred].some((at) => at !== infinite))) return {};
  const prefixes = advertised.map(
    ({ prefix, valid, preferred, onLink, autonomous }) =>
      [
        prefix,
        {
          "valid-lifetime": valid,
          "preferred-lifetime": preferred,
          ...(!onLink && { "on-link": false }),
          ...(!autonomous && { autonomous: false }),
        },
      ] as const,
  );
  return {
    "router-advertisements": {
      ...(!ra.sends && { suppress: true }),
      "max-interval": ra.maxInterval,
      "min-interval": ra.minInterval,
      "lifetime-seconds": ra.lifetime,
      ...(ra.managed && { managed: true }),
      ...(ra.other && { other: true }),
      ...section("prefixes", Object.fromEntries(prefixes)),
    },
  };
}

function bridgesOf(core: Objects): JsonObject {
  return Object.fromEntries(
    core.of("bridge").map(({ id, learn, flood, forward, arpTermination, macAge }) => {
      const ports = core.of("bridge-port").filter(({ bridge }) => bridge === id);
      const own = core.of("bvi").find(({ name }) => name === `bvi${id}`);
      return [
        `bridge-${id}`,
        {
          id,
          members: ports.flatMap(({ on, isBvi }) => (isBvi ? [] : [on])),
          ...(own && { bvi: portOf(core, own.name) }),
          learn,
          flood,
          forward,
          "arp-termination": arpTermination,
          "mac-age-minutes": macAge,
        },
      ] as const;
    }),
  );
}

/** Both ends once: the one that comes first. */
function connections(core: Objects): readonly CrossConnect[] {
  const all = core.of("cross-connect");
  return all.filter(({ on, to }, at) => all.findIndex((other) => other.on === to && other.to === on) > at);
}

/** VLANs that a cross-connect passes on as they are, with nothing else on them. */
function passedVlans(core: Objects) {
  const names = new Set<string>();
  const passed: Record<string, JsonValue> = {};
  const vlans = new Map(core.of("vlan").map((vlan) => [vlan.name, vlan]));
  const tags = ({ encapsulation, outer, inner }: Vlan) => `${encapsulation} ${outer} ${inner ?? ""}`;
  const rewritten = new Set(core.of("tag-rewrite").map(({ on }) => on));
  for (const { on, to } of connections(core)) {
    const [near, far] = [vlans.get(on), vlans.get(to)];
    if (near === undefined || far === undefined || tags(near) !== tags(far)) continue;
    if (near.isInexact === true || far.isInexact === true || rewritten.has(on) || rewritten.has(to)) continue;
    for (const { name } of [near, far]) names.add(name);
    passed[`${on}-${to}`.replaceAll(".", "-")] = {
      from: near.parent,
      to: far.parent,
      vlan: near.outer,
      ...(near.inner !== undefined && { "inner-vlan": near.inner }),
      ...(near.encapsulation !== "dot1q" && { encapsulation: near.encapsulation }),
    };
  }
  return { names, section: passed };
}

function connectsOf(core: Objects, passed: ReadonlySet<string>): JsonObject {
  const own = connections(core).filter(({ on }) => !passed.has(on));
  return Object.fromEntries(own.map(({ on, to }) => [`${on}-${to}`.replaceAll(".", "-"), { from: on, to }]));
}

function policersOf(core: Objects): JsonObject {
  return named(core.of("policer"), ({ rateKbps, burstBytes, exceed }) => ({
    "rate-kbps": rateKbps,
    "burst-bytes": burstBytes,
    exceed: typeof exceed === "number" ? { dscp: exceed } : exceed,
  }));
}

function vrrpOf(core: Objects): JsonObject {
  return Object.fromEntries(
    core.of("vrrp").map((one) => [
      `${one.on}-${one.id}-${one.family}`.replaceAll(".", "-"),
      {
        interface: one.on,
        id: one.id,
        family: one.family,
        addresses: one.addresses,
        priority: one.priority,
        "interval-ms": one.interval * 10,
        preempt: one.preempt,
        accept: one.accept,
        ...(one.peers.length > 0 && { peers: one.peers }),
        ...section("track", Object.fromEntries(one.track)),
      },
    ]),
  );
}

function relaysOf(core: Objects): JsonObject {
  return Object.fromEntries(
    core
      .of("dhcp-relay")
      .map(({ server, source }) => [`to-${server}`.replaceAll(/[^A-Za-z0-9]+/g, "-"), { server, source }]),
  );
}

function lldpOf(core: Objects): JsonObject {
  const [lldp] = core.of("lldp");
  if (lldp === undefined) return {};
  const ports = core.of("lldp-port").map(({ on, description }) => [on, { "port-description": description }] as const);
  return {
    lldp: {
      "system-name": lldp.systemName,
      "interval-seconds": lldp.interval,
      hold: lldp.hold,
      interfaces: Object.fromEntries(ports),
    },
  };
}
