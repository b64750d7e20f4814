/** What differs between desired and live, under three-way ownership: what to add, replace, remove, and what is foreign. */
import { ancestors, type Entries, entriesOf, type Entry, type Neighbor, neighborKey, neighborsOf } from "./entries.ts";
import type { Operation } from "./impact.ts";
import { pathKey, parseConfig } from "./tree.ts";

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
}

/** Reads the texts. */
export function sidesOf(desired: string, live: string, owned: readonly string[]): Sides {
  const desiredEntries = entriesOf(parseConfig(desired));
  const liveEntries = entriesOf(parseConfig(live));
  const keys = new Set(owned.flatMap((text) => [...entriesOf(parseConfig(text)).keys()]));
  return {
    desired: desiredEntries,
    live: liveEntries,
    owned: keys,
    desiredNeighbors: neighborsOf(desiredEntries),
    liveNeighbors: neighborsOf(liveEntries),
  };
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
  for (const entry of surplus) {
    const key = neighborKey(entry);
    if (ancestors(entry).some((head) => heads.has(head))) continue;
    if (key !== undefined && gone.has(key)) {
      // `no neighbor` takes all its lines along; one identity line stands for all of it.
      if (sides.liveNeighbors.get(key)?.identity[0] === entry) operations.push({ kind: "remove", entry });
      continue;
    }
    if (key !== undefined && recreated.has(key)) continue;
    if (entry.isHead ? heads.has(entry.key) : sides.owned.has(entry.key)) operations.push({ kind: "remove", entry });
    else foreign.push(entry);
  }
  return { operations, recreated, foreign };
}

/** Neighbours that were ours and are not wanted any more. */
function* goneNeighbors(sides: Sides): Iterable<string> {
  for (const [key, { identity }] of sides.liveNeighbors) {
    if (sides.desiredNeighbors.has(key) || identity.length === 0) continue;
    if (identity.some((entry) => sides.owned.has(entry.key))) yield key;
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
