/**
 * What a chain of filters permits, by evaluating it on one route of each kind that any of its entries can tell from others.
 * FRR 8.4: a list that is not there permits nothing at a neighbour and matches nothing in a route-map; an entry of a
 * route-map without a match matches everything; no entry matched is a denial.
 */
import type { FilterName } from "./filter-lists.ts";
import { type Clause, type Filters, reference } from "./filters.ts";

/** A route, as far as filters look at it. */
export interface Route {
  /** Of "ip" or "ipv6". */
  readonly family: string;
  /** The bits of its prefix. */
  readonly bits: string;
  /** What else holds of it: lines of route-maps and entries of lists that nobody here evaluates. */
  readonly facts: ReadonlySet<string>;
  /** Lists that are the same all the while: that one permits the route is a fact of its own. */
  readonly settled: ReadonlySet<FilterName>;
}

/** Whether all of these filters, which a neighbour has, permit the route. */
export function permits(filters: Filters, names: readonly FilterName[], route: Route): boolean {
  return names.every((name) =>
    name.startsWith("route-map ") ? runMap(filters, name, route, 0) : matchesList(filters, name, route) === true,
  );
}

/** Longer chains than FRR follows. */
const mostCalls = 5;

function runMap(filters: Filters, name: FilterName, route: Route, depth: number): boolean {
  const clauses = [...(filters.maps.get(name) ?? [])].toSorted(([a], [b]) => a - b);
  if (depth > mostCalls) return false;
  let isPermitted = false;
  for (let at = 0; at < clauses.length;) {
    const [number, clause] = clauses[at] ?? [0, undefined];
    if (!clause || !matches(filters, clause, route)) {
      at += 1;
      continue;
    }
    if (clause.action === "deny") return false;
    const called = lineOf(clause, /^call (\S+)$/);
    // One that is not there is passed over.
    const isThere = called !== undefined && filters.maps.has(`route-map ${called}`);
    if (isThere && !runMap(filters, `route-map ${called}`, route, depth + 1)) return false;
    isPermitted = true;
    const next = lineOf(clause, /^(?:on-match|continue)(.*)$/);
    if (next === undefined) return true;
    const goal = Number(/\d+$/.exec(next)?.[0] ?? number + 1);
    at = clauses.findIndex(([other]) => other >= goal && other > number);
    if (at === -1) return true;
  }
  return isPermitted;
}

function lineOf(clause: Clause, pattern: RegExp): string | undefined {
  for (const line of clause.lines.values()) {
    const match = pattern.exec(line);
    if (match) return match[1] ?? "";
  }
  return undefined;
}

function matches(filters: Filters, { lines }: Clause, route: Route): boolean {
  for (const line of lines.values()) {
    if (!line.startsWith("match ")) continue;
    const used = reference(["route-map "], line)?.name;
    const known = used === undefined ? undefined : matchesList(filters, used, route, isExact(line));
    if (used === undefined ? !route.facts.has(line) : known !== true) return false;
  }
  return true;
}

/** Whether the list permits it; undefined: no entry says anything. */
function matchesList(filters: Filters, name: FilterName, route: Route, exact = false): boolean | undefined {
  if (route.settled.has(name)) return route.facts.has(fact(name, ["permits it"], exact));
  const entries = [...(filters.lists.get(name) ?? [])].toSorted(([a], [b]) => a - b);
  for (const [, entry] of entries) {
    const [action, ...what] = entry.split(" ");
    const isMatch = name.includes(" prefix-list ")
      ? matchesPrefix(name, entry, route)
      : route.facts.has(fact(name.slice(0, name.lastIndexOf(" ")), what, exact));
    if (isMatch) return action === "permit";
  }
  return undefined;
}

/** "bgp community-list standard 64500:1", of any list of the kind; with "exact" in front: the route has no other. */
function fact(of: string, what: readonly string[], exact: boolean): string {
  return `${exact ? "exact " : ""}${of} ${what.join(" ")}`;
}

/** Whether a route is to have the communities of the list and no other. */
function isExact(line: string): boolean {
  return line.endsWith(" exact-match");
}

interface Range {
  readonly bits: string;
  readonly from: number;
  readonly to: number;
}

const ranges = new Map<string, Range>();

/** "permit 10.0.0.0/8 ge 16 le 24". */
function rangeOf(family: string, entry: string): Range {
  const known = ranges.get(`${family} ${entry}`);
  if (known) return known;
  const [, prefix = "any", ge, le] = /^\S+ (\S+)(?: ge (\d+))?(?: le (\d+))?$/.exec(entry) ?? [];
  const most = family === "ip" ? 32 : 128;
  const [address = "", length = "0"] = prefix === "any" ? ["", "0"] : prefix.split("/");
  const bits = (address === "" ? "" : family === "ip" ? bits4(address) : bits6(address)).slice(0, Number(length));
  const from = prefix === "any" ? 0 : Number(ge ?? length);
  const to = prefix === "any" ? most : Number(le ?? (ge === undefined ? length : most));
  const range = { bits, from, to };
  if (ranges.size > 10_000) ranges.clear();
  ranges.set(`${family} ${entry}`, range);
  return range;
}

function matchesPrefix(name: FilterName, entry: string, { family, bits }: Route): boolean {
  if (name.split(" ")[0] !== family) return false;
  const range = rangeOf(family, entry);
  return bits.startsWith(range.bits) && bits.length >= range.from && bits.length <= range.to;
}

function bits4(address: string): string {
  return address
    .split(".")
    .map((octet) => Number(octet).toString(2).padStart(8, "0"))
    .join("");
}

function bits6(address: string): string {
  const [head = "", tail] = address.split("::");
  const groups = (text: string | undefined) => (text === undefined || text === "" ? [] : text.split(":"));
  const [first, last] = [groups(head), groups(tail)];
  const missing = tail === undefined ? 0 : 8 - first.length - last.length;
  const all = [...first, ...Array.from({ length: missing }, () => "0"), ...last];
  return all.map((group) => Number.parseInt(group, 16).toString(2).padStart(16, "0")).join("");
}

/** More things that nobody here evaluates are not gone through in all combinations. */
const mostFacts = 10;
const mostRoutes = 40_000;

/**
 * A route of each kind that these filters, in any of several configurations, can tell from others; undefined: there are too
 * many. `touched`: what commands change between the configurations.
 */
export function kindsOf(
  filters: readonly Filters[],
  names: ReadonlySet<FilterName>,
  touched: ReadonlySet<FilterName>,
): readonly Route[] | undefined {
  const settled = new Set([...names].filter((name) => isSettled(filters, name) && !touched.has(name)));
  const facts = factsOf(filters, names, settled);
  const entries: Readonly<Record<string, Map<string, Range>>> = { ip: new Map(), ipv6: new Map() };
  for (const name of names) {
    if (!name.includes(" prefix-list ")) continue;
    const family = name.split(" ")[0] ?? "";
    for (const one of filters)
      for (const [, entry] of one.lists.get(name) ?? []) entries[family]?.set(entry, rangeOf(family, entry));
  }
  if (facts.size > mostFacts) return undefined;
  const combinations = subsets([...facts]);
  const prefixes = Object.entries(entries).flatMap(([family, known]) =>
    prefixesOf([...known.values()], family === "ip" ? 32 : 128).map((bits) => ({ family, bits })),
  );
  if (prefixes.length * combinations.length > mostRoutes) return undefined;
  return prefixes.flatMap((prefix) => combinations.map((some) => ({ ...prefix, facts: some, settled })));
}

/** A list of anything but prefixes that is there, and the same in all of them. */
function isSettled(filters: readonly Filters[], name: FilterName): boolean {
  const texts = filters.map(({ lists }) => JSON.stringify([...(lists.get(name) ?? [])]));
  return !/ prefix-list |^route-map /.test(name) && texts[0] !== "[]" && texts.every((text) => text === texts[0]);
}

/**
 * What may hold of a route beside its prefix: what entries of lists say, and what route-maps ask for by themselves. In between a map of one
 * configuration asks a list of another.
 */
function factsOf(
  filters: readonly Filters[],
  names: ReadonlySet<FilterName>,
  settled: ReadonlySet<FilterName>,
): ReadonlySet<string> {
  const facts = new Set<string>();
  const asked = (name: FilterName, exact: boolean) => {
    if (settled.has(name)) facts.add(fact(name, ["permits it"], exact));
    else if (!name.includes(" prefix-list ")) {
      for (const [, entry] of filters.flatMap(({ lists }) => [...(lists.get(name) ?? [])]))
        facts.add(fact(name.slice(0, name.lastIndexOf(" ")), entry.split(" ").slice(1), exact));
    }
  };
  for (const one of filters) {
    for (const name of names) {
      // Neighbours ask lists themselves, of those kinds that they can.
      if (name.startsWith("bgp as-path ")) asked(name, false);
      for (const { lines } of one.maps.get(name)?.values() ?? []) {
        for (const line of lines.values()) {
          if (!line.startsWith("match ")) continue;
          const used = reference(["route-map "], line)?.name;
          if (used === undefined) facts.add(line);
          else asked(used, isExact(line));
        }
      }
    }
  }
  return facts;
}

function subsets(facts: readonly string[]): readonly ReadonlySet<string>[] {
  const sets: ReadonlySet<string>[] = [];
  for (let mask = 0; mask < 2 ** facts.length; mask += 1) {
    sets.push(new Set(facts.filter((_, index) => (mask >> index) & 1)));
  }
  return sets;
}

/** In each prefix one that is in none of those inside it, and each itself; all of them cut to each length that matters. */
function prefixesOf(ranges: readonly Range[], most: number): readonly string[] {
  const lengths = new Set([0, most]);
  for (const { bits, from, to } of ranges) {
    for (const at of [bits.length, from, to]) for (const near of [at - 1, at, at + 1]) lengths.add(near);
  }
  const known = [...new Set(["", ...ranges.map(({ bits }) => bits)])];
  const found = new Set<string>();
  for (const bits of known) {
    const inside = known.filter((other) => other.length > bits.length && other.startsWith(bits));
    for (const path of [free(bits, inside), bits]) {
      if (path === undefined) continue;
      for (const length of lengths)
        if (length >= 0 && length <= most) found.add(path.padEnd(most, "0").slice(0, length));
    }
  }
  return [...found];
}

/** Bits inside a prefix that are in none of those inside it; undefined: they fill it. */
function free(bits: string, inside: readonly string[]): string | undefined {
  if (inside.length === 0) return bits;
  if (inside.includes(bits)) return undefined;
  for (const bit of ["0", "1"]) {
    const found = free(
      bits + bit,
      inside.filter((other) => other.startsWith(bits + bit)),
    );
    if (found !== undefined) return found;
  }
  return undefined;
}
