/** An appliance as VPP's two instances are to have it, with something of every kind, and a push that changes several things. */
import type { VppDesired, VppObject } from "../../reconcilers/vpp/model.ts";

const mac = (number: number) => `02:00:00:c0:00:${number.toString(16).padStart(2, "0")}`;
const settings = (on: string, mtu: number, up = true): VppObject => ({ kind: "settings", on, up, mtu });
const address = (on: string, text: string): VppObject => ({ kind: "address", on, address: text });
const pair = (on: string, name = on): VppObject => ({ kind: "linux-pair", on, name });

function vlan(parent: string, number: number): VppObject {
  return { kind: "vlan", name: `${parent}.${number}`, parent, number, encapsulation: "dot1q", outer: number };
}

function memif(socket: number, role: "master" | "slave", number: number): VppObject {
  return { kind: "memif", name: `memif${socket}/0`, socket, id: 0, role, mac: mac(number) };
}

const sockets = (folder: string): readonly VppObject[] => [
  { kind: "memif-socket", id: 1, path: `${folder}/memif-in.sock` },
  { kind: "memif-socket", id: 2, path: `${folder}/memif-out.sock` },
];

const anyPort = [0, 65_535] as const;
const any = { protocol: 0, from: anyPort, to: anyPort, tcpMask: 0, tcpValue: 0 };

/** What containers send to the Internet, and not to other private networks. */
const steered: VppObject = {
  kind: "acl",
  tag: "imp:nat",
  rules: [
    { ...any, action: "deny", source: "10.234.116.0/24", destination: "10.0.0.0/8" },
    { ...any, action: "permit", source: "10.234.116.0/24", destination: "0.0.0.0/0" },
  ],
};

/** A VLAN apart from all others, whose addresses others may have too. */
const apart: readonly VppObject[] = [
  ...(["ipv4", "ipv6"] as const).flatMap((family): readonly VppObject[] => [
    { kind: "vrf", table: 100, family },
    { kind: "vrf-member", on: "internal.80", family, table: 100 },
  ]),
  vlan("internal", 80),
  { kind: "address", on: "internal.80", address: "10.30.0.1/24", table: 100 },
  { kind: "address", on: "internal.80", address: "2001:db8:80::1/64", table: 100 },
  { kind: "neighbor", on: "internal.80", address: "10.30.0.8", mac: mac(97), table: 100 },
  { kind: "route", table: 100, prefix: "0.0.0.0/0", paths: [{ via: "10.30.0.9", interface: "internal.80" }] },
  { kind: "route", table: 100, prefix: "10.99.0.0/16", paths: [{ via: "10.30.0.7" }] },
  settings("internal.80", 1500),
];

function coreOf(folder: string): readonly VppObject[] {
  return [
    ...apart,
    { kind: "host-interface", name: "external", device: "vw-ext", mac: mac(1) },
    { kind: "host-interface", name: "internal", device: "vw-int", mac: mac(2) },
    { kind: "host-interface", name: "host-vw-incus", device: "vw-incus", mac: mac(3) },
    { kind: "host-interface", name: "te1", device: "vw-te1" },
    { kind: "host-interface", name: "te2", device: "vw-te2" },
    { kind: "bond", name: "backbone", id: 0, mode: "lacp", balance: "l34" },
    { kind: "bond-member", on: "te1", bond: "backbone" },
    { kind: "bond-member", on: "te2", bond: "backbone" },
    { kind: "tap", name: "tap10", id: 10, device: "vw-tap" },
    { kind: "vxlan", name: "vxlan_tunnel7", source: "10.255.0.1", destination: "192.0.2.200", vni: 700 },
    { kind: "loopback", name: "loop0" },
    { kind: "loopback", name: "loop1" },
    { kind: "bvi", name: "bvi60" },
    vlan("backbone", 100),
    vlan("external", 25),
    vlan("external", 900),
    vlan("internal", 900),
    { kind: "vlan", name: "internal.70", parent: "internal", number: 70, encapsulation: "dot1ad", outer: 70 },
    {
      kind: "vlan",
      name: "internal.700",
      parent: "internal",
      number: 700,
      encapsulation: "dot1ad",
      outer: 70,
      inner: 7,
    },
    vlan("internal", 30),
    vlan("internal", 40),
    vlan("internal", 60),
    ...sockets(folder),
    memif(1, "master", 11),
    memif(2, "master", 12),
    ...["external", "internal", "external.25", "internal.30", "internal.40", "internal.70"].map((name) => pair(name)),
    pair("backbone"),
    pair("backbone.100"),
    pair("internal.700", "internal.70.7"),
    pair("loop0", "lo0"),
    { kind: "bridge", id: 60, learn: true, flood: true, forward: true, arpTermination: false, macAge: 5 },
    { kind: "bridge-port", on: "internal.60", bridge: 60, isBvi: false },
    { kind: "bridge-port", on: "bvi60", bridge: 60, isBvi: true },
    { kind: "tag-rewrite", on: "internal.60", pop: 1 },
    { kind: "cross-connect", on: "external.900", to: "internal.900" },
    { kind: "cross-connect", on: "internal.900", to: "external.900" },
    { kind: "unnumbered", on: "loop1", as: "loop0" },
    address("external", "198.51.100.2/24"),
    address("external", "2001:db8:100::2/64"),
    address("external.25", "192.0.2.130/31"),
    address("internal", "10.10.0.1/24"),
    address("internal.30", "10.30.0.1/24"),
    address("internal.30", "2001:db8:30::1/64"),
    address("bvi60", "10.60.0.1/24"),
    address("loop0", "10.255.0.1/32"),
    address("backbone", "198.51.101.128/31"),
    address("backbone.100", "2001:db8:0:2::1/64"),
    address("internal.700", "10.70.7.1/24"),
    address("tap10", "10.99.0.1/30"),
    { kind: "neighbor", on: "internal.30", address: "10.30.0.9", mac: mac(99) },
    address("host-vw-incus", "10.234.116.5/24"),
    address("host-vw-incus", "2001:db8:116::5/64"),
    address("memif1/0", "169.254.1.4/31"),
    address("memif2/0", "169.254.1.2/31"),
    {
      kind: "router-advertisements",
      on: "host-vw-incus",
      sends: true,
      maxInterval: 30,
      minInterval: 15,
      lifetime: 90,
      managed: false,
      other: true,
    },
    {
      kind: "advertised-prefix",
      on: "host-vw-incus",
      prefix: "2001:db8:116::/64",
      valid: 2_592_000,
      preferred: 604_800,
      onLink: true,
      autonomous: true,
    },
    { kind: "unicast-rpf", on: "external.25", family: "ipv4", mode: "loose" },
    steered,
    {
      kind: "acl",
      tag: "edge-in",
      rules: [{ ...any, action: "permit", source: "0.0.0.0/0", destination: "0.0.0.0/0" }],
    },
    { kind: "interface-acls", on: "external.25", in: ["edge-in"], out: [] },
    { kind: "abf-policy", id: 1, acl: "imp:nat", paths: [{ via: "169.254.1.5", interface: "memif1/0" }] },
    { kind: "abf-attachment", policy: 1, on: "host-vw-incus", family: "ipv4", priority: 100 },
    { kind: "policer", name: "guests", rateKbps: 100_000, burstBytes: 1_250_000, exceed: "drop" },
    { kind: "policer-use", on: "internal.40", direction: "in", policer: "guests" },
    { kind: "route", prefix: "0.0.0.0/0", paths: [{ via: "198.51.100.1", interface: "external" }] },
    { kind: "route", prefix: "203.0.113.8/29", paths: [{ via: "169.254.1.3", interface: "memif2/0" }] },
    {
      kind: "vrrp",
      on: "internal",
      id: 40,
      family: "ipv4",
      addresses: ["10.10.0.254"],
      priority: 150,
      interval: 100,
      preempt: true,
      accept: true,
      peers: [],
      track: [["external", 50]],
    },
    { kind: "dhcp-relay", server: "10.255.0.67", source: "10.30.0.1" },
    { kind: "lldp", systemName: "r1.example.net", interval: 30, hold: 4 },
    { kind: "lldp-port", on: "internal", description: "to r2" },
    {
      kind: "raw",
      name: "limit",
      commands: ["set ip neighbor-config ip4 limit 100000"],
      undo: ["set ip neighbor-config ip4 limit 50000"],
      impact: "hitless",
    },
    settings("external", 1500),
    { kind: "settings", on: "internal", up: true, mtu: 1500, rxMode: "interrupt" },
    settings("host-vw-incus", 1500),
    ...["te1", "te2", "backbone", "loop0", "loop1", "tap10", "vxlan_tunnel7"].map((name) => settings(name, 1500)),
    ...["backbone.100", "external.900", "internal.70", "internal.700", "internal.900"].map((name) =>
      settings(name, 1500),
    ),
    settings("bvi60", 1500),
    ...["external.25", "internal.30", "internal.40", "internal.60"].map((name) => settings(name, 1500)),
    settings("memif1/0", 1500),
    settings("memif2/0", 1500),
  ];
}

function natOf(folder: string): readonly VppObject[] {
  return [
    ...sockets(folder),
    memif(1, "slave", 21),
    memif(2, "slave", 22),
    address("memif1/0", "169.254.1.5/31"),
    address("memif2/0", "169.254.1.3/31"),
    { kind: "route", prefix: "0.0.0.0/0", paths: [{ via: "169.254.1.2", interface: "memif2/0" }] },
    { kind: "route", prefix: "10.234.116.0/24", paths: [{ via: "169.254.1.4", interface: "memif1/0" }] },
    { kind: "det44" },
    { kind: "det44-timeouts", udp: 300, tcpEstablished: 7440, tcpTransitory: 240, icmp: 60 },
    { kind: "det44-role", on: "memif1/0", side: "inside" },
    { kind: "det44-role", on: "memif2/0", side: "outside" },
    { kind: "det44-mapping", inside: "10.234.116.0/24", outside: "203.0.113.8/29" },
    { kind: "loopback", name: "loop0" },
    { kind: "loopback", name: "loop1" },
    { kind: "nat64" },
    { kind: "nat64-prefix", prefix: "64:ff9b::/96" },
    { kind: "nat64-pool", address: "203.0.113.16" },
    { kind: "nat64-pool", address: "203.0.113.17" },
    { kind: "nat64-role", on: "loop0", side: "inside" },
    { kind: "nat64-role", on: "loop1", side: "outside" },
    ...["memif1/0", "memif2/0", "loop0", "loop1"].map((name) => settings(name, 1500)),
  ];
}

/** Sockets of memif are below the folder. Its ports are the devices vw-ext, vw-int, vw-incus, vw-te1 and vw-te2. */
export function applianceIn(folder: string): Required<Omit<VppDesired, "prune">> {
  return { core: { objects: coreOf(folder) }, nat: { objects: natOf(folder) } };
}

/** A VLAN more, another MTU, an address on another interface, a mapping more, a bridge less. */
export function pushed({
  core: old,
  nat: before,
}: Required<Omit<VppDesired, "prune">>): Required<Omit<VppDesired, "prune">> {
  const bridged = (object: VppObject) =>
    "bridge" in object ||
    object.kind === "bridge" ||
    ("on" in object && ["bvi60", "internal.60"].includes(object.on)) ||
    ("name" in object && ["bvi60", "internal.60"].includes(object.name));
  const objects = old.objects
    .filter(
      (object) => !bridged(object) && JSON.stringify(object) !== JSON.stringify(address("internal.30", "10.30.0.1/24")),
    )
    .map((object) =>
      object.kind === "settings" && object.on === "internal.40" ? settings("internal.40", 1400) : object,
    );
  return {
    core: {
      objects: [
        ...objects,
        vlan("internal", 50),
        pair("internal.50"),
        settings("internal.50", 1500),
        address("internal.40", "10.30.0.1/24"),
      ],
    },
    nat: {
      objects: [...before.objects, { kind: "det44-mapping", inside: "10.30.0.0/24", outside: "203.0.113.0/29" }],
    },
  };
}

/** The same things, nearly all of them otherwise: what VPP changes in place, and what has to be made anew. */
export function altered({ core, nat }: Required<Omit<VppDesired, "prune">>): Required<Omit<VppDesired, "prune">> {
  return { core: { objects: core.objects.map(otherwise) }, nat: { objects: nat.objects.map(otherwise) } };
}

function intoOther({ table }: { readonly table?: number }): { readonly table?: number } {
  return table === undefined ? {} : { table: 200 };
}

function otherwise(object: VppObject): VppObject {
  switch (object.kind) {
    case "bridge":
      return { ...object, learn: false, arpTermination: true, macAge: 0 };
    case "acl":
      return { ...object, rules: object.rules.toReversed() };
    case "interface-acls":
      return { ...object, in: ["imp:nat"], out: ["edge-in"] };
    case "abf-policy":
      return { ...object, paths: [{ via: "10.10.0.77", interface: "internal" }] };
    case "abf-attachment":
      return { ...object, priority: 50 };
    case "policer":
      return { ...object, rateKbps: 50_000, burstBytes: 625_000, exceed: "transmit" };
    case "policer-use":
      return { ...object, direction: "out" };
    case "router-advertisements":
      return { ...object, sends: false, maxInterval: 60, minInterval: 20, lifetime: 0, managed: true, other: false };
    case "advertised-prefix":
      return { ...object, valid: 4_294_967_295, preferred: 4_294_967_295, autonomous: false };
    case "unicast-rpf":
      return { ...object, mode: "strict" };
    case "route":
      return object.prefix === "203.0.113.8/29" ? { ...object, paths: [] } : { ...object, ...intoOther(object) };
    case "vrf":
    case "vrf-member":
    case "address":
      return { ...object, ...intoOther(object) };
    case "neighbor":
      return { ...object, mac: mac(98), ...intoOther(object) };
    case "vrrp":
      return { ...object, priority: 90, peers: ["10.10.0.3", "10.10.0.4"], track: [["backbone", 20]], accept: false };
    case "dhcp-relay":
      return { ...object, server: "10.255.0.68" };
    case "lldp":
      return { ...object, systemName: "r2.example.net", interval: 20, hold: 3 };
    case "lldp-port":
      return { ...object, description: "to r3" };
    case "linux-pair":
      return object.on === "loop0" ? { ...object, name: "lo9" } : object;
    case "bond":
      return { ...object, mode: "xor", balance: "l2" };
    case "tag-rewrite":
    case "cross-connect":
      return object;
    case "loopback":
      return { ...object, mac: mac(object.name === "loop0" ? 70 : 71) };
    case "det44-timeouts":
      return { ...object, udp: 200, icmp: 30 };
    case "det44-mapping":
      return { ...object, outside: "203.0.113.0/29" };
    case "nat64-pool":
      return object.address === "203.0.113.17" ? { ...object, address: "203.0.113.18" } : object;
    case "settings":
      return object.on === "internal" ? { ...object, mtu: 9000, rxMode: "polling" } : object;
    case "raw":
      return { ...object, commands: ["set ip neighbor-config ip4 limit 90000"] };
    default:
      return object;
  }
}
