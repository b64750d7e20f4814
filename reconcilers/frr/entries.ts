/** A configuration as a flat map of entries, each under a key that names what it sets: what two of them are compared by. */
import { headKind, isAmbient, isIdentity, lineKey, neighborOf } from "./grammar.ts";
import { type Node, walk } from "./tree.ts";

/** One line that can be added, replaced or removed. */
export interface Entry {
  readonly path: readonly string[];
  readonly line: string;
  /** Unique in a configuration: of two configurations, entries with one key set the same thing. */
  readonly key: string;
  /** A context that is added and removed as a whole: "router bgp 64500", "route-map A permit 10". */
  readonly isHead: boolean;
}

/** In the order of the configuration. */
export type Entries = ReadonlyMap<string, Entry>;

/** Contexts that exist only through their lines (interface, address-family) are no entries. */
export function entriesOf(config: readonly Node[]): Entries {
  const entries = new Map<string, Entry>();
  walk(config, (path, { line }) => {
    const head = headKind(path, line);
    if (head === "group" || isAmbient(path, line)) return;
    const key = entryKey(path, line);
    entries.set(key, { path, line, key, isHead: head === "object" });
  });
  return entries;
}

/** The key of a line at its place. */
export function entryKey(path: readonly string[], line: string): string {
  return [...contextKeys(path), lineKey(path, line)].join("\n");
}

/** The keys of the contexts that a line stands in, outermost first. */
export function contextKeys(path: readonly string[]): readonly string[] {
  return path.map((line, depth) => lineKey(path.slice(0, depth), line));
}

/** The keys of the heads that an entry stands in: it goes when one of them goes. */
export function ancestors(entry: Entry): readonly string[] {
  const keys = contextKeys(entry.path);
  return keys.map((_, depth) => keys.slice(0, depth + 1).join("\n"));
}

/** The neighbours and peer-groups of all BGP instances. */
export interface Neighbor {
  /** "router bgp 64500\n192.0.2.1" */
  readonly key: string;
  readonly name: string;
  /** The lines of `router bgp`: by what it exists. */
  readonly identity: readonly Entry[];
  /** All its lines, of the address families too. */
  readonly entries: readonly Entry[];
  readonly isGroup: boolean;
  /** Known by its interface, without an address. */
  readonly isUnnumbered: boolean;
  /** The peer-group that it belongs to. */
  readonly group: string | undefined;
}

/** The key of the neighbour that an entry is about, or undefined. */
export function neighborKey(entry: Entry): string | undefined {
  const name = neighborOf(entry.path, entry.line);
  return name === undefined ? undefined : `${entry.path[0]}\n${name}`;
}

/** Whether a neighbour is named by its address: an interface may have one beside it ("neighbor fe80::1 interface e0"). */
export function isAddress(name: string): boolean {
  return name.includes(":") || /^\d+(?:\.\d+){3}$/.test(name);
}

export function neighborsOf(entries: Entries): ReadonlyMap<string, Neighbor> {
  const lines = Map.groupBy(
    [...entries.values()].filter((entry) => neighborKey(entry) !== undefined),
    (entry) => neighborKey(entry) ?? "",
  );
  const neighbors = new Map<string, Neighbor>();
  for (const [key, own] of lines) {
    const identity = own.filter((entry) => isIdentity(entry.path, entry.line));
    const name = neighborOf(own[0]?.path ?? [], own[0]?.line ?? "") ?? "";
    const group = identity.map(({ line }) => /peer-group (\S+)$/.exec(line)?.[1]).find((found) => found !== undefined);
    const isGroup = identity.some(({ line }) => line === `neighbor ${name} peer-group`);
    const isUnnumbered = !isGroup && !isAddress(name);
    neighbors.set(key, { key, name, identity, entries: own, isGroup, isUnnumbered, group });
  }
  return neighbors;
}
