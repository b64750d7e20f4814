/**
 * Random states that VPP can have: choices from a universe of objects of every kind, on few interfaces, so that they meet.
 * What cannot be with what was chosen before is left out.
 */
import { type Arbitrary, nat, record, tuple } from "fast-check";
import { vlansOf } from "../../reconcilers/vpp/kinds/vlans.ts";
import type { InstanceDesired, VppDesired, VppObject } from "../../reconcilers/vpp/model.ts";
import { fits, placed } from "./vpp-fits.ts";

/** Objects of which one is there, or none. */
type Slot = readonly (VppObject | readonly VppObject[])[];

const physical = ["eth0", "eth1", "eth2", "eth3"] as const;
/** NICs that the simulated core has. */
export const nics: readonly string[] = physical;

const mac = (number: number): string => `02:00:00:00:10:${number.toString(16).padStart(2, "0")}`;
const vlan = (parent: string, number: number, more: object = {}): VppObject => ({
  kind: "vlan",
  name: `${parent}.${number}`,
  parent,
  number,
  encapsulation: "dot1q",
  outer: number,
  ...more,
});

const made: readonly Slot[] = [
  ...physical.map((name): Slot => [{ kind: "physical", name }]),
  [
    { kind: "host-interface", name: "wan", device: "w0" },
    { kind: "host-interface", name: "wan", device: "w1", mac: mac(1) },
  ],
  [
    { kind: "tap", name: "tap1", id: 1, device: "t1" },
    { kind: "tap", name: "tap1", id: 1, device: "t2", mac: mac(2) },
    { kind: "tap", name: "tap1", id: 1, device: "t1", namespace: "other", bridge: "br0" },
  ],
  [
    { kind: "loopback", name: "loop0" },
    { kind: "loopback", name: "loop0", mac: mac(3) },
  ],
  [{ kind: "loopback", name: "loop5" }],
  [
    { kind: "bvi", name: "bvi10" },
    { kind: "bvi", name: "bvi10", mac: mac(4) },
  ],
  [
    { kind: "bond", name: "bond0", id: 0, mode: "lacp", balance: "l34" },
    { kind: "bond", name: "bond0", id: 0, mode: "active-backup", mac: mac(5) },
    { kind: "bond", name: "bond0", id: 3, mode: "xor", balance: "l2" },
  ],
  [{ kind: "bond-member", on: "eth2", bond: "bond0" }],
  [{ kind: "bond-member", on: "eth3", bond: "bond0" }],
  [
    { kind: "vxlan", name: "vxlan_tunnel7", source: "10.250.0.1", destination: "10.250.0.2", vni: 7 },
    { kind: "vxlan", name: "vxlan_tunnel7", source: "10.250.0.1", destination: "10.250.0.3", vni: 8 },
  ],
  [
    { kind: "memif-socket", id: 1, path: "/run/m1.sock" },
    { kind: "memif-socket", id: 1, path: "/run/other.sock" },
  ],
  [
    { kind: "memif-socket", id: 2, path: "/run/m2.sock" },
    { kind: "memif-socket", id: 2, path: "/run/m1.sock" },
  ],
  ...[1, 2].map((socket): Slot =>
    (["master", "slave"] as const).map((role) => ({
      kind: "memif",
      name: `memif${socket}/0`,
      socket,
      id: 0,
      role,
      mac: mac(10 + socket),
    })),
  ),
  [vlan("eth0", 10), vlan("eth0", 10, { outer: 11 }), vlan("eth0", 10, { encapsulation: "dot1ad" })],
  [vlan("eth0", 11), vlan("eth0", 11, { outer: 10, inner: 5 })],
  [vlan("eth1", 20), vlan("eth1", 20, { outer: 22 })],
  [vlan("eth1", 21, { outer: 20, inner: 7 }), vlan("eth1", 21, { outer: 22, inner: 7 })],
  [vlan("bond0", 30), vlan("bond0", 30, { encapsulation: "dot1ad", outer: 30, inner: 3 })],
  [vlan("wan", 40)],
  [vlan("vxlan_tunnel7", 50)],
];

const families = ["ipv4", "ipv6"] as const;
const tables: readonly Slot[] = [100, 200].flatMap((table) =>
  families.map((family): Slot => [{ kind: "vrf", table, family }]),
);

const routed = [
  "eth0",
  "eth1",
  "eth0.10",
  "eth0.11",
  "eth1.20",
  "eth1.21",
  "bond0",
  "bond0.30",
  "loop0",
  "bvi10",
  "tap1",
  "wan",
  "wan.40",
  "vxlan_tunnel7",
  "vxlan_tunnel7.50",
  "memif1/0",
  "memif2/0",
];
const some = (...names: readonly string[]): readonly string[] => names;

/** The same thing, on one of several interfaces. */
function on(names: readonly string[], what: (name: string) => VppObject | readonly VppObject[]): Slot {
  return names.map(what);
}

const address = (name: string, text: string): VppObject => ({ kind: "address", on: name, address: text });

const addressed: readonly Slot[] = [
  on(some("eth0", "eth1.20", "loop0", "bond0"), (name) => address(name, "192.0.2.1/24")),
  on(some("eth0", "eth1.20", "tap1"), (name) => address(name, "192.0.2.2/24")),
  [address("loop0", "192.0.2.1/32"), address("eth1", "192.0.2.129/25")],
  on(some("eth0.10", "eth1.21", "bvi10"), (name) => address(name, "10.1.0.1/24")),
  on(some("eth0.10", "bond0.30", "memif1/0"), (name) => address(name, "2001:db8:1::1/64")),
  on(some("eth0.10", "eth1.20", "bvi10"), (name) => address(name, "2001:db8:2::1/64")),
  on(some("eth0.11", "wan", "loop0"), (name) => address(name, "2001:db8:2::2/64")),
  [address("wan.40", "198.51.100.1/31"), address("wan.40", "198.51.100.0/31"), address("wan", "198.51.100.1/30")],
  [address("eth0", "fe80::1/128"), address("eth0", "fe80::2/128")],
  ...some("memif1/0", "memif2/0").map((name, i): Slot => [address(name, `169.254.0.${i * 2}/31`)]),
  [
    { kind: "unnumbered", on: "loop5", as: "loop0" },
    { kind: "unnumbered", on: "eth1", as: "eth0" },
  ],
];

const paired: readonly Slot[] = routed.map((name): Slot => [
  { kind: "linux-pair", on: name, name: name.replace("/", "-").replace("vxlan_tunnel", "vx") },
  { kind: "linux-pair", on: name, name: `x${name.replace("/", "-").replace("vxlan_tunnel", "vx")}` },
]);

const inTables: readonly Slot[] = some("eth0", "eth0.10", "eth1.20", "loop0", "loop5", "bvi10").flatMap((name) =>
  families.map((family): Slot => [100, 200].map((table) => ({ kind: "vrf-member", on: name, family, table }))),
);

const advertised: readonly Slot[] = some("eth0.10", "bvi10").flatMap((name): readonly Slot[] => [
  [
    {
      kind: "router-advertisements",
      on: name,
      sends: true,
      maxInterval: 30,
      minInterval: 10,
      lifetime: 90,
      managed: true,
      other: false,
    },
    {
      kind: "router-advertisements",
      on: name,
      sends: true,
      maxInterval: 200,
      minInterval: 150,
      lifetime: 600,
      managed: false,
      other: true,
    },
    {
      kind: "router-advertisements",
      on: name,
      sends: false,
      maxInterval: 600,
      minInterval: 200,
      lifetime: 1800,
      managed: false,
      other: false,
    },
  ],
  ["2001:db8:1::/64", "2001:db8:2::/64"].flatMap((prefix): VppObject[] =>
    [true, false].map((autonomous) => ({
      kind: "advertised-prefix",
      on: name,
      prefix,
      valid: autonomous ? 3600 : 7200,
      preferred: 1800,
      onLink: true,
      autonomous,
    })),
  ),
]);

const any = { protocol: 0, from: [0, 65_535], to: [0, 65_535], tcpMask: 0, tcpValue: 0 } as const;
const rules = [
  { ...any, action: "permit", source: "10.0.0.0/8", destination: "0.0.0.0/0" },
  { ...any, action: "deny", source: "::/0", destination: "2001:db8::/32" },
  {
    ...any,
    action: "permit-reflect",
    source: "0.0.0.0/0",
    destination: "192.0.2.0/24",
    protocol: 6,
    to: [80, 443],
    tcpMask: 2,
    tcpValue: 2,
  },
] as const;

const filtered: readonly Slot[] = [
  ...some("edge", "inside", "steer").map((tag): Slot => [
    { kind: "acl", tag, rules: [rules[0]] },
    { kind: "acl", tag, rules: [rules[2], rules[1]] },
    { kind: "acl", tag, rules: [] },
  ]),
  ...some("eth0", "eth0.10", "eth1.20").map((name): Slot => [
    { kind: "interface-acls", on: name, in: ["edge"], out: [] },
    { kind: "interface-acls", on: name, in: ["inside", "edge"], out: ["edge"] },
    { kind: "interface-acls", on: name, in: [], out: ["inside", "steer"] },
  ]),
  [
    { kind: "abf-policy", id: 1, acl: "steer", paths: [{ via: "169.254.0.1", interface: "memif1/0" }] },
    {
      kind: "abf-policy",
      id: 1,
      acl: "steer",
      paths: [
        { via: "169.254.0.1", interface: "memif1/0" },
        { via: "169.254.0.3", interface: "memif2/0" },
      ],
    },
    { kind: "abf-policy", id: 1, acl: "edge", paths: [{ via: "192.0.2.77" }] },
  ],
  [{ kind: "abf-policy", id: 2, acl: "steer", paths: [{ via: "192.0.2.9", interface: "eth0" }] }],
  ...some("eth0", "eth0.10", "eth1.21").flatMap((name): readonly Slot[] =>
    [1, 2].map((policy): Slot => [
      { kind: "abf-attachment", policy, on: name, family: "ipv4", priority: 10 },
      { kind: "abf-attachment", policy, on: name, family: "ipv4", priority: 20 },
    ]),
  ),
  ...some("eth0", "eth0.10").flatMap((name): readonly Slot[] =>
    (["ipv4", "ipv6"] as const).map((family): Slot => [
      { kind: "unicast-rpf", on: name, family, mode: "strict" },
      { kind: "unicast-rpf", on: name, family, mode: "loose" },
    ]),
  ),
  ...some("slow", "fast").map((name): Slot => [
    { kind: "policer", name, rateKbps: 1000, burstBytes: 100_000, exceed: "drop" },
    { kind: "policer", name, rateKbps: 2000, burstBytes: 100_000, exceed: 8 },
  ]),
  ...some("eth0", "eth1.20").flatMap((name): readonly Slot[] =>
    (["in", "out"] as const).map((direction): Slot =>
      ["slow", "fast"].map((policer) => ({ kind: "policer-use", on: name, direction, policer })),
    ),
  ),
];

const switched: readonly Slot[] = [
  ...[10, 20].map((id): Slot => [
    { kind: "bridge", id, learn: true, flood: true, forward: true, arpTermination: false, macAge: 0 },
    { kind: "bridge", id, learn: false, flood: true, forward: true, arpTermination: true, macAge: 5 },
  ]),
  [10, 20].map((bridge) => ({ kind: "bridge-port", on: "bvi10", bridge, isBvi: true })),
  ...some("eth1", "eth0.11", "eth1.20", "eth1.21", "tap1", "vxlan_tunnel7").map((name): Slot =>
    [10, 20].map((bridge) => ({ kind: "bridge-port", on: name, bridge, isBvi: false })),
  ),
  ...some("eth0.11", "eth1.20", "eth1.21").map((name): Slot =>
    [1, 2].map((pop) => ({ kind: "tag-rewrite", on: name, pop: pop as 1 | 2 })),
  ),
  [
    [
      { kind: "cross-connect", on: "eth1", to: "eth0.11" },
      { kind: "cross-connect", on: "eth0.11", to: "eth1" },
    ],
    [
      { kind: "cross-connect", on: "eth0.11", to: "eth1.21" },
      { kind: "cross-connect", on: "eth1.21", to: "eth0.11" },
    ],
  ],
];

const others: readonly Slot[] = [
  ...some("0.0.0.0/0", "203.0.113.0/24").map((prefix): Slot => [
    { kind: "route", prefix, paths: [{ via: "192.0.2.9", interface: "eth0" }] },
    { kind: "route", prefix, paths: [{ via: "10.1.0.9", interface: "eth0.10" }, { via: "192.0.2.9" }] },
    { kind: "route", prefix, paths: [] },
  ]),
  ...some("0.0.0.0/0", "203.0.113.0/24").map((prefix): Slot => [
    { kind: "route", table: 100, prefix, paths: [{ via: "192.0.2.9", interface: "eth0" }] },
    { kind: "route", table: 100, prefix, paths: [{ via: "10.1.0.9" }] },
    { kind: "route", table: 200, prefix, paths: [] },
  ]),
  [{ kind: "route", table: 200, prefix: "::/0", paths: [{ via: "2001:db8:2::9" }] }],
  [{ kind: "route", prefix: "2001:db8:ff::/48", paths: [{ via: "2001:db8:1::9", interface: "eth0.10" }] }],
  ...some("eth0", "eth0.10").map((name): Slot =>
    [50, 51].map((number) => ({ kind: "neighbor", on: name, address: "192.0.2.9", mac: mac(number) })),
  ),
  [{ kind: "neighbor", on: "eth0.10", address: "2001:db8:1::9", mac: mac(52) }],
  ...some("eth0", "eth0.10").map((name): Slot => [
    {
      kind: "vrrp",
      on: name,
      id: 5,
      family: "ipv4",
      addresses: ["192.0.2.254"],
      priority: 100,
      interval: 100,
      preempt: true,
      accept: false,
      peers: [],
      track: [],
    },
    {
      kind: "vrrp",
      on: name,
      id: 5,
      family: "ipv4",
      addresses: ["192.0.2.253", "192.0.2.254"],
      priority: 150,
      interval: 100,
      preempt: false,
      accept: true,
      peers: ["192.0.2.3"],
      track: [["eth1", 20]],
    },
    {
      kind: "vrrp",
      on: name,
      id: 5,
      family: "ipv6",
      addresses: ["fe80::100"],
      priority: 100,
      interval: 100,
      preempt: true,
      accept: false,
      peers: [],
      track: [
        ["eth0", 10],
        ["eth1.20", 30],
      ],
    },
  ]),
  [{ kind: "dhcp-relay", server: "10.9.0.1", source: "10.1.0.1" }],
  [{ kind: "dhcp-relay", server: "10.9.0.2", source: "10.1.0.1" }],
  [
    { kind: "lldp", systemName: "r1", interval: 30, hold: 4 },
    { kind: "lldp", systemName: "r2", interval: 10, hold: 3 },
  ],
  ...some("eth0", "eth1").map((name): Slot =>
    ["to a", "to b"].map((description) => ({ kind: "lldp-port", on: name, description })),
  ),
  ["100000", "90000"].map((limit) => ({
    kind: "raw",
    name: "limit",
    commands: [`set ip neighbor-config ip4 limit ${limit}`],
    undo: ["set ip neighbor-config ip4 limit 50000"],
    impact: "hitless",
  })),
];

const settings: readonly Slot[] = [...physical, ...routed.slice(2), "loop5"].map((name): Slot => [
  { kind: "settings", on: name, up: true, ...(!name.includes(".") && { mtu: 9000 }) },
  { kind: "settings", on: name, up: true, mtu: 1500 },
  { kind: "settings", on: name, up: false, mtu: 1400 },
]);

const translated: readonly Slot[] = [
  [{ kind: "memif-socket", id: 1, path: "/run/m1.sock" }],
  [
    { kind: "memif", name: "memif1/0", socket: 1, id: 0, role: "slave", mac: mac(60) },
    { kind: "memif", name: "memif1/0", socket: 1, id: 0, role: "slave", mac: mac(61) },
  ],
  [{ kind: "loopback", name: "loop0" }],
  [{ kind: "loopback", name: "loop1" }],
  [address("memif1/0", "169.254.0.1/31"), address("loop0", "169.254.0.1/31")],
  [{ kind: "route", prefix: "0.0.0.0/0", paths: [{ via: "169.254.0.0", interface: "memif1/0" }] }],
  [
    [{ kind: "det44" }, { kind: "det44-timeouts", udp: 300, tcpEstablished: 7440, tcpTransitory: 240, icmp: 60 }],
    [{ kind: "det44" }, { kind: "det44-timeouts", udp: 30, tcpEstablished: 7000, tcpTransitory: 200, icmp: 6 }],
  ],
  ...some("memif1/0", "loop0").map((name): Slot =>
    (["inside", "outside"] as const).map((side) => ({ kind: "det44-role", on: name, side })),
  ),
  ...some("10.0.0.0/24", "10.2.0.0/22").map((inside): Slot =>
    ["203.0.113.0/29", "203.0.113.8/32"].map((outside) => ({ kind: "det44-mapping", inside, outside })),
  ),
  [{ kind: "nat64" }],
  ["64:ff9b::/96", "2001:db8:64::/96"].map((prefix) => ({ kind: "nat64-prefix", prefix })),
  ...some("203.0.113.64", "203.0.113.65").map((text): Slot => [{ kind: "nat64-pool", address: text }]),
  ...some("loop0", "loop1").map((name): Slot =>
    (["inside", "outside"] as const).map((side) => ({ kind: "nat64-role", on: name, side })),
  ),
  ...some("memif1/0", "loop0", "loop1").map((name): Slot => [
    { kind: "settings", on: name, up: true, mtu: 1500 },
    { kind: "settings", on: name, up: false, mtu: 9000 },
  ]),
];

const core: readonly Slot[] = [
  ...tables,
  ...made,
  ...paired,
  ...inTables,
  ...addressed,
  ...advertised,
  ...filtered,
  ...switched,
  ...others,
  ...settings,
];

/** Of each slot one of what it has, or as often nothing. */
function stateOf(slots: readonly Slot[]): Arbitrary<InstanceDesired> {
  const choices = tuple(...slots.map((slot) => nat({ max: slot.length * 2 })));
  return choices.map((chosen) => {
    const objects: VppObject[] = [];
    chosen.forEach((choice, at) => {
      const picked = (choice === 0 ? [] : [slots[at]?.[choice - 1] ?? []].flat()).map((one) => placed(one, objects));
      if (picked.every((object) => fits(object, objects, picked))) objects.push(...picked);
    });
    return { objects: settled(objects) };
  });
}

/** Nothing is up on what is down. */
function settled(objects: readonly VppObject[]): readonly VppObject[] {
  const vlans = vlansOf(objects);
  const isUp = (name: string): boolean => objects.some((one) => one.kind === "settings" && one.on === name && one.up);
  return objects.map((object) => {
    const parent = object.kind === "settings" ? vlans.named(object.on)?.parent : undefined;
    return object.kind === "settings" && parent !== undefined && !isUp(parent) ? { ...object, up: false } : object;
  });
}

/** What there is of each kind in all the slots, so that a test can see that none is forgotten. */
export const kindsOfStates = new Set([...core, ...translated].flat(2).map(({ kind }) => kind));

export const vppStates: Arbitrary<Required<Omit<VppDesired, "prune">>> = record({
  core: stateOf(core),
  nat: stateOf(translated),
});
