/** The route-maps that keep from a peer what its kind is refused, with the lists that they ask: hygiene.ts says whose they are. */
import type { Bgp } from "../../../schemas/bgp.ts";
import { type HygieneKind, type HygieneRule, hygieneRules, rulesOfKind } from "../../../schemas/hygiene.ts";
import type { AsPathList, CommunityList, PrefixList } from "../../../schemas/lists.ts";
import type { RouteMap } from "../../../schemas/route-maps.ts";
import { hygieneKind, hygieneOf } from "../../../schemas/semantics/hygiene.ts";
import type { Session } from "../../../schemas/semantics/session.ts";
import { bogonAsns, bogonPaths, bogonPrefixes, defaultRoute, longPrefixes, prefixesOf } from "./bogons.ts";

export type Family = "ipv4" | "ipv6";
export type Direction = "in" | "out";
type Entry = RouteMap["entries"][string];

/** What the guarded peers refer to. */
export interface Made {
  readonly maps: Record<string, RouteMap>;
  readonly prefixLists: Record<string, PrefixList>;
  readonly asPathLists: Record<string, AsPathList>;
  readonly communityLists: Record<string, CommunityList>;
}

/** What the maps of one machine are made of. */
export interface Ground {
  readonly bgp: Bgp;
  readonly own: readonly string[];
  readonly made: Made;
}

/** A route-map that permits all: a member cannot be without the one of its group. */
export function opened({ maps }: Made): string {
  maps["_all"] = { entries: { 10: entry({}) } };
  return "_all";
}

function written({ peer, group }: Session, family: Family, way: Direction): string | undefined {
  return peer[family]?.["route-map"]?.[way] ?? group?.[family]?.["route-map"]?.[way];
}

/** Whether anything is written that FRR takes for a policy in that direction. */
export function hasPolicy(session: Session, family: Family, way: Direction): boolean {
  const { peer, group } = session;
  return [peer[family], group?.[family]].some(
    (policy) => (policy?.["route-map"] ?? {})[way] ?? policy?.["prefix-list"]?.[way] ?? policy?.["as-path-list"]?.[way],
  );
}

/** The route-map that a peer or group is to have in a direction, made where it is not written; undefined: none. */
export function guardedMap(session: Session, family: Family, way: Direction, ground: Ground): string | undefined {
  const { bgp, made } = ground;
  const inner = written(session, family, way);
  const kind = hygieneKind(session);
  if (kind === undefined) return inner;
  const verdicts = hygieneOf(bgp, session);
  const isOn = (rule: HygieneRule) => verdicts.some((one) => one.rule === rule && one.isOn);
  if (!hasPolicy(session, family, way)) {
    if (bgp["ebgp-requires-policy"]) return undefined;
    if (isOn("missing-policy")) return shut(made);
  }
  const guard = { kind, family, session, inner, isOn, ground };
  return way === "in" ? guardIn(guard) : guardOut(guard);
}

function shut({ maps }: Made): string {
  maps["_none"] = { entries: { 10: { ...entry({}), action: "deny", description: hygieneRules["missing-policy"] } } };
  return "_none";
}

interface Guard {
  readonly kind: HygieneKind;
  readonly family: Family;
  readonly session: Session;
  readonly inner: string | undefined;
  readonly isOn: (rule: HygieneRule) => boolean;
  readonly ground: Ground;
}

/** Rules that deny what comes in, by what makes the match of one. */
const refusals = {
  "default-route": (guard) => prefixes(guard, "default-route", defaultRoute(guard.family)),
  "bogon-prefixes": (guard) => prefixes(guard, "bogon-prefixes", bogonPrefixes(guard.family)),
  "own-prefixes": ownMatch,
  "long-prefixes": (guard) => prefixes(guard, "long-prefixes", longPrefixes(guard.family)),
  "bogon-asns": (guard) => {
    const meant = meantAsns(guard);
    const name = ["_bogon-asns", ...meant].join("-");
    guard.ground.made.asPathLists[name] = bogonPaths(meant);
    return { "as-path-list": name };
  },
} as const satisfies Partial<Record<HygieneRule, (guard: Guard) => Partial<Entry["match"]> | undefined>>;

function prefixes({ family, ground }: Guard, name: string, list: PrefixList): Partial<Entry["match"]> {
  ground.made.prefixLists[`_${name}-${family}`] = list;
  return { "prefix-list": `_${name}-${family}` };
}

/** A customer may announce what it has of this network's prefixes, to have several ways (RFC 7454, 6.1.4). */
function ownMatch(guard: Guard): Partial<Entry["match"]> | undefined {
  const own = guard.ground.own.filter((prefix) => prefix.includes(":") === (guard.family === "ipv6"));
  if (own.length === 0) return undefined;
  const isExact = guard.kind === "customer";
  return prefixes(guard, isExact ? "own-prefixes-exact" : "own-prefixes", prefixesOf(guard.family, own, isExact));
}

/** A peer's own number is one that somebody wrote down, and so is ours where it may come back. */
function meantAsns({ session, family, ground: { bgp } }: Guard): readonly number[] {
  const { remoteAs } = session;
  const returning = session.policy(family)["allow-own-as"] === undefined ? [] : [bgp.asn, session.localAs];
  const numbers = [...(typeof remoteAs === "number" ? [remoteAs] : []), ...returning];
  return [...new Set(bogonAsns(numbers))].toSorted((a, b) => a - b);
}

function guardIn(guard: Guard): string | undefined {
  const { kind, family, inner, isOn, ground } = guard;
  const usual = rulesOfKind[kind].filter((rule): rule is keyof typeof refusals => rule in refusals);
  const denials = usual.filter(isOn).flatMap((rule) => {
    const match = refusals[rule](guard);
    return match === undefined ? [] : [{ ...entry(match), action: "deny", description: rule } as const];
  });
  const marks = isOn("route-leaks") ? marking(kind, ground) : [];
  if (denials.length === 0 && marks.length === 0) return inner;
  const off = usual.filter((rule) => !isOn(rule));
  const asns = isOn("bogon-asns") ? meantAsns(guard).map((one) => `as${one}`) : [];
  const name = [
    `_in-${kind}-${family}`,
    ...asns,
    ...(off.length > 0 ? [`without-${off.join("+")}`] : []),
    ...(marks.length > 0 ? ["marked"] : []),
    ...(inner === undefined ? [] : [inner]),
  ].join("-");
  ground.made.maps[name] = { entries: { ...numbered(denials, 10), ...passing(inner, marks) } };
  return name;
}

/** What the written route-map permits, with marks at last: what it sets itself must not take them away. */
function passing(inner: string | undefined, marks: readonly Entry[]): Record<string, Entry> {
  const call = { ...entry({}), ...(inner !== undefined && { call: inner }) };
  if (marks.length === 0) return { 1000: call };
  return { ...(inner !== undefined && { 1000: { ...call, continue: "next" } }), ...numbered(marks, 1010) };
}

/** "64500:3:4": RFC 8195 writes it so for what a network had from an upstream; 3 from a peer, 2 from a customer, 1 its own. */
const relations = { upstream: 4, peer: 3, "route-server": 3, customer: 2 } as const;

/** Such marks of others say nothing, and go before ours comes. */
function marking(kind: HygieneKind, { bgp, made }: Ground): readonly Entry[] {
  made.communityLists["_relations"] = relationList(bgp.asn, [1, 2, 3, 4]);
  const plain = entry({});
  return [
    { ...plain, set: { ...plain.set, "delete-large-community-list": "_relations" }, continue: "next" },
    { ...plain, set: { ...plain.set, "large-communities": [`${bgp.asn}:3:${relations[kind]}`], additive: true } },
  ];
}

function relationList(asn: number, some: readonly number[]): CommunityList {
  const entries = some.map((one) => ({ action: "permit", value: `${asn}:3:${one}` }) as const);
  return { kind: "large", match: "exact", entries: numbered(entries, 10) };
}

function guardOut({ kind, inner, isOn, ground: { bgp, made } }: Guard): string | undefined {
  if (kind === "customer" || !isOn("route-leaks")) return inner;
  made.communityLists["_from-peers"] = relationList(bgp.asn, [3, 4]);
  const leak = entry({ "large-community-list": "_from-peers" });
  const name = inner === undefined ? "_out" : `_out-${inner}`;
  made.maps[name] = {
    entries: { 10: { ...leak, action: "deny", description: "route-leaks" }, ...passing(inner, []) },
  };
  return name;
}

function entry(match: Partial<Entry["match"]>): Entry {
  const set = { additive: false, "clear-communities": false, "clear-large-communities": false };
  return { action: "permit", match: { "community-exact": false, ...match }, set };
}

function numbered<T>(entries: readonly T[], first: number): Record<string, T> {
  return Object.fromEntries(entries.map((one, at) => [String(first + at * 10), one]));
}
