/** The words of the machine file for lines of FRR, context by context: what spelling.ts reads them by. */
import type { JsonValue } from "../../schemas/json.ts";

/** A line without what says where it stands → keys ("timers/hold-seconds") and values. `ref` names an interface. */
export type Rule = readonly [
  RegExp,
  (found: readonly string[], ref: (linux: string) => string) => Readonly<Record<string, JsonValue>>,
];

const flag = (pattern: RegExp, key: string, value: JsonValue = true): Rule => [pattern, () => ({ [key]: value })];
const text = (pattern: RegExp, key: string): Rule => [pattern, ([one = ""]) => ({ [key]: one })];
const number = (pattern: RegExp, key: string): Rule => [pattern, ([one]) => ({ [key]: Number(one) })];
const asn = (one = ""): JsonValue => (/^\d+$/.test(one) ? Number(one) : one);

/** `neighbor X …` of the instance. */
export const sessionRules: readonly Rule[] = [
  text(/^description (.*)$/, "description"),
  flag(/^shutdown$/, "shutdown"),
  flag(/^passive$/, "passive"),
  flag(/^bfd$/, "bfd"),
  text(/^bfd profile (\S+)$/, "bfd"),
  [/^remote-as (\S+)$/, ([one]) => ({ "remote-as": asn(one) })],
  text(/^peer-group (\S+)$/, "group"),
  [
    /^ebgp-multihop(?: (\d+))?$/,
    ([hops]) => ({ "ebgp-multihop": hops === undefined ? 255 : Number(hops), "ttl-security-hops": null }),
  ],
  [/^ttl-security hops (\d+)$/, ([hops]) => ({ "ttl-security-hops": Number(hops), "ebgp-multihop": null })],
  // Which one it is says the kind; only that it is said at all stands apart.
  [/^local-role \S+( strict-mode)?$/, ([isStrict]) => ({ role: isStrict === undefined ? "offered" : "required" })],
  [
    /^local-as (\d+)( no-prepend)?( replace-as)?$/,
    ([one, keep, replace]) => ({
      "local-as": { asn: Number(one), ...(keep && { "no-prepend": true }), ...(replace && { "replace-as": true }) },
    }),
  ],
  flag(/^enforce-first-as$/, "enforce-first-as"),
  [/^update-source (\S+)$/, ([one = ""], ref) => ({ "update-source": ref(one) })],
  number(/^timers connect (\d+)$/, "timers/connect-seconds"),
  [
    /^timers (\d+) (\d+)$/,
    ([keep, hold]) => ({ "timers/keepalive-seconds": Number(keep), "timers/hold-seconds": Number(hold) }),
  ],
  flag(/^graceful-restart$/, "graceful-restart", "restart"),
  flag(/^graceful-restart-helper$/, "graceful-restart", "helper"),
  flag(/^graceful-restart-disable$/, "graceful-restart", "off"),
  flag(/^capability extended-nexthop$/, "capability-extended-next-hop"),
];

/** `neighbor X …` of an address family. */
export const familyRules: readonly Rule[] = [
  flag(/^activate$/, "activate"),
  ...(["route-map", "prefix-list"] as const).map((kind): Rule => [
    new RegExp(`^${kind} (\\S+) (in|out)$`),
    ([name = "", way]) => ({ [`${kind}/${way}`]: name }),
  ]),
  [/^filter-list (\S+) (in|out)$/, ([name = "", way]) => ({ [`as-path-list/${way}`]: name })],
  flag(/^next-hop-self$/, "next-hop-self"),
  flag(/^route-reflector-client$/, "route-reflector-client"),
  flag(/^route-server-client$/, "route-server-client"),
  flag(/^soft-reconfiguration inbound$/, "soft-reconfiguration"),
  flag(/^default-originate$/, "default-originate"),
  text(/^default-originate route-map (\S+)$/, "default-originate"),
  flag(/^remove-private-AS$/, "remove-private-as"),
  flag(/^allowas-in$/, "allow-own-as", 3),
  number(/^allowas-in (\d+)$/, "allow-own-as"),
  flag(/^addpath-tx-all-paths$/, "add-path", "all"),
  flag(/^addpath-tx-bestpath-per-AS$/, "add-path", "best-per-as"),
  number(/^weight (\d+)$/, "weight"),
  [
    /^maximum-prefix (\d+)(?: (\d+))??(?: (warning-only)| restart (\d+))?$/,
    ([limit, percent, only, restart]) => ({
      "max-prefix": {
        limit: Number(limit),
        ...(percent && { "warning-percent": Number(percent) }),
        ...(only && { "warning-only": true }),
        ...(restart && { "restart-minutes": Number(restart) }),
      },
    }),
  ],
];

/** `router bgp`, and its families but for neighbours. */
export const bgpRules: readonly Rule[] = [
  text(/^bgp router-id (\S+)$/, "router-id"),
  text(/^bgp cluster-id (\S+)$/, "cluster-id"),
  flag(/^bgp log-neighbor-changes$/, "log-neighbor-changes"),
  flag(/^no bgp ebgp-requires-policy$/, "ebgp-requires-policy", false),
  flag(/^bgp always-compare-med$/, "always-compare-med"),
  flag(/^bgp deterministic-med$/, "deterministic-med"),
  flag(/^bgp bestpath compare-routerid$/, "compare-router-id"),
  flag(/^bgp bestpath as-path multipath-relax$/, "multipath/as-path-relax"),
  flag(/^bgp graceful-restart$/, "graceful-restart", "restart"),
  flag(/^bgp graceful-restart-disable$/, "graceful-restart", "off"),
  number(/^bgp graceful-restart restart-time (\d+)$/, "restart-seconds"),
  number(/^maximum-paths (\d+)$/, "multipath/ebgp"),
  number(/^maximum-paths ibgp (\d+)$/, "multipath/ibgp"),
  [
    /^timers bgp (\d+) (\d+)$/,
    ([keep, hold]) => ({ "timers/keepalive-seconds": Number(keep), "timers/hold-seconds": Number(hold) }),
  ],
];

/** Of a route-map's entry. */
export const routeMapRules: readonly Rule[] = [
  text(/^description (.*)$/, "description"),
  text(/^call (\S+)$/, "call"),
  flag(/^on-match next$/, "continue", "next"),
  number(/^on-match goto (\d+)$/, "continue"),
  text(/^match ip(?:v6)? address prefix-list (\S+)$/, "match/prefix-list"),
  text(/^match ip(?:v6)? next-hop prefix-list (\S+)$/, "match/next-hop-prefix-list"),
  text(/^match as-path (\S+)$/, "match/as-path-list"),
  [
    /^match community (\S+)( exact-match)?$/,
    ([name = "", exact]) => ({ "match/community-list": name, "match/community-exact": exact !== undefined }),
  ],
  text(/^match large-community (\S+)$/, "match/large-community-list"),
  text(/^match extcommunity (\S+)$/, "match/ext-community-list"),
  [/^match interface (\S+)$/, ([one = ""], ref) => ({ "match/interface": ref(one) })],
  text(/^match peer (\S+)$/, "match/peer"),
  text(/^match source-protocol (\S+)$/, "match/protocol"),
  text(/^match origin (\S+)$/, "match/origin"),
  text(/^match rpki (\S+)$/, "match/rpki"),
  ...["local-preference", "metric", "tag"].map((key) => number(new RegExp(`^match ${key} (\\d+)$`), `match/${key}`)),
  ...["local-preference", "metric", "weight", "tag"].map((key) =>
    number(new RegExp(`^set ${key} (\\d+)$`), `set/${key}`),
  ),
  text(/^set origin (\S+)$/, "set/origin"),
  text(/^set metric-type (\S+)$/, "set/metric-type"),
  [/^set as-path prepend (.*)$/, ([list = ""]) => ({ "set/as-path-prepend": list.split(" ").map(Number) })],
  [/^set community none$/, () => ({ "set/clear-communities": true, "set/communities": null })],
  [/^set large-community none$/, () => ({ "set/clear-large-communities": true, "set/large-communities": null })],
  ...(["community", "large-community"] as const).map((kind): Rule => [
    new RegExp(`^set ${kind} (.*?)( additive)?$`),
    ([list = "", additive]) => ({
      [kind === "community" ? "set/communities" : "set/large-communities"]: list.split(" "),
      "set/additive": additive !== undefined,
    }),
  ]),
  text(/^set comm-list (\S+) delete$/, "set/delete-community-list"),
  text(/^set large-comm-list (\S+) delete$/, "set/delete-large-community-list"),
  text(/^set ip next-hop (\S+)$/, "set/next-hop"),
  text(/^set ipv6 next-hop global (\S+)$/, "set/ipv6-next-hop"),
  text(/^set src (\S+)$/, "set/source"),
  ...["rt", "soo"].map((kind): Rule => [
    new RegExp(`^set extcommunity ${kind} (.*)$`),
    ([list = ""]) => ({ "set/ext-communities": list.split(" ").map((one) => `${kind} ${one}`) }),
  ]),
];

/** Of a BFD profile. */
export const bfdRules: readonly Rule[] = [
  number(/^detect-multiplier (\d+)$/, "detect-multiplier"),
  number(/^receive-interval (\d+)$/, "receive-interval-ms"),
  number(/^transmit-interval (\d+)$/, "transmit-interval-ms"),
  number(/^minimum-ttl (\d+)$/, "minimum-ttl"),
  flag(/^passive-mode$/, "passive"),
];

/** `router ospf` and `router ospf6`. */
export const ospfInstanceRules: readonly Rule[] = [
  text(/^ospf6? router-id (\S+)$/, "router-id"),
  number(/^auto-cost reference-bandwidth (\d+)$/, "reference-bandwidth"),
  number(/^maximum-paths (\d+)$/, "max-paths"),
  number(/^distance (\d+)$/, "distance"),
  flag(/^log-adjacency-changes$/, "log-adjacency-changes"),
  [
    /^area (\S+) (stub|nssa)( no-summary)?$/,
    ([area = "", kind = "", none]) => ({ [`areas/${area}/kind`]: none ? `${kind}-no-summary` : kind }),
  ],
  [
    /^default-information originate( always)?(.*)$/,
    ([always, rest]) => ({ "default-originate": { ...(always && { always: true }), ...external(rest) } }),
  ],
  [
    /^redistribute (connected|static|kernel|bgp)( .*)?$/,
    ([from = "", rest]) => ({ [`redistribute/${from}`]: external(rest) }),
  ],
];

function external(options = ""): Readonly<Record<string, JsonValue>> {
  const after = (word: string) => new RegExp(` ${word} (\\S+)`).exec(options)?.[1];
  const [metric, type, map] = [after("metric"), after("metric-type"), after("route-map")];
  return {
    ...(metric && { metric: Number(metric) }),
    ...(type && { "metric-type": `type-${type}` }),
    ...(map && { "route-map": map }),
  };
}

/** `ip ospf …` and `ipv6 ospf6 …` of an interface. */
export const ospfRules: readonly Rule[] = [
  text(/^area (\S+)$/, "area"),
  number(/^cost (\d+)$/, "cost"),
  number(/^priority (\d+)$/, "priority"),
  number(/^hello-interval (\d+)$/, "hello-seconds"),
  number(/^dead-interval (\d+)$/, "dead-seconds"),
  text(/^network (\S+)$/, "network"),
  flag(/^passive$/, "passive"),
  flag(/^mtu-ignore$/, "mtu-ignore"),
  flag(/^bfd$/, "bfd"),
  text(/^bfd profile (\S+)$/, "bfd"),
];
