/**
 * The filters of an FRR configuration, and which neighbour exports by which: as far as it must be known what a neighbour may
 * get at any moment of a change. Takes the commands of a plan one by one.
 */
import { lineKey, neighborOf } from "./grammar.ts";
import type { FrrCommand } from "./model.ts";
import { type Node, walk } from "./tree.ts";

/** "ip prefix-list A", "route-map B", "bgp community-list C" whether it is a standard or an expanded one. */
export type FilterName = string;

/** An entry of a route-map. */
export interface Clause {
  readonly action: "permit" | "deny";
  /** Its lines by what they set. */
  readonly lines: ReadonlyMap<string, string>;
}

export interface Filters {
  /** Entries by number: "permit 10.0.0.0/8 le 24"; of community lists "permit standard 64500:1". */
  readonly lists: ReadonlyMap<FilterName, ReadonlyMap<number, string>>;
  readonly maps: ReadonlyMap<FilterName, ReadonlyMap<number, Clause>>;
  /** What neighbours use: "router bgp 64500\naddress-family ipv4 unicast\nneighbor 192.0.2.1 out route-map", by the filter's name. */
  readonly uses: ReadonlyMap<string, FilterName>;
}

const listLine =
  /^((?:ip|ipv6) prefix-list \S+|bgp as-path access-list \S+|(?:ipv6 )?access-list \S+) seq (\d+)(?: (.*))?$/;
const communityLine = /^bgp (\S*community-list) (standard|expanded) (\S+) seq (\d+)(?: (permit|deny) (.*))?$/;
const mapLine = /^(route-map \S+)(?: (permit|deny) (\d+))?$/;
const useLine = /^(neighbor \S+) (route-map|prefix-list|filter-list|distribute-list) (\S+) (in|out)$/;

/** An entry of a list: whose, its number, and what it says. */
function listEntry(line: string): readonly [FilterName, number, string] | undefined {
  const [, kind, form, name, seq, action, value] = communityLine.exec(line) ?? [];
  if (kind !== undefined) return [`bgp ${kind} ${name}`, Number(seq), `${action} ${form} ${value}`];
  const [, list, number, says = ""] = listLine.exec(line) ?? [];
  return list === undefined ? undefined : [list, Number(number), says];
}

/** The line of an entry. */
export function entryLine(name: FilterName, number: number, says: string): string {
  const [, kind, list] = /^bgp (\S*community-list) (\S+)$/.exec(name) ?? [];
  const [action, form, ...value] = says.split(" ");
  if (kind === undefined) return `${name} seq ${number} ${says}`;
  return `bgp ${kind} ${form} ${list} seq ${number} ${action} ${value.join(" ")}`;
}

/** The filter that a line at the top, or a context, is part of. */
export function filterOf(line: string): FilterName | undefined {
  return listEntry(line)?.[0] ?? mapLine.exec(line)?.[1];
}

/** What a line of a route-map, or one by which a neighbour exports, refers to, and the same line with another name in its place. */
export function reference(
  context: readonly string[],
  line: string,
): { readonly name: FilterName; readonly as: (name: FilterName) => string } | undefined {
  const family = context[1]?.includes("ipv6") ? "ipv6" : "ip";
  const out = context[0]?.startsWith("router bgp ") ? useLine.exec(line) : undefined;
  if (out) {
    const kind = useNames[out[2] ?? ""];
    const prefix = kind === "prefix-list" ? `${family} prefix-list` : kind;
    if (prefix === undefined) return undefined;
    const [, neighbor, word, , direction] = out;
    const as = (name: FilterName) => `${neighbor} ${word} ${name.slice(prefix.length + 1)} ${direction}`;
    return { name: `${prefix} ${out[3]}`, as };
  }
  if (!context[0]?.startsWith("route-map ")) return undefined;
  for (const [pattern, kinds] of mentions) {
    const match = pattern.exec(line);
    const [, before = "", name = "", after = ""] = match ?? [];
    if (!match) continue;
    const kind = kinds(before);
    return { name: `${kind} ${name}`, as: (other) => `${before}${other.slice(kind.length + 1)}${after}` };
  }
  return undefined;
}

/** By what a neighbour may export. */
const useKinds = ["route-map", "prefix-list", "filter-list"] as const;

const useNames: Readonly<Record<string, string>> = {
  "route-map": "route-map",
  "prefix-list": "prefix-list",
  "filter-list": "bgp as-path access-list",
};

/** How lines of a route-map mention other filters: [before, name, after]. */
const mentions: readonly (readonly [RegExp, (before: string) => string])[] = [
  [/^(call )(\S+)()$/, () => "route-map"],
  [/^(match ip(?:v6)? address prefix-list )(\S+)()$/, (before) => `${before.split(" ")[1]} prefix-list`],
  [/^(match as-path )(\S+)()$/, () => "bgp as-path access-list"],
  [/^(match (?:large-)?community )(\S+)((?: exact-match)?)$/, (before) => `bgp ${before.split(" ")[1]}-list`],
  [/^(match extcommunity )(\S+)()$/, () => "bgp extcommunity-list"],
];

/** The same, that commands change. */
export class LiveFilters implements Filters {
  readonly lists = new Map<FilterName, Map<number, string>>();
  readonly maps = new Map<FilterName, Map<number, { action: "permit" | "deny"; lines: Map<string, string> }>>();
  readonly uses = new Map<string, FilterName>();

  constructor(config: readonly Node[]) {
    const isOfInterest = ({ line }: Node) => line.startsWith("router bgp ") || filterOf(line) !== undefined;
    walk(config.filter(isOfInterest), (context, { line }) => this.take({ context, line }));
  }

  /** Carries out a command, as far as it is about filters. */
  take({ context, line }: FrrCommand): void {
    if (line.startsWith("no ")) this.remove(context, line.slice(3));
    else this.add(context, line);
  }

  private add(context: readonly string[], line: string): void {
    const [root] = context;
    if (root?.startsWith("router bgp ")) {
      const used = reference(context, line);
      if (used) this.uses.set(useKey(context, line), used.name);
      return;
    }
    const entry = listEntry(line);
    if (root === undefined && entry) {
      const [list, number, says] = entry;
      const entries = this.lists.get(list) ?? new Map<number, string>();
      this.lists.set(list, entries.set(number, says));
      return;
    }
    const [, map, action, seq] = mapLine.exec(root ?? line) ?? [];
    if (map === undefined || seq === undefined) return;
    const clauses = this.maps.get(map) ?? new Map<number, { action: "permit" | "deny"; lines: Map<string, string> }>();
    this.maps.set(map, clauses);
    const known = clauses.get(Number(seq)) ?? { action: "permit", lines: new Map<string, string>() };
    clauses.set(Number(seq), { action: action === "deny" ? "deny" : "permit", lines: known.lines });
    if (root !== undefined) known.lines.set(lineKey(context, line), line);
  }

  private remove(context: readonly string[], line: string): void {
    const [root] = context;
    if (root === undefined && line.startsWith("router bgp ")) this.forget((key) => key.startsWith(`${line}\n`));
    else if (root?.startsWith("router bgp ")) {
      if (useLine.test(line)) this.uses.delete(useKey(context, line));
      const name = neighborOf(context, line);
      const isWhole = /^neighbor \S+(?: (?:remote-as \S+|peer-group|interface))?$/.test(line);
      if (name !== undefined && isWhole && context.length === 1)
        this.forget((key) => key.startsWith(`${root}\n`) && key.includes(`\nneighbor ${name} `));
    } else if (root === undefined) {
      const entry = listEntry(line);
      const [, map, , seq] = mapLine.exec(line) ?? [];
      if (entry) drop(this.lists, entry[0], entry[1]);
      if (map !== undefined && seq !== undefined) drop(this.maps, map, Number(seq));
    } else {
      const [, map = "", , seq] = mapLine.exec(root) ?? [];
      const lines = this.maps.get(map)?.get(Number(seq))?.lines;
      for (const [key, one] of lines ?? []) if (one === line || one.startsWith(`${line} `)) lines?.delete(key);
    }
  }

  private forget(isGone: (key: string) => boolean): void {
    for (const key of this.uses.keys()) if (isGone(key)) this.uses.delete(key);
  }
}

function useKey(context: readonly string[], line: string): string {
  const [, neighbor, word, , direction] = useLine.exec(line) ?? [];
  return [...context, `${neighbor} ${direction} ${word}`].join("\n");
}

/** A list without entries is none. */
function drop<T>(table: Map<FilterName, Map<number, T>>, name: FilterName, number: number): void {
  const entries = table.get(name);
  entries?.delete(number);
  if (entries?.size === 0) table.delete(name);
}

/** A filter and all that it asks. */
export function reach(filters: readonly Filters[], names: Iterable<FilterName>): ReadonlySet<FilterName> {
  const reached = new Set(names);
  // A set grows while it is walked.
  for (const name of reached) {
    for (const { maps } of filters) {
      for (const { lines } of maps.get(name)?.values() ?? []) {
        for (const line of lines.values()) {
          const used = reference(["route-map "], line)?.name;
          if (used !== undefined) reached.add(used);
        }
      }
    }
  }
  return reached;
}

/** The neighbours that export by filters, in each family: "router bgp 64500\naddress-family …\nneighbor 192.0.2.1 out". */
export function exportersIn({ uses }: Filters): readonly string[] {
  const all = new Set([...uses.keys()].map((key) => key.slice(0, key.lastIndexOf(" "))));
  return [...all].filter((one) => one.endsWith(" out"));
}

/** All filters by which one of them exports. */
export function chainOf({ uses }: Filters, exporter: string): readonly FilterName[] {
  return useKinds.flatMap((kind) => uses.get(`${exporter} ${kind}`) ?? []);
}
