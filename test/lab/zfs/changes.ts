/** What changes a simulated pool: `zfs` and `zpool` with everything that they refuse. */
import { clonesOf, snapshotAt, withBelow, type SimDataset, type SimPool, type SimSnapshot } from "./datasets.ts";

/** What the program says on standard error, and its exit code. */
export class ZfsError extends Error {
  readonly exitCode: number;
  constructor(message: string, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

type Verb = (pool: SimPool, args: readonly string[]) => void;

const verbs: Readonly<Record<string, Verb>> = {
  "zpool set": setBootfs,
  "zpool sync": () => undefined,
  "zfs create": create,
  "zfs set": set,
  "zfs inherit": inherit,
  "zfs snapshot": takeSnapshot,
  "zfs rollback": rollback,
  "zfs clone": clone,
  "zfs promote": promote,
  "zfs rename": rename,
  "zfs destroy": destroy,
  "zfs hold": hold,
  "zfs release": release,
};

export function change(pool: SimPool, program: string, verb: string, args: readonly string[]): void {
  const found = verbs[`${program} ${verb}`];
  if (!found) throw new ZfsError(`unrecognized command '${verb}'`, 2);
  pool.clock.at += 1;
  pool.clock.txg += 1;
  found(pool, args);
}

function setBootfs(pool: SimPool, [assignment = "", name]: readonly string[]): void {
  const [key, dataset = ""] = assignment.split("=");
  if (key !== "bootfs" || name !== pool.name) throw new ZfsError("invalid property", 255);
  if (!pool.datasets.has(dataset)) throw new ZfsError(`cannot set property for '${name}': no such pool or dataset`);
  pool.bootfs = dataset;
}

/** `-o property=value` of an argument list, and what is left of it. */
function options(args: readonly string[]): { readonly set: ReadonlyMap<string, string>; readonly rest: string[] } {
  const set = new Map<string, string>();
  const rest: string[] = [];
  for (let i = 0; i < args.length; i += 1) {
    const word = args[i] ?? "";
    if (word === "-o") {
      const [key = "", ...value] = (args[(i += 1)] ?? "").split("=");
      set.set(key, value.join("="));
    } else if (word !== "-u") rest.push(word);
  }
  return { set, rest };
}

function guid(pool: SimPool): string {
  pool.clock.serial += 1;
  return String(10_000_000_000_000_000_000n + BigInt(pool.clock.serial));
}

function added(pool: SimPool, name: string, set: ReadonlyMap<string, string>, from?: SimSnapshot): SimDataset {
  if (pool.datasets.has(name)) throw new ZfsError(`cannot create '${name}': dataset already exists`);
  if (!pool.datasets.has(name.slice(0, name.lastIndexOf("/")))) {
    throw new ZfsError(`cannot create '${name}': parent does not exist`);
  }
  const made: SimDataset = {
    name,
    guid: guid(pool),
    createdAt: pool.clock.at,
    origin: undefined,
    properties: new Map(set),
    blocks: from?.blocks ?? new Map(),
    snapshots: [],
    mounted: false,
  };
  pool.datasets.set(name, made);
  return made;
}

function create(pool: SimPool, args: readonly string[]): void {
  const { set, rest } = options(args);
  added(pool, rest[0] ?? "", set);
}

function clone(pool: SimPool, args: readonly string[]): void {
  const { set, rest } = options(args);
  const [from = "", name = ""] = rest;
  const snapshot = snapshotAt(pool.datasets, from);
  if (!snapshot) throw new ZfsError(`cannot open '${from}': dataset does not exist`);
  added(pool, name, set, snapshot).origin = from;
}

function at(pool: SimPool, name: string): SimDataset {
  const found = pool.datasets.get(name);
  if (!found) throw new ZfsError(`cannot open '${name}': dataset does not exist`);
  return found;
}

function propertiesAt(pool: SimPool, name: string): Map<string, string> {
  return snapshotAt(pool.datasets, name)?.properties ?? at(pool, name).properties;
}

function set(pool: SimPool, args: readonly string[]): void {
  const [assignment = "", name = ""] = args;
  const [key = "", ...value] = assignment.split("=");
  propertiesAt(pool, name).set(key, value.join("="));
}

function inherit(pool: SimPool, [key = "", name = ""]: readonly string[]): void {
  propertiesAt(pool, name).delete(key);
}

function takeSnapshot(pool: SimPool, args: readonly string[]): void {
  const [dataset = "", name = ""] = (options(args).rest[0] ?? "").split("@");
  const one = at(pool, dataset);
  if (one.snapshots.some((other) => other.name === name)) {
    throw new ZfsError(`cannot create snapshot '${dataset}@${name}': dataset already exists`);
  }
  one.snapshots.push({
    name,
    guid: guid(pool),
    createdAt: pool.clock.at,
    txg: pool.clock.txg,
    blocks: one.blocks,
    holds: new Set(),
    properties: new Map(),
  });
}

function rollback({ datasets }: SimPool, [name = ""]: readonly string[]): void {
  const snapshot = snapshotAt(datasets, name);
  const one = datasets.get(name.split("@")[0] ?? "");
  if (!snapshot || !one) throw new ZfsError(`cannot open '${name}': dataset does not exist`);
  if (one.snapshots.at(-1) !== snapshot) {
    throw new ZfsError(`cannot rollback to '${name}': more recent snapshots exist`);
  }
  one.blocks = snapshot.blocks;
}

/** The clone takes over its origin's snapshots up to the one that it comes from, and changes places with it. */
function promote(pool: SimPool, [name = ""]: readonly string[]): void {
  const one = at(pool, name);
  const { origin } = one;
  const from = pool.datasets.get(origin?.split("@")[0] ?? "");
  const last = origin === undefined ? undefined : snapshotAt(pool.datasets, origin);
  if (!from || !last) throw new ZfsError(`cannot promote '${name}': not a cloned filesystem`);
  const moved = from.snapshots.filter(({ txg }) => txg <= last.txg);
  const clash = moved.find((snapshot) => one.snapshots.some((own) => own.name === snapshot.name));
  if (clash)
    throw new ZfsError(
      `cannot promote '${name}': snapshot name '${name}@${clash.name}' from origin conflicts with '${from.name}@${clash.name}' from target`,
    );
  from.snapshots = from.snapshots.filter((snapshot) => !moved.includes(snapshot));
  one.snapshots = [...moved, ...one.snapshots];
  one.origin = from.origin;
  for (const other of pool.datasets.values()) {
    const [dataset, snapshot] = other.origin?.split("@") ?? [];
    if (dataset === from.name && moved.some((it) => it.name === snapshot)) other.origin = `${name}@${snapshot}`;
  }
  from.origin = `${name}@${last.name}`;
}

function rename(pool: SimPool, args: readonly string[]): void {
  const [from = "", to = ""] = options(args).rest;
  if (from.includes("@")) return renameSnapshot(pool, from, to);
  at(pool, from);
  if (pool.datasets.has(to)) throw new ZfsError(`cannot rename '${from}': dataset already exists`);
  const renamed = (name: string) => `${to}${name.slice(from.length)}`;
  for (const one of withBelow(pool.datasets, from)) {
    pool.datasets.delete(one.name);
    const before = one.name;
    one.name = renamed(one.name);
    pool.datasets.set(one.name, one);
    if (pool.bootfs === before) pool.bootfs = one.name;
    for (const other of pool.datasets.values()) {
      if (other.origin?.split("@")[0] === before) other.origin = `${one.name}@${other.origin.split("@")[1]}`;
    }
  }
}

function renameSnapshot({ datasets }: SimPool, from: string, to: string): void {
  const snapshot = snapshotAt(datasets, from);
  if (!snapshot) throw new ZfsError(`cannot open '${from}': dataset does not exist`);
  if (snapshotAt(datasets, to)) throw new ZfsError(`cannot rename '${from}': dataset already exists`);
  snapshot.name = to.split("@")[1] ?? "";
  for (const other of datasets.values()) if (other.origin === from) other.origin = to;
}

function destroy(pool: SimPool, args: readonly string[]): void {
  const isDeep = args[0] === "-r";
  const name = args.at(-1) ?? "";
  if (name.includes("@")) return destroySnapshot(pool, name);
  const all = withBelow(pool.datasets, at(pool, name).name);
  if (!isDeep && (all.length > 1 || (all[0]?.snapshots.length ?? 0) > 0)) {
    throw new ZfsError(
      `cannot destroy '${name}': filesystem has children\nuse '-r' to destroy the following datasets:`,
    );
  }
  const clones = all
    .flatMap((one) => clonesOf(pool.datasets, one.name))
    .filter((one) => !all.some((it) => it.name === one));
  if (clones.length > 0) {
    throw new ZfsError(
      [
        `cannot destroy '${name}': filesystem has dependent clones`,
        "use '-R' to destroy the following datasets:",
        ...clones,
      ].join("\n"),
    );
  }
  for (const one of all) {
    const held = one.snapshots.find(({ holds }) => holds.size > 0);
    if (held)
      throw new ZfsError(
        `cannot destroy snapshot ${one.name}@${held.name}: it's being held. Run 'zfs holds -r ${one.name}@${held.name}' to see holders.`,
      );
  }
  if (all.some((one) => one.mounted)) throw new ZfsError(`cannot unmount '/': pool or dataset is busy`);
  for (const one of all) {
    pool.datasets.delete(one.name);
    if (pool.bootfs === one.name) pool.bootfs = undefined;
  }
}

function destroySnapshot(pool: SimPool, name: string): void {
  const snapshot = snapshotAt(pool.datasets, name);
  if (!snapshot) throw new ZfsError(`could not find any snapshots to destroy; check snapshot names.`);
  const clones = clonesOf(pool.datasets, name);
  if (clones.length > 0) {
    throw new ZfsError(
      [
        `cannot destroy '${name}': snapshot has dependent clones`,
        "use '-R' to destroy the following datasets:",
        ...clones,
      ].join("\n"),
    );
  }
  if (snapshot.holds.size > 0) throw new ZfsError(`cannot destroy '${name}': dataset is busy`);
  const one = at(pool, name.split("@")[0] ?? "");
  one.snapshots = one.snapshots.filter((other) => other !== snapshot);
}

function hold(pool: SimPool, [tag = "", name = ""]: readonly string[]): void {
  const snapshot = snapshotAt(pool.datasets, name);
  if (!snapshot) throw new ZfsError(`cannot hold snapshot '${name}': dataset does not exist`);
  if (snapshot.holds.has(tag)) throw new ZfsError(`cannot hold snapshot '${name}': tag already exists on this dataset`);
  snapshot.holds.add(tag);
}

function release(pool: SimPool, [tag = "", name = ""]: readonly string[]): void {
  const snapshot = snapshotAt(pool.datasets, name);
  if (!snapshot?.holds.delete(tag)) {
    throw new ZfsError(`cannot release hold from snapshot '${name}': no such tag on this dataset`);
  }
}
