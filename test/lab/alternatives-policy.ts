/** What static routes, lists, route-maps, OSPF and BFD can say instead of what. */
import { type Alternatives, key } from "./alternatives.ts";

const entry = ["route-maps", "m", "entries", "10"];
const link = (version: string) => [version, "interfaces", "external.25"];

const external = (name: string): readonly ((at: readonly string[]) => Alternatives)[] => [
  (at) =>
    key(
      at,
      name,
      {},
      { metric: 5 },
      { "metric-type": "type-1" },
      { "metric-type": "type-2" },
      { "route-map": "m" },
      { "route-map": "n" },
      { metric: 7, "metric-type": "type-1", "route-map": "m" },
    ),
];

const ospf = (version: "ospf" | "ospf3"): readonly Alternatives[] => [
  key([version, "areas", "0.0.0.1"], "kind", "normal", "stub", "stub-no-summary", "nssa", "nssa-no-summary"),
  ...external("default-originate").map((one) => one([version])),
  {
    at: [version],
    values: [
      { "default-originate": {} },
      { "default-originate": { always: true } },
      { "default-originate": { always: true, metric: 3 } },
    ],
  },
  ...["connected", "static", "kernel", "bgp"].flatMap((from) =>
    external(from).map((one) => one([version, "redistribute"])),
  ),
  key([version], "log-adjacency-changes", false, true),
  key([version], "router-id", "192.0.2.201", "192.0.2.202"),
  key([version], "reference-bandwidth", 1000, 40_000),
  key([version], "distance", 110, 120, 130),
  key([version], "max-paths", 1, 8, 64),
  key(link(version), "area", "0.0.0.1", "0.0.0.2"),
  key(link(version), "network", "broadcast", "point-to-point"),
  key(link(version), "passive", false, true),
  key(link(version), "mtu-ignore", false, true),
  { at: link(version), values: [{}, { cost: 7 }, { maintenance: "drain" }, { cost: 7, maintenance: "drain" }] },
  key(link(version), "bfd", false, true, "fast", "slow"),
  key(link(version), "cost", 1, 10, 20),
  key(link(version), "priority", 0, 1, 2),
  key(link(version), "hello-seconds", 5, 10),
  key(link(version), "dead-seconds", 20, 40),
];

export const policyAlternatives: readonly Alternatives[] = [
  // static routes
  {
    at: ["static", "10.1.0.0/16"],
    values: [
      { via: ["192.0.2.1"] },
      { via: ["192.0.2.1"], distance: 250 },
      { via: ["192.0.2.1"], distance: 20, tag: 7 },
      { via: ["192.0.2.1"], tag: 9 },
      { via: ["192.0.2.1", "203.0.113.1"] },
      { via: ["192.0.2.1", "203.0.113.1"], distance: 250 },
      { via: ["203.0.113.1"], distance: 250, tag: 7 },
      { via: ["192.0.2.1"], interface: "external.25" },
      { via: ["192.0.2.1"], interface: "external.25", distance: 30 },
      { interface: "external.25" },
      { interface: "external.25", distance: 40 },
      { interface: "external.26" },
      { discard: "blackhole" },
      { discard: "blackhole", distance: 254 },
      { discard: "reject" },
      { discard: "reject", distance: 254, tag: 3 },
    ],
  },
  {
    at: ["static", "2001:db8:7::/48"],
    values: [
      { via: ["2001:db8:25::1"] },
      { via: ["2001:db8:25::1"], distance: 250 },
      { via: ["fe80::1"], interface: "external.25" },
      { via: ["fe80::1"], interface: "external.25", distance: 7, tag: 1 },
      { discard: "blackhole" },
      { discard: "reject", distance: 9 },
    ],
  },
  // lists
  {
    at: ["community-lists", "c"],
    values: [
      { entries: { 10: { value: "64500:1" } } },
      { match: "regex", entries: { 10: { value: "64500:.*" } } },
      { entries: { 10: { action: "deny", value: "64500:1" }, 20: { value: "64500:2" } } },
      { entries: { 20: { value: "64500:1" } } },
      { entries: { 15: { action: "deny", value: "64500:1" } } },
      { kind: "large", entries: { 10: { value: "64500:1:1" } } },
      { kind: "large", match: "regex", entries: { 10: { value: "64500:.*" } } },
      { kind: "extended", entries: { 10: { value: "rt 64500:1" } } },
      { kind: "extended", match: "regex", entries: { 10: { value: "64500:.*" } } },
    ],
  },
  {
    at: ["prefix-lists", "f"],
    values: [
      { entries: { 10: { prefix: "10.0.0.0/8" } } },
      { entries: { 10: { action: "deny", prefix: "10.0.0.0/8" } } },
      { entries: { 10: { prefix: "10.0.0.0/8", ge: 16 } } },
      { entries: { 10: { prefix: "10.0.0.0/8", le: 24 } } },
      { entries: { 20: { prefix: "10.0.0.0/8", le: 24 } } },
      { family: "ipv6", entries: { 10: { prefix: "2001:db8::/32" } } },
    ],
  },
  {
    at: ["as-path-lists", "f"],
    values: [
      { entries: { 10: { regex: "^1_" } } },
      { entries: { 10: { action: "deny", regex: "^1_" } } },
      { entries: { 10: { regex: "^2_" } } },
      { entries: { 20: { regex: "^1_" } } },
    ],
  },
  // route-maps
  key(entry, "action", "permit", "deny"),
  key(entry, "description", "one", "two"),
  key(entry, "call", "n", "o"),
  key(entry, "continue", "next", 20, 30),
  key([...entry, "match"], "prefix-list", "p", "q", "p6"),
  key([...entry, "match"], "next-hop-prefix-list", "p", "q", "p6"),
  key([...entry, "match"], "as-path-list", "long", "short"),
  {
    at: [...entry, "match"],
    values: [
      {},
      { "community-list": "plain" },
      { "community-list": "plain", "community-exact": true },
      { "community-list": "words" },
    ],
  },
  key([...entry, "match"], "large-community-list", "large", "large-words"),
  key([...entry, "match"], "ext-community-list", "ext", "ext-words"),
  key([...entry, "match"], "interface", "external.25", "external.26"),
  key([...entry, "match"], "peer", "192.0.2.1", "2001:db8:25::1"),
  key([...entry, "match"], "protocol", "bgp", "connected", "kernel", "ospf", "ospf6", "static"),
  key([...entry, "match"], "origin", "igp", "egp", "incomplete"),
  key([...entry, "match"], "local-preference", 0, 100),
  key([...entry, "match"], "metric", 1, 100),
  key([...entry, "match"], "tag", 1, 100),
  key([...entry, "set"], "local-preference", 0, 100),
  key([...entry, "set"], "metric", 0, 100),
  key([...entry, "set"], "metric-type", "type-1", "type-2"),
  key([...entry, "set"], "weight", 0, 100),
  key([...entry, "set"], "origin", "igp", "incomplete"),
  key([...entry, "set"], "as-path-prepend", [64500], [64500, 64500], [64501]),
  {
    at: [...entry, "set"],
    values: [
      {},
      { communities: ["64500:1"] },
      { communities: ["64500:1"], additive: true },
      { communities: ["no-export", "64500:2"], additive: true },
      { "clear-communities": true },
      { "large-communities": ["64500:1:1"] },
      { "large-communities": ["64500:1:1"], additive: true },
      { "clear-large-communities": true },
      { "ext-communities": ["rt 64500:1"] },
      { "ext-communities": ["soo 64500:1"] },
      { "ext-communities": ["rt 64500:2", "soo 64500:2"] },
      { "delete-community-list": "plain" },
      { "delete-community-list": "words" },
      { "delete-large-community-list": "large" },
      { "delete-large-community-list": "large-words" },
    ],
  },
  key([...entry, "set"], "next-hop", "192.0.2.9", "192.0.2.10", "peer-address", "unchanged"),
  key([...entry, "set"], "ipv6-next-hop", "2001:db8::9", "2001:db8::a"),
  key([...entry, "set"], "tag", 1, 2),
  key([...entry, "set"], "source", "198.51.100.1", "192.0.2.2"),
  // OSPF and BFD
  ...ospf("ospf"),
  ...ospf("ospf3"),
  key(
    link("ospf"),
    "authentication",
    { key: { secret: "one" } },
    { key: { secret: "two" } },
    { "key-id": 7, key: { secret: "one" } },
  ),
  {
    at: ["ospf", "areas", "0.0.0.2"],
    values: [{}, { ranges: ["10.0.0.0/8"] }, { ranges: ["10.0.0.0/9", "10.0.0.0/8"] }],
  },
  {
    at: ["ospf3", "areas", "0.0.0.2"],
    values: [{}, { ranges: ["2001:db8::/32"] }, { ranges: ["2001:db8::/33", "2001:db8::/32"] }],
  },
  key(["bfd", "profiles", "slow"], "passive", false, true),
  key(["bfd", "profiles", "slow"], "minimum-ttl", 250, 254),
  ...["detect-multiplier", "receive-interval-ms", "transmit-interval-ms"].map((name) =>
    key(["bfd", "profiles", "slow"], name, ...(name.startsWith("d") ? [3, 5] : [300, 500])),
  ),
  {
    at: ["bfd", "peers", "a"],
    values: [
      {},
      { profile: "fast" },
      { profile: "slow" },
      { interface: "external.25" },
      { source: "192.0.2.2" },
      { source: "192.0.2.2", multihop: true },
    ],
  },
];
