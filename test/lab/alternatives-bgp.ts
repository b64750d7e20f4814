/** What BGP can say instead of what: the instance, peer-groups and peers. */
import { type Alternatives, key } from "./alternatives.ts";

const peer = ["bgp", "peers", "a"];
const internal = ["bgp", "peers", "i"];
const group = ["bgp", "peer-groups", "g"];

const ofSession: readonly ((at: readonly string[]) => Alternatives)[] = [
  (at) => ({
    at,
    values: [
      {},
      { "ttl-security-hops": 1 },
      { "ttl-security-hops": 7 },
      { "ebgp-multihop": 2 },
      { "ebgp-multihop": 255 },
    ],
  }),
  (at) => key(at, "graceful-restart", "restart", "helper", "off"),
  (at) => key(at, "bfd", false, true, "fast", "slow"),
  (at) => key(at, "passive", false, true),
  (at) => key(at, "shutdown", false, true),
  (at) => key(at, "capability-extended-next-hop", false, true),
  (at) => key(at, "enforce-first-as", false, true),
  (at) => key(at, "description", "one", "two words"),
  (at) => key(at, "update-source", "192.0.2.2", "external.25", "loop0"),
  (at) => key(at, "password", { secret: "one" }, { secret: "two" }),
  (at) =>
    key(
      at,
      "timers",
      { "keepalive-seconds": 60, "hold-seconds": 180 },
      { "keepalive-seconds": 60, "hold-seconds": 180, "connect-seconds": 5 },
      { "keepalive-seconds": 3, "hold-seconds": 9, "connect-seconds": 120 },
      { "keepalive-seconds": 0, "hold-seconds": 0 },
    ),
  (at) =>
    key(
      at,
      "local-as",
      { asn: 64510 },
      { asn: 64511 },
      { asn: 64510, "no-prepend": true },
      { asn: 64510, "no-prepend": true, "replace-as": true },
    ),
];

const ofFamily: readonly ((at: readonly string[]) => Alternatives)[] = [
  (at) => key(at, "add-path", "all", "best-per-as"),
  (at) => key(at, "send-community", "standard", "extended", "large", "both", "all", "none"),
  (at) => key(at, "next-hop-self", false, true),
  (at) => key(at, "route-server-client", false, true),
  (at) => key(at, "soft-reconfiguration", false, true),
  (at) => key(at, "remove-private-as", false, true),
  (at) => key(at, "default-originate", false, true, "m", "n"),
  (at) => key(at, "allow-own-as", 1, 3, 10),
  (at) => key(at, "weight", 0, 10, 20),
  (at) =>
    key(
      at,
      "max-prefix",
      { limit: 10 },
      { limit: 20 },
      { limit: 10, "warning-percent": 75 },
      { limit: 10, "warning-percent": 90 },
      { limit: 10, "warning-only": true },
      { limit: 10, "warning-percent": 90, "warning-only": true },
      { limit: 10, "restart-minutes": 5 },
      { limit: 10, "warning-percent": 90, "restart-minutes": 9 },
    ),
  ...(["route-map", "prefix-list", "as-path-list"] as const).map((filter) => (at: readonly string[]) => {
    const [one, two] = { "route-map": ["m", "n"], "prefix-list": ["p", "q"], "as-path-list": ["long", "short"] }[
      filter
    ];
    return key(at, filter, { in: one ?? "" }, { in: two ?? "" }, { out: one ?? "" }, { in: one ?? "", out: two ?? "" });
  }),
];

export const bgpAlternatives: readonly Alternatives[] = [
  {
    at: peer,
    values: [
      {},
      { kind: "peer" },
      ...[{ kind: "peer" }, { kind: "upstream" }, { kind: "customer" }].flatMap((one) => [
        { ...one, role: "offered" },
        { ...one, role: "required" },
      ]),
    ],
  },
  key(["bgp"], "graceful-restart", "restart", "helper", "off"),
  {
    at: ["bgp"],
    values: [
      { "graceful-restart": "restart" },
      { "graceful-restart": "restart", "restart-seconds": 90 },
      { "graceful-restart": "off" },
    ],
  },
  key(["bgp"], "router-id", "192.0.2.101", "192.0.2.102"),
  key(["bgp"], "cluster-id", "192.0.2.101", "192.0.2.102"),
  ...[
    "ebgp-requires-policy",
    "log-neighbor-changes",
    "compare-router-id",
    "deterministic-med",
    "always-compare-med",
  ].map((name) => key(["bgp"], name, false, true)),
  key(
    ["bgp"],
    "multipath",
    { ebgp: 4 },
    { ebgp: 8, ibgp: 2 },
    { "as-path-relax": true },
    { "as-path-relax": false, ibgp: 4 },
  ),
  key(
    ["bgp"],
    "timers",
    { "keepalive-seconds": 60, "hold-seconds": 180 },
    { "keepalive-seconds": 20, "hold-seconds": 60, "connect-seconds": 15 },
    { "keepalive-seconds": 10, "hold-seconds": 30 },
  ),
  {
    at: ["bgp", "announce"],
    values: [
      {},
      { "10.7.0.0/16": {} },
      { "10.7.0.0/16": { blackhole: false } },
      { "10.7.0.0/16": { "route-map": "m" } },
      { "10.7.0.0/16": { "route-map": "n", blackhole: false } },
    ],
  },
  {
    at: ["bgp", "aggregates"],
    values: [
      {},
      ...[
        {},
        { "summary-only": true },
        { "as-set": true },
        { "summary-only": true, "as-set": true },
        { "summary-only": true, "as-set": true, "route-map": "m" },
        { "route-map": "n" },
      ].map((one) => ({ "10.0.0.0/8": one })),
    ],
  },
  ...["connected", "static", "kernel", "ospf", "ospf6"].map((from) =>
    key(
      ["bgp", "redistribute"],
      from,
      {},
      { metric: 5 },
      { metric: 6 },
      { "route-map": "m" },
      { "route-map": "n" },
      { metric: 5, "route-map": "m" },
    ),
  ),
  ...[peer, group].flatMap((at) => ofSession.map((one) => one(at))),
  ...[peer, group].flatMap((at) => ofFamily.map((one) => one([...at, "ipv4"]))),
  ...ofFamily.slice(0, 5).map((one) => one([...internal, "ipv4"])),
  ...[group, peer].map((at) => key([...at, "ipv6"], "activate", false, true)),
  ...[["bgp", "peer-groups", "ig"], internal].map((at) => key([...at, "ipv4"], "route-reflector-client", false, true)),
  {
    at: peer,
    values: [
      {},
      { "remote-as": 64497 },
      { "remote-as": "external" },
      { "remote-as": "internal" },
      { "remote-as": 64500 },
    ],
  },
  {
    at: peer,
    values: [
      {},
      { maintenance: "drain" },
      { maintenance: "drain", ipv4: { "route-map": { in: "m", out: "n" } } },
      { maintenance: "drain", ipv4: { "prefix-list": { in: "p" } }, ipv6: { "route-map": { out: "m" } } },
      { ipv4: { "route-map": { in: "n", out: "n" } } },
    ],
  },
  key(internal, "maintenance", "drain"),
  { at: peer, values: [{}, { group: "g" }, { group: "h" }, { group: "ga", "remote-as": null }] },
  {
    at: peer,
    values: [
      {},
      { address: "fe80::9", interface: "external.25" },
      { address: "fe80::9", interface: "external.26" },
      { address: null, interface: "external.25" },
    ],
  },
  key(["bgp", "peers", "u"], "group", "g", "h"),
];
