/**
 * The filters of an FRR configuration, and which neighbour exports by which: as far as it must be known what a neighbour may
 * get at any moment of a change. Takes the commands of a plan one by one.
 */
import { lineKey, neighborOf } from "./grammar.ts";
import { type FilterName, listEntry, Lists, listsIn } from "./filter-lists.ts";
import type { FrrCommand } from "./model.ts";
import { type Context, headOf, isStretch, type Stretch } from "./outline.ts";
import { nodesOf, walk } from "./tree.ts";

/** An entry of a route-map. */
export interface Clause {
  readonly action: "permit" | "deny";
  /** Its lines by what they set. */
  readonly lines: ReadonlyMap<string, string>;
}

export interface Filters {
  /** Entries by number: "permit 10.0.0.0/8 le 24"; of community lists "permit standard 64500:1". */
  readonly lists: Pick<ReadonlyMap<FilterName, ReadonlyMap<number, string>>, "get" | "has">;
  readonly maps: ReadonlyMap<FilterName, ReadonlyMap<number, Clause>>;
  /** What neighbours use: "router bgp 64500\naddress-family ipv4 unicast\nneighbor 192.0.2.1 out route-map", by the filter's name. */
  readonly uses: ReadonlyMap<string, FilterName>;
}

const mapLine = /^(route-map \S+)(?: (permit|deny) (\d+))?$/;
const useLine = /^(neighbor \S+) (route-map|prefix-list|filter-list|distribute-list) (\S+) (in|out)$/;

/** The filter that a line at the top, or a context, is part of. */
export function filterOf(line: string): FilterName | undefined {
  return listEntry(line)?.[0] ?? mapLine.exec(line)?.[1];
}

/** The filter that a command changes. */
export function filterTouched({ context, line }: FrrCommand): FilterName | undefined {
  return filterOf(context[0] ?? line.replace(/^no /, ""));
}

/** Whether there is a filter of this name. */
export function isThere({ lists, maps }: Filters, name: FilterName): boolean {
  return lists.has(name) || maps.has(name);
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
  readonly lists: Lists;
  readonly maps = new Map<FilterName, Map<number, { action: "permit" | "deny"; lines: Map<string, string> }>>();
  readonly uses = new Map<string, FilterName>();

  constructor(config: Context) {
    const { lists, lines } = written(config);
    this.lists = new Lists(lists);
    for (const line of lines) this.take(line);
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
      this.lists.put(...entry);
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
      if (entry) this.lists.drop(entry[0], entry[1]);
      if (map !== undefined && seq !== undefined) this.drop(map, Number(seq));
    } else {
      const [, map = "", , seq] = mapLine.exec(root) ?? [];
      const lines = this.maps.get(map)?.get(Number(seq))?.lines;
      for (const [key, one] of lines ?? []) if (one === line || one.startsWith(`${line} `)) lines?.delete(key);
    }
  }

  /** A map without entries is none. */
  private drop(map: FilterName, number: number): void {
    const clauses = this.maps.get(map);
    clauses?.delete(number);
    if (clauses?.size === 0) this.maps.delete(map);
  }

  private forget(isGone: (key: string) => boolean): void {
    for (const key of this.uses.keys()) if (isGone(key)) this.uses.delete(key);
  }
}

/** What a configuration says of filters. */
interface Written {
  readonly lists: ReadonlyMap<FilterName, readonly Stretch[]>;
  /** All but the entries of lists. */
  readonly lines: readonly FrrCommand[];
}
const allWritten = new WeakMap<Context, Written>();

function written(config: Context): Written {
  const known = allWritten.get(config);
  if (known) return known;
  const lines: FrrCommand[] = [];
  for (const part of config.parts) {
    const head = isStretch(part) ? "" : headOf(part);
    if (isStretch(part) || !/^(?:router bgp|route-map) /.test(head)) continue;
    if (head.startsWith("route-map ")) lines.push({ context: [], line: head });
    walk(
      nodesOf(part),
      (context, { line }) => {
        if (head.startsWith("route-map ") || reference(context, line)) lines.push({ context, line });
      },
      [head],
    );
  }
  const found = { lists: listsIn(config), lines };
  allWritten.set(config, found);
  return found;
}

function useKey(context: readonly string[], line: string): string {
  const [, neighbor, word, , direction] = useLine.exec(line) ?? [];
  return [...context, `${neighbor} ${direction} ${word}`].join("\n");
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
