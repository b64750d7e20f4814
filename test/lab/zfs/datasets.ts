/** What a simulated pool holds: datasets with their snapshots, by which blocks they have. Sizes follow from who shares what. */

import type { RunResult } from "../../../reconcilers/core.ts";

/** A block has an identity of its own, so that who shares it counts it once. */
export type Blocks = ReadonlyMap<number, number>;

export interface SimSnapshot {
  name: string;
  readonly guid: string;
  readonly createdAt: number;
  readonly txg: number;
  readonly blocks: Blocks;
  readonly holds: Set<string>;
  readonly properties: Map<string, string>;
}

export interface SimDataset {
  name: string;
  readonly guid: string;
  readonly createdAt: number;
  /** Full name of the snapshot that it is a clone of. */
  origin: string | undefined;
  /** Set here: native ones and users'. */
  readonly properties: Map<string, string>;
  blocks: Blocks;
  /** Oldest first. */
  snapshots: SimSnapshot[];
  mounted: boolean;
}

/** Every dataset of a pool, by name. */
export type Datasets = Map<string, SimDataset>;

export interface SimPool {
  readonly name: string;
  readonly datasets: Datasets;
  bootfs: string | undefined;
  health: string;
  sizeBytes: number;
  /** Seconds since 1970 of what is made next, and its transaction group. */
  clock: { at: number; txg: number; serial: number };
  /** Answers an argv of `zfs` or `zpool`; undefined: of neither. */
  run(argv: readonly string[]): RunResult | undefined;
  /** What it was asked to change, in order. */
  readonly changes: (readonly string[])[];
  /** Puts that many new bytes into a dataset. */
  write(dataset: string, bytes: number): void;
  /** Mounts a dataset at its mountpoint: what runs. */
  mount(dataset: string): void;
  usedBytes(): number;
}

export function bytesOf(blocks: Blocks): number {
  return [...blocks.values()].reduce((sum, bytes) => sum + bytes, 0);
}

/** The dataset itself and all below it. */
export function withBelow(datasets: Datasets, name: string): readonly SimDataset[] {
  return [...datasets.values()].filter((one) => one.name === name || one.name.startsWith(`${name}/`));
}

/** What a property is of a dataset, and where that comes from; undefined: nobody set it. */
export function propertyOf(
  datasets: Datasets,
  name: string,
  property: string,
): { readonly value: string; readonly source: string } | undefined {
  for (let from = name; from !== ""; from = from.slice(0, Math.max(0, from.lastIndexOf("/")))) {
    const value = datasets.get(from)?.properties.get(property);
    if (value !== undefined) return { value, source: from === name ? "local" : `inherited from ${from}` };
    if (property === "canmount") return undefined;
  }
  return undefined;
}

/** The snapshot of that full name. */
export function snapshotAt(datasets: Datasets, name: string): SimSnapshot | undefined {
  const [dataset = "", snapshot] = name.split("@");
  return datasets.get(dataset)?.snapshots.find((one) => one.name === snapshot);
}

/** What it would take with it: all blocks of it, its snapshots and what is below, but for those of the origin. */
export function usedBy(datasets: Datasets, name: string): number {
  return withBelow(datasets, name).reduce((sum, one) => {
    const shared = one.origin === undefined ? undefined : snapshotAt(datasets, one.origin)?.blocks;
    const all = new Map([...one.blocks, ...one.snapshots.flatMap(({ blocks }) => [...blocks])]);
    return sum + bytesOf(new Map([...all].filter(([id]) => !shared?.has(id))));
  }, 0);
}

/** Blocks that only this snapshot has. */
export function usedBySnapshot(one: SimDataset, snapshot: SimSnapshot): number {
  const others = [one.blocks, ...one.snapshots.filter((other) => other !== snapshot).map(({ blocks }) => blocks)];
  return bytesOf(new Map([...snapshot.blocks].filter(([id]) => !others.some((blocks) => blocks.has(id)))));
}

/** Names of the datasets that are clones of this snapshot, or of one of the dataset's. */
export function clonesOf(datasets: Datasets, name: string): readonly string[] {
  return [...datasets.values()].flatMap((one) => {
    const isIt = one.origin === name || (!name.includes("@") && one.origin?.split("@")[0] === name);
    return isIt ? [one.name] : [];
  });
}

export function availableBytes(pool: SimPool): number {
  const all = [...pool.datasets.values()].flatMap((one) => [
    ...one.blocks,
    ...one.snapshots.flatMap(({ blocks }) => [...blocks]),
  ]);
  return Math.max(0, pool.sizeBytes - bytesOf(new Map(all)));
}
