/**
 * What FRR 8.4's commands mean to a difference of two configurations: which line replaces which, how a line is taken
 * back, which lines are one object. Every rule was tried on 8.4.4; the integration test tries them again.
 */
import { isAmbientLine } from "../../schemas/frr-line.ts";

/** How far a context is a thing of its own. "group": exists only through what is in it, never added or removed itself. */
export type HeadKind = "group" | "object" | undefined;

/** Lines that open a context. */
export function headKind(path: readonly string[], line: string): HeadKind {
  if (path.length === 0) {
    if (line.startsWith("ip ")) return undefined;
    if (/^(interface|vrf) \S/.test(line) || line === "bfd") return "group";
    if (/^(router|route-map|key chain|segment-routing|rpki|mpls ldp|pseudowire|l2vpn)\b/.test(line)) return "object";
    return undefined;
  }
  if (line.startsWith("address-family ") || (path.length === 1 && line === "link-params")) return "group";
  if (path.length === 1 && path[0] === "bfd" && /^(profile|peer) /.test(line)) return "object";
  if (/^key \d+$/.test(line)) return "object";
  return undefined;
}

const neighborValues =
  "description|password|update-source|timers connect|timers|advertisement-interval|local-as|local-role|" +
  "bfd profile|maximum-prefix-out|maximum-prefix|weight|unsuppress-map|default-originate|" +
  "allowas-in|remove-private-AS|remote-as|interface|peer-group|soo";

/** Lines that set one thing in different words: of each kind a context holds one. [context, line, key]. */
const alternatives: readonly (readonly [RegExp, RegExp, string])[] = [
  [/^router bgp /, /^(neighbor \S+) (?:ebgp-multihop|ttl-security hops)\b.*$/, "$1 hops"],
  [/^router bgp /, /^(neighbor \S+ graceful-restart)(?:-helper|-disable)?$/, "$1"],
  [/^router bgp /, /^(neighbor \S+ addpath-tx)-\S+$/, "$1"],
  [/^router bgp /, /^(bgp graceful-restart)(?:-disable)?$/, "$1"],
  [/^router ospf6?\b/, /^(area \S+) (?:stub|nssa)\b.*$/, "$1 kind"],
];

/** The first match is the part of a line that says what it sets; the rest is the value. Tried in order. */
const keyPatterns: readonly { readonly where: RegExp; readonly keys: readonly RegExp[] }[] = [
  {
    where: /^$/,
    keys: [
      /^(?:ip|ipv6) prefix-list \S+ (?:seq \d+|description)/,
      /^bgp as-path access-list \S+ seq \d+/,
      /^bgp (?:large-|ext)?community-list (?:standard|expanded) \S+ seq \d+/,
      /^(?:ipv6 |mac )?access-list \S+ seq \d+/,
      /^ip router-id(?= \S+$)/,
      /^ip(?:v6)? protocol \S+/,
      /^router bgp (?:\d+)(?: vrf \S+| view \S+)?/,
    ],
  },
  {
    where: /^router bgp /,
    keys: [
      /^bgp (?:router-id|cluster-id|default local-preference|listen limit|confederation identifier)/,
      /^bgp graceful-restart (?:restart-time|stalepath-time|select-defer-time|rib-stale-time)/,
      /^bgp bestpath (?:as-path multipath-relax|med|bandwidth)/,
      /^(?:timers bgp|maximum-paths ibgp|maximum-paths|distance bgp|table-map|update-delay|write-quanta|read-quanta)/,
      /^(?:network|aggregate-address) \S+/,
      /^redistribute (?:ospf|table) \d+/,
      /^redistribute \S+/,
      /^neighbor \S+ (?:prefix-list|filter-list|route-map|distribute-list) \S+ (?:in|out)$/,
      new RegExp(`^neighbor \\S+ (?:${neighborValues})\\b`),
    ],
  },
  {
    where: /^router ospf6?\b/,
    keys: [
      /^(?:ospf6? router-id|auto-cost reference-bandwidth|timers throttle spf|timers lsa \S+|maximum-paths)/,
      /^(?:default-information originate|default-metric|distance(?! ospf6?)|max-metric router-lsa \S+)/,
      /^redistribute (?:ospf|table) \d+/,
      /^redistribute \S+/,
      /^area \S+ (?:authentication|default-cost|shortcut|export-list|import-list)\b/,
      /^area \S+ (?:range \S+|filter-list prefix \S+ (?:in|out))/,
      /^area \S+ virtual-link \S+ (?:authentication|message-digest-key \d+|[a-z-]+-interval|transmit-delay)/,
      /^(?:neighbor|network) \S+/,
    ],
  },
  {
    where: /^interface /,
    keys: [
      /^description/,
      /^ip ospf (?:message-digest-key \d+|authentication-key|authentication|network|area|bfd profile|[a-z-]+(?= \d+$))/,
      /^ipv6 ospf6 (?:network|area|bfd profile|[a-z-]+(?= \d+$))/,
      /^(?:bandwidth|link-params)\b/,
    ],
  },
  {
    where: /^route-map /,
    keys: [
      /^(?:description|call|on-match|continue)\b/,
      /^match ip(?:v6)? (?:address|next-hop|route-source) prefix-list/,
      /^match ip(?:v6)? (?:address|next-hop|route-source)/,
      /^match (?:as-path|community|large-community|extcommunity|interface|metric|tag|peer|origin|local-preference|source-protocol|source-instance|probability|evpn \S+|rpki)/,
      /^set (?:as-path (?:prepend|exclude|replace)|extcommunity \S+|ip next-hop|ipv6 next-hop \S+|comm-list|large-comm-list)/,
      /^set (?:[a-z-]+)/,
    ],
  },
  {
    where: /^bfd$/,
    keys: [
      /^(?:detect-multiplier|transmit-interval|receive-interval|minimum-ttl|echo-interval|echo transmit-interval|echo receive-interval)/,
      /^profile(?= \S+$)/,
    ],
  },
];

/**
 * What a line sets: of two lines with one key in one context the newer replaces the older. The words `no` in front do
 * not count, so that a default that is spelled out and its negation are one.
 */
export function lineKey(path: readonly string[], line: string): string {
  const positive = line.replace(/^no /, "");
  const map = path.length === 0 ? /^route-map (\S+) (?:permit|deny) (\d+)$/.exec(positive) : undefined;
  if (map) return `route-map ${map[1]} ${map[2]}`;
  if (isRoute(path, positive)) return routeKey(positive);
  // A profile of bfd is a context of bfd, but names one inside a peer.
  if (path[0] === "bfd" && path.length === 1) return positive;
  for (const [where, what, key] of alternatives) {
    if (where.test(path[0] ?? "") && what.test(positive)) return positive.replace(what, key);
  }
  const rules = keyPatterns.find((rules) => rules.where.test(path[0] ?? ""));
  for (const pattern of rules?.keys ?? []) {
    const match = pattern.exec(positive);
    if (!match) continue;
    const filter = /^(neighbor \S+ \S+) \S+ (in|out)$/.exec(match[0]);
    return filter && /(?:list|map)$/.test(filter[1] ?? "") ? `${filter[1]} ${filter[2]}` : match[0];
  }
  return positive;
}

/** Whether a line is a static route, of the default VRF or inside another. */
export function isRoute(path: readonly string[], line: string): boolean {
  return /^(?:no )?ip(?:v6)? route /.test(line) && (path.length === 0 || path[0]?.startsWith("vrf ") === true);
}

/** A static route without what it asks of BFD, which FRR replaces in place. */
export function withoutBfd(route: string): string {
  return route.replace(/ bfd(?: multi-hop| source \S+| profile \S+)*$/, "");
}

/** A static route is its prefix, next hop and distance; its tag, its BFD, and how a blackhole answers, are values. */
function routeKey(line: string): string {
  return withoutBfd(line)
    .replace(/ tag \d+/, "")
    .replace(/ (?:blackhole|reject|Null0)(?= |$)/, " blackhole");
}

/** Lines that FRR does not replace by a newer one: the old is taken back first, in the same batch. */
const replaceByRemoval: readonly (readonly [RegExp, RegExp])[] = [
  [/^router ospf6?/, /^(?:area \S+ (?:stub|nssa|range \S+)|network|default-information|default-metric)/],
  [/^router bgp/, /^neighbor \S+ (?:ttl-security|ebgp-multihop|local-as)/],
  [/^interface /, /^ip ospf (?:message-digest-key|area)/],
  [/^interface /, /^ipv6 ospf6 area/],
  [/^route-map /, /^set (?:community|large-community|extcommunity|as-path|comm-list)/],
  [/^route-map /, /^(?:on-match|continue|set ip next-hop)/],
];

/** Whether a changed line needs its old form taken back first. */
export function replacedByRemoval(path: readonly string[], line: string, old: string): boolean {
  // An option that is left out stays as it was; others are replaced, and nothing is withdrawn in between.
  if (line.startsWith("redistribute "))
    return ["metric", "metric-type", "route-map"].some((word) => loses(word, old, line));
  return replaceByRemoval.some(([where, what]) => where.test(path[0] ?? "") && what.test(line.replace(/^no /, "")));
}

function loses(word: string, old: string, line: string): boolean {
  return old.includes(` ${word} `) && !line.includes(` ${word} `);
}

/** Lines whose `no` form is shorter than the line: [context, line, what follows `no`]. */
const shortNegations: readonly (readonly [RegExp, RegExp, string])[] = [
  [/^$/, /^((?:ip|ipv6) prefix-list \S+ description).*$/, "$1"],
  [/^router bgp /, /^(neighbor \S+ (?:description|password)) .*$/, "$1"],
  [/^router bgp /, /^(neighbor \S+ interface)\b.*$/, "$1"],
  [/^router ospf/, /^(area \S+ (?:stub|nssa))\b.*$/, "$1"],
  [/^router ospf/, /^(default-information originate|maximum-paths)\b.*$/, "$1"],
  [/^interface /, /^(description)\b.*$/, "$1"],
  [/^interface /, /^(ip ospf (?:authentication-key|message-digest-key \d+|authentication))\b.*$/, "$1"],
  [/^route-map /, /^(description)\b.*$/, "$1"],
  [/^route-map /, /^(set as-path prepend|on-match goto)\b.*$/, "$1"],
  [/^bfd$/, /^(minimum-ttl)\b.*$/, "$1"],
];

/** The command that takes a line back, and nothing else. */
export function negation(path: readonly string[], line: string): string {
  if (line.startsWith("no ")) return line.slice(3);
  if (path[0] === "bfd") {
    // bfdd has no `no` for these: their default is set, which it does not print.
    if (line.startsWith("detect-multiplier ")) return "detect-multiplier 3";
    if (/^(?:transmit|receive)-interval /.test(line)) return `${line.split(" ")[0]} 300`;
  }
  for (const [where, what, short] of shortNegations) {
    if (where.test(path[0] ?? "") && what.test(line)) return `no ${line.replace(what, short)}`;
  }
  return `no ${line}`;
}

/**
 * What an entry of a list says, whatever its number, or undefined for other lines. FRR drops an entry without a word
 * when another of the same list says the same; of AS-path lists it removes the first that has the expression, also when
 * told to remove one of another action.
 */
export function listContent(path: readonly string[], line: string): string | undefined {
  if (path.length > 0) return undefined;
  const match =
    /^((?:ip|ipv6) prefix-list \S+|bgp \S*community-list \S+ \S+) seq \d+ (.*)$/.exec(line) ??
    /^(bgp as-path access-list \S+) seq \d+ \S+ (.*)$/.exec(line);
  return match ? `${match[1]} ${match[2]}` : undefined;
}

/** The neighbour or peer-group that a line of `router bgp` is about. */
export function neighborOf(path: readonly string[], line: string): string | undefined {
  if (!path[0]?.startsWith("router bgp ")) return undefined;
  return /^(?:no )?neighbor (\S+)/.exec(line)?.[1];
}

/** Lines without which a neighbour does not exist. */
export function isIdentity(path: readonly string[], line: string): boolean {
  return path.length === 1 && /^neighbor \S+ (?:remote-as|peer-group|interface)\b/.test(line);
}

/** What FRR prints of itself, or what belongs to the system and not to routing: neither desired, nor drift, nor foreign. */
export function isAmbient(path: readonly string[], line: string): boolean {
  if (path.length > 0) return path[0] === "line vty";
  // What there is most of, first.
  return !line.startsWith("ip prefix-list ") && !line.startsWith("ip route ") && isAmbientLine(line);
}

/** What an instance occupies: a daemon holds one `router bgp` in a VRF. undefined for other lines. */
export function instanceSlot(line: string): string | undefined {
  const match = /^router bgp \d+(.*)$/.exec(line);
  return match ? `bgp${match[1]}` : undefined;
}

/**
 * Whether a line of a BGP instance brings routes from one VRF into another: bgpd does not let the default instance go while
 * there is one, and does not survive when an instance goes that another imports from (8.4.4).
 */
export function isLeak(path: readonly string[], line: string): boolean {
  const isInside = path[0]?.startsWith("router bgp ") === true;
  return isInside && /^(?:import vrf (?!route-map )|(?:import|export) vpn$|vni \d)/.test(line);
}

/** The object that a line belongs to: what one step changes. */
export function objectOf(path: readonly string[], line: string): string {
  const positive = line.replace(/^no /, "");
  const [root, inner] = path;
  const named =
    /^(?:(?:ip|ipv6) prefix-list|bgp (?:as-path access-list|\S*community-list \S+)|(?:ipv6 )?access-list|ip route|ipv6 route) \S+/;
  if (root === undefined) return named.exec(positive)?.[0] ?? positive;
  if (root.startsWith("vrf ")) return [root, ...(named.exec(positive) ?? [])].join("/");
  if (root.startsWith("router ")) {
    const neighbor = neighborOf(path, line);
    if (neighbor !== undefined) return `${root}/neighbor ${neighbor}`;
    const family = inner === undefined ? "" : `${inner.replace("address-family ", "")}/`;
    return `${root}/${family}${lineKey(path, line)}`;
  }
  if (root === "bfd") return `bfd/${inner ?? positive}`;
  return root;
}
