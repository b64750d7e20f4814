/**
 * Rendering backwards: how a line of FRR is spelled in the machine file. A guess of the usual case, by one line or one
 * route; whoever asks renders the result again and keeps only what comes out right. What is not here stays a raw line.
 */
import { isObject, valueAt, type JsonObject, type JsonValue, type Path } from "../../schemas/json.ts";
import type { Machine } from "../../schemas/machine.ts";
import { portsOf } from "../../schemas/ports.ts";
import { isRoute } from "./grammar.ts";
import type { LiveChange } from "./live-changes.ts";
import { peerName } from "./render/bgp-peers.ts";
import {
  bfdRules,
  bgpRules,
  familyRules,
  ospfInstanceRules,
  ospfRules,
  routeMapRules,
  sessionRules,
  type Rule,
} from "./spelling-rules.ts";
import { parseConfig, type Node } from "./tree.ts";

/** A value of the machine file; null removes it. */
export interface Word {
  readonly path: Path;
  readonly value: JsonValue;
}

export interface Spelling {
  /** What may be written, the likeliest first. Empty: the machine file has no word for it. */
  of(change: LiveChange): readonly (readonly Word[])[];
}

/** `written`: the machine as its layers say it. `live`: the configuration of which changes are spelled. */
export function spelling(machine: Machine, written: JsonObject, live: string): Spelling {
  const names = namesOf(machine);
  const lines = parseConfig(live);
  // With every default filled in: what is so already needs no word.
  const whole = machine as unknown as JsonObject;
  const isNews = ({ path, value }: Word) => !isSame(valueAt(value === null ? written : whole, path) ?? null, value);
  return {
    of({ path, desired, live: now }) {
      const line = now ?? desired ?? "";
      if (isRoute(path, line)) {
        const word = spellRoute(line, lines, names);
        // An announced prefix brings its blackhole route along.
        const announced = ["routing", "bgp", "announce", String(word.path.at(-1))];
        const without = { path: [...announced, "blackhole"], value: false };
        return [[replacing(written, word)], ...(valueAt(written, announced) === undefined ? [] : [[without]])];
      }
      const sent = spellCommunities(path, line, lines, names);
      if (sent) return [[sent]];
      const words = spellLine(path, line, names);
      if (words.length === 0) return [];
      if (now === undefined) return withdrawn(words);
      const said = words.filter(isNews).map((word) => replacing(written, word));
      return said.length > 0 ? [said, ...said.flatMap(withoutBlackhole)] : [];
    },
  };
}

/** What takes words back: they go, or what they stand in goes; what is on by itself is switched off by its negation. */
function withdrawn(all: readonly Word[]): readonly (readonly Word[])[] {
  const words = all.filter(({ path, value }) => value !== null && !isOfList(path));
  const gone = words.map(({ path }) => ({ path, value: null }));
  const above = words.map(({ path }) => ({ path: path.slice(0, -1), value: null }));
  const off = words.flatMap(({ path, value }) => (typeof value === "boolean" ? [{ path, value: !value }] : []));
  return [gone, above.slice(0, 1), ...(off.length === words.length ? [off] : [])];
}

/** A map that stands instead of another: what only the other has goes. */
function replacing(written: JsonObject, { path, value }: Word): Word {
  const before = valueAt(written, path);
  if (!isObject(value) || !isObject(before)) return { path, value };
  const gone = Object.keys(before).filter((key) => !Object.hasOwn(value, key));
  return { path, value: { ...Object.fromEntries(gone.map((key) => [key, null])), ...value } };
}

/** What a list is, which stays when an entry goes. */
function isOfList(path: Path): boolean {
  return String(path[1]).endsWith("-lists") && path.length === 4;
}

function isSame(one: JsonValue | undefined, other: JsonValue): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** An announced prefix brings a blackhole route along unless told not to. */
function withoutBlackhole({ path, value }: Word): readonly (readonly Word[])[] {
  if (path[2] !== "announce" || path.length !== 4) return [];
  return [[{ path, value: { ...(value as JsonObject), blackhole: false } }]];
}

interface Names {
  /** Path of the peer or peer-group that FRR calls so. */
  readonly neighbor: (name: string) => Path | undefined;
  /** The interface that FRR calls so, as the machine file does. */
  readonly ref: (linux: string) => string;
}

function namesOf(machine: Machine): Names {
  const ports = portsOf(machine);
  const refs = new Map([...ports.values()].flatMap(({ linux, ref }) => (linux === undefined ? [] : [[linux, ref]])));
  const linux = (ref: string) => ports.get(ref)?.linux ?? ref;
  const { bgp } = machine.routing;
  const top = ["routing", "bgp"];
  const neighbors = new Map<string, Path>([
    ...Object.keys(bgp?.["peer-groups"] ?? {}).map((name) => [name, [...top, "peer-groups", name]] as const),
    ...Object.entries(bgp?.peers ?? {}).map(
      ([name, peer]) => [peerName(peer, { linux }), [...top, "peers", name]] as const,
    ),
  ]);
  return { neighbor: (name) => neighbors.get(name), ref: (name) => refs.get(name) ?? name };
}

function spellLine(path: Path, line: string, names: Names): readonly Word[] {
  const [root = "", inner = ""] = path.map(String);
  if (path.length === 0) return spellTop(line);
  const ospf = /^router (ospf6?)$/.exec(root)?.[1];
  if (ospf) return spell(ospfInstanceRules, line, ["routing", ospf === "ospf" ? "ospf" : "ospf3"], names);
  const profile = /^profile (\S+)$/.exec(inner)?.[1];
  if (root === "bfd" && profile) return spell(bfdRules, line, ["routing", "bfd", "profiles", profile], names);
  const map = /^route-map (\S+) \S+ (\d+)$/.exec(root);
  if (map) return spell(routeMapRules, line, ["routing", "route-maps", map[1] ?? "", "entries", map[2] ?? ""], names);
  const link = /^interface (\S+)$/.exec(root);
  if (link) {
    const version = line.startsWith("ipv6 ospf6 ") ? "ospf3" : "ospf";
    const said = line.replace(/^ip(?:v6)? ospf6? /, "");
    return spell(ospfRules, said, ["routing", version, "interfaces", names.ref(link[1] ?? "")], names);
  }
  if (!/^router bgp \d+$/.test(root)) return [];
  const family = /^address-family (ipv[46]) unicast$/.exec(inner)?.[1];
  if (inner !== "" && family === undefined) return [];
  const announced = spellAnnounced(line);
  if (announced) return [announced];
  const of = /^(no )?neighbor (\S+) (.*)$/.exec(line);
  if (!of) return spell(bgpRules, line, ["routing", "bgp"], names);
  const at = names.neighbor(of[2] ?? "");
  const said = `${of[1] ?? ""}${of[3]}`;
  if (!at) return [];
  return family === undefined ? spell(sessionRules, said, at, names) : spell(familyRules, said, [...at, family], names);
}

/** Whose keys are prefixes and protocols. */
function spellAnnounced(line: string): Word | undefined {
  const network = /^network (\S+)(?: route-map (\S+))?$/.exec(line);
  if (network) {
    const [, prefix = "", map] = network;
    return { path: ["routing", "bgp", "announce", prefix], value: map === undefined ? {} : { "route-map": map } };
  }
  const aggregate = /^aggregate-address (\S+)( as-set)?( summary-only)?(?: route-map (\S+))?$/.exec(line);
  if (aggregate) {
    const [, prefix = "", set, only, map] = aggregate;
    const flags = { ...(set && { "as-set": true }), ...(only && { "summary-only": true }) };
    const value = { ...flags, ...(map && { "route-map": map }) };
    return { path: ["routing", "bgp", "aggregates", prefix], value };
  }
  const other = /^redistribute (connected|static|kernel|ospf6?)(?: metric (\d+))?(?: route-map (\S+))?$/.exec(line);
  if (!other) return undefined;
  const [, protocol = "", metric, map] = other;
  const value = { ...(metric && { metric: Number(metric) }), ...(map && { "route-map": map }) };
  return { path: ["routing", "bgp", "redistribute", protocol], value };
}

function spell(rules: readonly Rule[], line: string, at: Path, names: Names): readonly Word[] {
  for (const [pattern, write] of rules) {
    const match = pattern.exec(line);
    if (match)
      return Object.entries(write(match.slice(1), names.ref)).map(([key, value]) => ({
        path: [...at, ...key.split("/")],
        value,
      }));
  }
  return [];
}

const listKinds = { community: "standard", "large-community": "large", extcommunity: "extended" } as const;

/** Lists and route-map entries. */
function spellTop(line: string): readonly Word[] {
  const prefix =
    /^(ip|ipv6) prefix-list (\S+) (?:seq (\d+) (permit|deny) (\S+)(?: ge (\d+))?(?: le (\d+))?|description (.*))$/.exec(
      line,
    );
  if (prefix) {
    const [, family, name = "", sequence, action, net, ge, le, description] = prefix;
    const list = ["routing", "prefix-lists", name];
    const six: readonly Word[] = family === "ipv6" ? [{ path: [...list, "family"], value: "ipv6" }] : [];
    if (sequence === undefined) return [{ path: [...list, "description"], value: description ?? "" }];
    const entry = { action, prefix: net, ...(ge && { ge: Number(ge) }), ...(le && { le: Number(le) }) } as JsonObject;
    return [{ path: [...list, "entries", sequence], value: entry }, ...six];
  }
  const asPath = /^bgp as-path access-list (\S+) seq (\d+) (permit|deny) (.*)$/.exec(line);
  if (asPath) {
    const [, name = "", sequence = "", action = "", regex = ""] = asPath;
    return [{ path: ["routing", "as-path-lists", name, "entries", sequence], value: { action, regex } }];
  }
  const list =
    /^bgp (community|large-community|extcommunity)-list (standard|expanded) (\S+) seq (\d+) (permit|deny) (.*)$/.exec(
      line,
    );
  if (list) {
    const [, kind = "", form, name = "", sequence = "", action = "", value = ""] = list;
    const at = ["routing", "community-lists", name];
    return [
      { path: [...at, "entries", sequence], value: { action, value } },
      ...(kind === "community" ? [] : [{ path: [...at, "kind"], value: listKinds[kind as keyof typeof listKinds] }]),
      ...(form === "expanded" ? [{ path: [...at, "match"], value: "regex" }] : []),
    ];
  }
  const entry = /^route-map (\S+) (permit|deny) (\d+)$/.exec(line);
  if (!entry) return [];
  const [, name = "", action = "", sequence = ""] = entry;
  return [{ path: ["routing", "route-maps", name, "entries", sequence, "action"], value: action }];
}

/** A static route is spelled whole: all that is live of its prefix. */
function spellRoute(line: string, live: readonly Node[], names: Names): Word {
  const prefix = /^ip(?:v6)? route (\S+) /.exec(line)?.[1] ?? "";
  const path = ["routing", "static", prefix];
  const parsed = live
    .filter((one) => isRoute([], one.line) && one.line.split(" ")[2] === prefix)
    .map((one) => /^ip(?:v6)? route \S+ (.*?)(?: tag (\d+))?(?: (\d+))?( bfd(?: profile (\S+))?)?$/.exec(one.line));
  if (parsed.length === 0) return { path, value: null };
  const targets = parsed.map((match) => match?.[1]?.split(" ") ?? []);
  const [, , tag, distance, bfd, profile] = parsed[0] ?? [];
  const options = {
    ...(tag && { tag: Number(tag) }),
    ...(distance && { distance: Number(distance) }),
    ...(bfd && { bfd: profile ?? true }),
  };
  const [first = ""] = targets[0] ?? [];
  const discard = { blackhole: "blackhole", Null0: "blackhole", reject: "reject" }[first];
  if (discard !== undefined) return { path, value: { discard, ...options } };
  const isAddress = (word: string) => /^[0-9.]+$|:/.test(word);
  const via = targets.flat().filter(isAddress);
  const out = targets.flat().find((word) => !isAddress(word));
  const value = { ...(via.length > 0 && { via }), ...(out !== undefined && { interface: names.ref(out) }), ...options };
  return { path, value };
}

/** What is withheld of a neighbour's communities, by the endings of all the lines that say so together. */
const sends: Readonly<Record<string, string>> = {
  " extended, large": "standard",
  ", large": "extended",
  ", extended": "large",
  " large": "both",
  " all": "none",
};

/** `no neighbor X send-community …`: one line a kind that is withheld. */
function spellCommunities(path: Path, line: string, live: readonly Node[], names: Names): Word | undefined {
  const [, name = ""] = /^no neighbor (\S+) send-community/.exec(line) ?? [];
  const at = names.neighbor(name);
  const family = /^address-family (ipv[46]) unicast$/.exec(String(path[1]))?.[1];
  if (!at || family === undefined) return undefined;
  const inside = live.find((one) => one.line === path[0])?.children.find((one) => one.line === path[1])?.children ?? [];
  const head = `no neighbor ${name} send-community`;
  const withheld = inside.flatMap((one) => (one.line.startsWith(head) ? [one.line.slice(head.length)] : []));
  return { path: [...at, family, "send-community"], value: sends[withheld.toSorted().join(",")] ?? null };
}
