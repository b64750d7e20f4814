/**
 * Which parts of a file have to be shown to FRR before they can be compared. What stands in the file word for word as FRR
 * prints it is canonical already; only units that differ, and what their printed form depends on, are worth a scratch FRR.
 */
import { headKind, isLeak, lineKey, neighborOf, objectOf } from "./grammar.ts";
import { opensContext } from "./openers.ts";
import type { SourceLine } from "./source.ts";
import { type Node, pathKey, walk } from "./tree.ts";

export interface Parted {
  /** To be shown to FRR, in file order: every unit that differs, with what it depends on. */
  readonly fed: readonly SourceLine[];
  /** The same in the file as it is live. */
  readonly kept: readonly SourceLine[];
  /** Whether the file and what is live are the same, line by line. */
  readonly isSame: boolean;
}

/** The same as lines of a source, but for their places in it. */
export function linesOf(nodes: readonly Node[]): readonly SourceLine[] {
  const lines: SourceLine[] = [];
  walk(nodes, (context, { line, children }) => {
    // A family without lines is none.
    if (children.length > 0 || !line.startsWith("address-family ")) lines.push({ context, line, at: 0 });
  });
  return lines;
}

/** Linear in the lines of both. `live` is canonical. */
export function partSource(source: readonly SourceLine[], live: readonly Node[]): Parted {
  const keys = source.map(({ context, line }) => pathKey(context, line));
  const seen = new Set(keys);
  const found = new Set<string>();
  const changed = new Set<string>();
  walk(live, (path, { line, children }) => {
    const key = pathKey(path, line);
    found.add(key);
    if (seen.has(key)) return;
    // A context that exists only through its lines is nothing by itself.
    const isBare = children.length === 0 && headKind(path, line) === "group";
    if (!isBare) changed.add(unitOf(path, line));
  });
  source.forEach(({ context, line }, index) => {
    if (!found.has(keys[index] ?? "")) changed.add(unitOf(context, line));
  });
  if (changed.size === 0) return { fed: [], kept: source, isSame: true };
  const names = source.map(({ context, line }) => unitOf(context, line));
  const wanted = withDependencies(changed, unitsOf(source, names));
  return {
    fed: source.filter((_, index) => wanted.has(names[index] ?? "")),
    kept: source.filter((_, index) => !wanted.has(names[index] ?? "")),
    isSame: false,
  };
}

/** Lines by the name of their unit. */
type Units = ReadonlyMap<string, readonly SourceLine[]>;

function unitsOf(source: readonly SourceLine[], names: readonly string[]): Units {
  const units = new Map<string, SourceLine[]>();
  source.forEach((line, index) => {
    const name = names[index] ?? "";
    const known = units.get(name);
    if (known) known.push(line);
    else units.set(name, [line]);
  });
  return units;
}

/**
 * "router bgp 64500/neighbor 192.0.2.1", "router bgp 64500/" (the instance), "router bgp 64500/address-family ipv4 unicast",
 * "ip prefix-list A", "route-map A". A line that takes one away is of it.
 */
function unitOf(context: readonly string[], line: string): string {
  const [root, inner] = context;
  if (root === undefined) {
    const positive = line.replace(/^no /, "");
    return opensContext(context, positive) ? rootUnit(positive) : objectOf(context, positive);
  }
  if (!root.startsWith("router bgp ")) return root.startsWith("vrf ") ? objectOf(context, line) : rootUnit(root);
  const neighbor = neighborOf(context, line);
  if (neighbor !== undefined) return `${root}/neighbor ${neighbor}`;
  if (inner !== undefined) return `${root}/${inner}`;
  return line.startsWith("address-family ") ? `${root}/${line}` : `${root}/`;
}

function rootUnit(root: string): string {
  if (root.startsWith("route-map ")) return root.split(" ", 2).join(" ");
  return root.startsWith("router bgp ") ? `${root}/` : root.startsWith("interface ") ? lineKey([], root) : root;
}

/** What changed, and all whose printed form hangs together with it. */
function withDependencies(changed: ReadonlySet<string>, units: Units): ReadonlySet<string> {
  const wanted = new Set(changed);
  const all = [...units.keys()];
  const members = Map.groupBy(
    all.filter((name) => name.includes("/neighbor ")),
    (name) => groupUnit(name, units) ?? "",
  );
  for (const name of changed) {
    // An instance decides what all in it look like, a group what its members do.
    if (/^router bgp [^/]*\/$/.test(name)) for (const one of all) if (one.startsWith(name)) wanted.add(one);
    for (const member of members.get(name) ?? []) wanted.add(member);
  }
  for (const name of wanted) {
    const group = name.includes("/neighbor ") ? groupUnit(name, units) : undefined;
    if (group !== undefined) wanted.add(group);
  }
  // An instance that others import from or export to may come to be by that alone, with their AS number.
  const isInstance = (name: string) => /^router bgp [^/]*\/$/.test(name);
  const leaks = [...units.values()].some((lines) => lines.some(({ context, line }) => isLeak(context, line)));
  if (leaks && [...changed].some(isInstance)) {
    for (const name of all) if (name.startsWith("router bgp ")) wanted.add(name);
  }
  const has = (pattern: RegExp) => [...wanted].some((name) => pattern.test(name));
  if (has(/^router bgp /)) for (const name of all) if (/^router bgp [^/]*\/$/.test(name)) wanted.add(name);
  // An area is given to an instance or to interfaces, never both.
  if (has(/^router ospf6?\b/)) for (const name of all) if (/^(?:interface|router ospf)/.test(name)) wanted.add(name);
  if (has(/^interface /)) for (const name of all) if (name.startsWith("router ospf")) wanted.add(name);
  return wanted;
}

/** The unit of the peer-group that a neighbour is in. */
function groupUnit(name: string, units: Units): string | undefined {
  for (const { line } of units.get(name) ?? []) {
    const group = /^neighbor \S+ (?:interface (?:v6only )?)?peer-group (\S+)$/.exec(line)?.[1];
    if (group !== undefined) return `${name.slice(0, name.indexOf("/neighbor "))}/neighbor ${group}`;
  }
  return undefined;
}
