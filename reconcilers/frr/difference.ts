/** What differs between desired and live, under three-way ownership: what to add, replace, remove, and what is foreign. */
import { ancestors, type Entries, entriesOf, type Entry, type Neighbor, neighborKey, neighborsOf } from "./entries.ts";
import type { Operation } from "./impact.ts";
import { instanceSlot, isLeak } from "./grammar.ts";
import type { FilterName } from "./filter-lists.ts";
import { type Filters, filterOf, isThere, LiveFilters } from "./filters.ts";
import { outlineOf } from "./outline-text.ts";
import { relevantParts } from "./relevant.ts";
import { pathKey } from "./tree.ts";

/** The configurations that a plan compares. */
export interface Sides {
  readonly desired: Entries;
  readonly live: Entries;
  /** Keys of everything that was ever desired here. */
  readonly owned: ReadonlySet<string>;
  readonly desiredNeighbors: ReadonlyMap<string, Neighbor>;
  readonly liveNeighbors: ReadonlyMap<string, Neighbor>;
}

export interface Difference {
  readonly operations: readonly Operation[];
  /** Neighbours that have to be removed and made anew: what they are cannot be changed in place. */
  readonly recreated: ReadonlySet<string>;
  readonly foreign: readonly Entry[];
  /** Lines that nobody here made and that go with what they stand in: no command of the plan names them. */
  readonly goAlong: readonly Entry[];
}

/** Reads the texts, as far as a difference may be about them. `incomplete`: as difference() has it. */
export function sidesOf(
  desired: string,
  live: string,
  owned: readonly string[],
  incomplete: ReadonlySet<string> = new Set(),
): Sides {
  const [wanted, found] = [outlineOf(desired), outlineOf(live)];
  const relevant = relevantParts(wanted, found, incomplete);
  const desiredEntries = entriesOf(relevant.part(wanted));
  const liveEntries = entriesOf(relevant.part(found));
  const keys = new Set<string>();
  for (const text of new Set(owned)) {
    const known = text === live ? liveEntries : text === desired ? desiredEntries : undefined;
    for (const key of (known ?? entriesOf(relevant.part(outlineOf(text)))).keys()) keys.add(key);
  }
  const named = [...liveEntries.values()].filter(({ path, line }) => filterOf(path[0] ?? line)?.endsWith("~"));
  if (named.length > 0) {
    const filters = [wanted, found, ...owned.map(outlineOf)].map((outline) => new LiveFilters(outline));
    for (const { key, path, line } of named) if (isCopy(filterOf(path[0] ?? line) ?? "", filters)) keys.add(key);
  }
  return {
    desired: desiredEntries,
    live: liveEntries,
    owned: keys,
    desiredNeighbors: neighborsOf(desiredEntries),
    liveNeighbors: neighborsOf(liveEntries),
  };
}

/** Whether it is named as a copy of a filter, which a change that was interrupted left behind (copies.ts). */
function isCopy(name: FilterName, filters: readonly Filters[]): boolean {
  const base = name.slice(0, -1);
  return name.endsWith("~") && (filters.some((some) => isThere(some, base)) || isCopy(base, filters));
}

/** Linear in the number of lines. `incomplete`: places of lines that not every daemon has that should. */
export function difference(sides: Sides, incomplete: ReadonlySet<string>): Difference {
  const recreated = recreatedNeighbors(sides);
  const gone = new Set(goneNeighbors(sides));
  const surplus = [...sides.live.values()].filter((entry) => !sides.desired.has(entry.key));
  const heads = removedHeads(sides, surplus, gone);

  const operations: Operation[] = [];
  for (const entry of sides.desired.values()) {
    const key = neighborKey(entry);
    const old = key !== undefined && recreated.has(key) ? undefined : sides.live.get(entry.key);
    if (!old || (old.line === entry.line && incomplete.has(pathKey(old.path, old.line)))) {
      operations.push({ kind: "add", entry });
    } else if (old.line !== entry.line) operations.push({ kind: "set", entry, old });
  }

  const foreign: Entry[] = [];
  const goAlong: Entry[] = [];
  for (const entry of surplus) {
    const key = neighborKey(entry);
    const goesWithHead = ancestors(entry).some((head) => heads.has(head));
    const goesWithNeighbor = key !== undefined && (gone.has(key) || recreated.has(key));
    if ((goesWithHead || goesWithNeighbor) && !sides.owned.has(entry.key)) goAlong.push(entry);
    if (goesWithHead) continue;
    if (key !== undefined && gone.has(key)) {
      if (endsNeighbor(entry, key, sides, recreated)) operations.push({ kind: "remove", entry });
      continue;
    }
    if (key !== undefined && recreated.has(key)) continue;
    if (stays(entry, key, sides, heads)) foreign.push(entry);
    else operations.push({ kind: "remove", entry: { ...entry, path: pathIn(sides.desired, entry) } });
  }
  operations.push(...leaksAgain(sides, heads));
  return { operations, recreated, foreign, goAlong };
}

/** What instances have of each other is taken back while one of them is replaced by another, and given again. */
function leaksAgain(sides: Sides, heads: ReadonlySet<string>): readonly Operation[] {
  const slots = (entries: Iterable<Entry>) =>
    [...entries].flatMap(({ path, line }) => (path.length === 0 ? (instanceSlot(line) ?? []) : []));
  const leaving = slots([...sides.live.values()].filter((entry) => heads.has(entry.key)));
  if (leaving.length === 0) return [];
  const coming = new Set(slots(sides.desired.values()));
  if (!leaving.some((slot) => coming.has(slot))) return [];
  return [...sides.live.values()].flatMap((entry): readonly Operation[] => {
    const wanted = isLeak(entry.path, entry.line) ? sides.desired.get(entry.key) : undefined;
    if (wanted === undefined) return [];
    return [
      { kind: "remove", entry },
      { kind: "add", entry: wanted },
    ];
  });
}

/**
 * Whether this line stands for the removal of its neighbour: `no neighbor` takes all its lines along, and that of a
 * peer-group all its members.
 */
function endsNeighbor(entry: Entry, key: string, sides: Sides, recreated: ReadonlySet<string>): boolean {
  const neighbor = sides.liveNeighbors.get(key);
  return neighbor?.identity[0] === entry && !recreated.has(groupKey(neighbor) ?? "");
}

/** The key of the peer-group that a neighbour belongs to. */
export function groupKey({ key, group }: Neighbor): string | undefined {
  return group === undefined ? undefined : `${key.slice(0, key.indexOf("\n"))}\n${group}`;
}

/** What was never ours stays; so does what foreign neighbours of ours depend on: their group and their instance. */
function stays(entry: Entry, key: string | undefined, sides: Sides, heads: ReadonlySet<string>): boolean {
  if (entry.isHead) return !heads.has(entry.key);
  if (!sides.owned.has(entry.key)) return true;
  const [head] = ancestors(entry);
  const isKeptInstance =
    head !== undefined && !sides.desired.has(head) && entry.path[0]?.startsWith("router ") === true;
  return (
    isKeptInstance && entry.path.length === 1 && (key === undefined || sides.liveNeighbors.get(key)?.isGroup === true)
  );
}

/** The contexts of a live line as they are desired: to enter them by their old name would change them back. */
function pathIn(desired: Entries, entry: Entry): readonly string[] {
  const keys = ancestors(entry);
  return entry.path.map((line, depth) => desired.get(keys[depth] ?? "")?.line ?? line);
}

/** Neighbours that were ours and are not wanted any more; not a group of which somebody else made members. */
function* goneNeighbors(sides: Sides): Iterable<string> {
  const isOurs = ({ identity }: Neighbor) => identity.some((entry) => sides.owned.has(entry.key));
  const used = new Set(
    [...sides.liveNeighbors.values()]
      .filter((one) => !sides.desiredNeighbors.has(one.key) && !isOurs(one))
      .map((one) => groupKey(one)),
  );
  for (const [key, neighbor] of sides.liveNeighbors) {
    if (!sides.desiredNeighbors.has(key) && isOurs(neighbor) && !used.has(key)) yield key;
  }
}

/**
 * Contexts to remove whole: owned, not desired, and, for an instance of a protocol, with nothing foreign in it. What
 * else stands in a route-map entry or a profile goes with it.
 */
function removedHeads(sides: Sides, surplus: readonly Entry[], gone: ReadonlySet<string>): ReadonlySet<string> {
  const kept = new Set<string>();
  for (const entry of surplus) {
    const key = neighborKey(entry);
    if (sides.owned.has(entry.key) || (key !== undefined && gone.has(key))) continue;
    if (entry.path[0]?.startsWith("router ")) for (const head of ancestors(entry)) kept.add(head);
  }
  return new Set(
    surplus
      .filter((entry) => entry.isHead && sides.owned.has(entry.key) && !kept.has(entry.key))
      .map((entry) => entry.key),
  );
}

/** Neighbours whose identity changes in a way that bgpd does not take in place, and the members of such groups. */
function recreatedNeighbors(sides: Sides): ReadonlySet<string> {
  const recreated = new Set<string>();
  for (const [key, desired] of sides.desiredNeighbors) {
    const live = sides.liveNeighbors.get(key);
    if (live && live.identity.length > 0 && !changesInPlace(live, desired)) recreated.add(key);
  }
  for (const [key, desired] of sides.desiredNeighbors) {
    const group = sides.liveNeighbors.get(key)?.group ?? desired.group;
    const root = key.slice(0, key.indexOf("\n"));
    if (sides.liveNeighbors.has(key) && group !== undefined && recreated.has(`${root}\n${group}`)) recreated.add(key);
  }
  return recreated;
}

function changesInPlace(live: Neighbor, desired: Neighbor): boolean {
  const before = live.identity.map(({ line }) => line).toSorted();
  const after = desired.identity.map(({ line }) => line).toSorted();
  if (before.length !== after.length) return false;
  return before.every((line, at) => {
    const other = after[at] ?? "";
    if (line === other) return true;
    const from = /^neighbor \S+ remote-as (\S+)$/.exec(line)?.[1];
    const to = /^neighbor \S+ remote-as (\S+)$/.exec(other)?.[1];
    const own = live.key.split(/[ \n]/)[2];
    // From inside to outside, or back, other defaults hold: bgpd forgets some attributes and keeps others.
    const isInternal = (asn: string | undefined) => asn === "internal" || asn === own;
    return from !== undefined && to !== undefined && isInternal(from) === isInternal(to);
  });
}
