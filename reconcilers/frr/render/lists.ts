/** Prefix-lists, AS-path lists, community lists and route-maps as FRR 8.4 prints them. */
import { wellKnown } from "../../../schemas/communities.ts";
import type { Routing } from "../../../schemas/routing.ts";
import { listContent } from "../grammar.ts";
import { block, type RenderContext, valued, when } from "./lines.ts";

type Entry = Routing["route-maps"][string]["entries"][string];

export function renderLists(routing: Routing): readonly string[] {
  const seen = new Set<string>();
  // Of two entries of a list that say the same FRR keeps the first, and the second could never matter.
  return [...prefixLists(routing), ...asPathLists(routing), ...communityLists(routing)].filter((line) => {
    const content = listContent([], line) ?? line;
    return !seen.has(content) && seen.add(content);
  });
}

/** Entries by number: the order in which they are tried. */
function inOrder<T>(entries: Readonly<Record<string, T>>): readonly (readonly [string, T])[] {
  return Object.entries(entries).toSorted(([a], [b]) => Number(a) - Number(b));
}

function prefixLists(routing: Routing): readonly string[] {
  return Object.entries(routing["prefix-lists"]).flatMap(([name, list]) => {
    const head = `${list.family === "ipv6" ? "ipv6" : "ip"} prefix-list ${name}`;
    const entries = inOrder(list.entries).map(([sequence, { action, prefix, ge, le }]) =>
      [`${head} seq ${sequence} ${action} ${prefix}`, ...valued(ge, "ge"), ...valued(le, "le")].join(" "),
    );
    return [...valued(list.description, `${head} description`), ...entries];
  });
}

function asPathLists(routing: Routing): readonly string[] {
  return Object.entries(routing["as-path-lists"]).flatMap(([name, list]) =>
    inOrder(list.entries).map(
      ([sequence, { action, regex }]) => `bgp as-path access-list ${name} seq ${sequence} ${action} ${regex}`,
    ),
  );
}

const listWords = { standard: "community-list", large: "large-community-list", extended: "extcommunity-list" } as const;

function communityLists(routing: Routing): readonly string[] {
  return Object.entries(routing["community-lists"]).flatMap(([name, { kind, match, entries }]) =>
    inOrder(entries).map(([sequence, { action, value }]) => {
      const text = match === "regex" ? value : communities(kind, value);
      const form = match === "regex" ? "expanded" : "standard";
      return `bgp ${listWords[kind]} ${form} ${name} seq ${sequence} ${action} ${text}`;
    }),
  );
}

/** FRR sorts what stands in a list. Extended ones come in pairs of words: "rt 64496:1". */
function communities(kind: "standard" | "large" | "extended", value: string): string {
  const words = value.trim().split(/\s+/);
  if (kind === "standard") return sortCommunities(words).join(" ");
  const items = kind === "large" ? words : pairs(words);
  const order = kind === "large" ? numbers : extendedOrder;
  return items.toSorted((a, b) => compareNumbers(order(a), order(b))).join(" ");
}

function pairs(words: readonly string[]): readonly string[] {
  return words.flatMap((word, at) => (at % 2 === 0 ? [`${word} ${words[at + 1] ?? ""}`] : []));
}

/** As FRR compares them: their bytes, of which the first two say what the number in front is, and rt or soo. */
function extendedOrder(item: string): readonly number[] {
  const [first = 0] = numbers(item);
  const type = item.includes(".") ? 1 : first < 2 ** 16 ? 0 : 2;
  return [type, item.startsWith("rt ") ? 2 : 3, ...numbers(item)];
}

/** In FRR's order: by number, each once. */
function sortCommunities(words: readonly string[]): readonly string[] {
  const number = (word: string) => wellKnown[word] ?? numbers(word);
  return [...new Set(words)].toSorted((a, b) => compareNumbers(number(a), number(b)));
}

function numbers(text: string): readonly number[] {
  return (text.match(/\d+/g) ?? []).map(Number);
}

function compareNumbers(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((number, index) => number !== b[index]);
  return at === -1 ? a.length - b.length : (a[at] ?? 0) - (b[at] ?? 0);
}

export function renderRouteMaps(routing: Routing, context: RenderContext): readonly string[] {
  return Object.entries(routing["route-maps"]).flatMap(([name, { entries }]) =>
    inOrder(entries).flatMap(([sequence, entry]) => {
      const { description, call } = entry;
      const onMatch = entry.continue === "next" ? "next" : `goto ${entry.continue}`;
      const lines = [
        ...valued(description, "description"),
        ...when(entry.continue !== undefined, `on-match ${onMatch}`),
        ...valued(call, "call"),
        ...matches(entry.match, routing, context),
        ...sets(entry.set),
      ];
      const head = `route-map ${name} ${entry.action} ${sequence}`;
      return lines.length === 0 ? [head] : block(head, lines);
    }),
  );
}

function matches(match: Entry["match"], routing: Routing, { linux }: RenderContext): readonly string[] {
  const family = (list: string | undefined) =>
    list !== undefined && routing["prefix-lists"][list]?.family === "ipv6" ? "ipv6" : "ip";
  const exact = match["community-exact"] ? " exact-match" : "";
  const prefix = match["prefix-list"];
  const nextHop = match["next-hop-prefix-list"];
  const communityList = match["community-list"];
  return [
    ...valued(prefix, `match ${family(prefix)} address prefix-list`),
    ...valued(nextHop, `match ${family(nextHop)} next-hop prefix-list`),
    ...valued(match["as-path-list"], "match as-path"),
    ...when(communityList !== undefined, `match community ${communityList}${exact}`),
    ...valued(match["large-community-list"], "match large-community"),
    ...valued(match["ext-community-list"], "match extcommunity"),
    ...when(match.interface !== undefined, `match interface ${linux(match.interface ?? "")}`),
    ...valued(match.peer, "match peer"),
    ...valued(match.protocol, "match source-protocol"),
    ...valued(match.origin, "match origin"),
    ...valued(match["local-preference"], "match local-preference"),
    ...valued(match.metric, "match metric"),
    ...valued(match.tag, "match tag"),
    ...valued(match.rpki, "match rpki"),
  ];
}

function sets(set: Entry["set"]): readonly string[] {
  const additive = set.additive ? " additive" : "";
  const list = (words: readonly string[] | undefined) => words?.join(" ");
  const extended = (kind: string) =>
    list(set["ext-communities"]?.filter((one) => one.startsWith(`${kind} `)).map((one) => one.slice(kind.length + 1)));
  const plain = set.communities && sortCommunities(set.communities);
  return [
    ...valued(set["local-preference"], "set local-preference"),
    ...valued(set.metric, "set metric"),
    ...valued(set["metric-type"], "set metric-type"),
    ...valued(set.weight, "set weight"),
    ...valued(set.origin, "set origin"),
    ...valued(list(set["as-path-prepend"]?.map(String)), "set as-path prepend"),
    ...when(set["clear-communities"], "set community none"),
    ...when(plain, `set community ${list(plain)}${additive}`),
    ...when(set["clear-large-communities"], "set large-community none"),
    ...when(set["large-communities"], `set large-community ${list(set["large-communities"])}${additive}`),
    ...valued(extended("rt") || undefined, "set extcommunity rt"),
    ...valued(extended("soo") || undefined, "set extcommunity soo"),
    ...when(set["delete-community-list"], `set comm-list ${set["delete-community-list"]} delete`),
    ...when(set["delete-large-community-list"], `set large-comm-list ${set["delete-large-community-list"]} delete`),
    ...valued(set["next-hop"], "set ip next-hop"),
    ...valued(set["ipv6-next-hop"], "set ipv6 next-hop global"),
    ...valued(set.tag, "set tag"),
    ...valued(set.source, "set src"),
  ];
}
