/** What a simulated pool prints: `zfs get -Hp`, `zpool list -H`. */
import {
  availableBytes,
  bytesOf,
  propertyOf,
  snapshotAt,
  usedBy,
  usedBySnapshot,
  withBelow,
  type SimDataset,
  type SimPool,
} from "./datasets.ts";
import { ZfsError } from "./changes.ts";

interface Value {
  readonly value: string;
  readonly source: string;
}

/** `zpool list -H -o columns pool` */
export function listPool(pool: SimPool, args: readonly string[]): string {
  const [flags, o, columns = "", name] = args;
  if (flags !== "-H" || o !== "-o") throw new ZfsError("invalid option", 2);
  if (name !== pool.name) throw new ZfsError(`cannot open '${name}': no such pool`);
  const all: Readonly<Record<string, string>> = {
    name: pool.name,
    health: pool.health,
    bootfs: pool.bootfs ?? "-",
  };
  return `${columns
    .split(",")
    .map((column) => all[column] ?? invalid(column))
    .join("\t")}\n`;
}

/** `zfs get -Hp [-r | -d 1] -o columns properties dataset…` */
export function getProperties(pool: SimPool, args: readonly string[]): string {
  const words = args.filter((one) => !["-H", "-p", "-Hp"].includes(one));
  const depth = words[0] === "-r" ? Number.POSITIVE_INFINITY : words[0] === "-d" ? Number(words[1]) : 0;
  const [o, columns = "", properties = "", ...names] = words.slice(words.indexOf("-o"));
  if (o !== "-o") throw new ZfsError("invalid option", 2);
  const lines = names
    .flatMap((name) => subjects(pool, name, depth))
    .flatMap((name) =>
      properties.split(",").map((property) => {
        const { value, source } = valueOf(pool, name, property);
        const all: Readonly<Record<string, string>> = { name, property, value, source };
        return columns
          .split(",")
          .map((column) => all[column] ?? invalid(column))
          .join("\t");
      }),
    );
  return lines.map((line) => `${line}\n`).join("");
}

/** It, and so many levels of what is below: a snapshot is one level below its dataset. */
function subjects({ datasets }: SimPool, name: string, depth: number): readonly string[] {
  if (!datasets.has(name) && !snapshotAt(datasets, name)) {
    throw new ZfsError(`cannot open '${name}': dataset does not exist`, name.includes("@") ? 2 : 1);
  }
  if (name.includes("@")) return [name];
  const all = withBelow(datasets, name)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((one) => [one.name, ...one.snapshots.map((snapshot) => `${one.name}@${snapshot.name}`)]);
  const level = (one: string): number => one.slice(name.length).replace(/[^/@]/g, "").length;
  return all.filter((one) => level(one) <= depth);
}

function valueOf(pool: SimPool, name: string, property: string): Value {
  const snapshot = snapshotAt(pool.datasets, name);
  const dataset = pool.datasets.get(name.split("@")[0] ?? "");
  if (!dataset) return nothing;
  if (property.includes(":")) {
    const own = snapshot?.properties.get(property);
    if (own !== undefined) return { value: own, source: "local" };
    const found = propertyOf(pool.datasets, dataset.name, property);
    if (!found || !snapshot) return found ?? nothing;
    return { ...found, source: found.source === "local" ? `inherited from ${dataset.name}` : found.source };
  }
  const value = snapshot ? ofSnapshot(dataset, snapshot, property) : ofDataset(pool, dataset, property);
  if (value === undefined) return nothing;
  return typeof value === "string" ? { value, source: "-" } : value;
}

const nothing: Value = { value: "-", source: "-" };

function ofSnapshot(
  dataset: SimDataset,
  snapshot: SimDataset["snapshots"][number],
  property: string,
): string | undefined {
  switch (property) {
    case "type":
      return "snapshot";
    case "guid":
      return snapshot.guid;
    case "used":
      return String(usedBySnapshot(dataset, snapshot));
    case "referenced":
      return String(bytesOf(snapshot.blocks));
    case "creation":
      return String(snapshot.createdAt);
    case "userrefs":
      return String(snapshot.holds.size);
    default:
      return undefined;
  }
}

function ofDataset(pool: SimPool, dataset: SimDataset, property: string): string | Value | undefined {
  switch (property) {
    case "type":
      return "filesystem";
    case "guid":
      return dataset.guid;
    case "used":
      return String(usedBy(pool.datasets, dataset.name));
    case "available":
      return String(availableBytes(pool));
    case "referenced":
      return String(bytesOf(dataset.blocks));
    case "creation":
      return String(dataset.createdAt);
    case "origin":
      return dataset.origin;
    case "mounted":
      return dataset.mounted ? "yes" : "no";
    case "userrefs":
      return undefined;
    case "mountpoint":
      return inherited(pool, dataset, property) ?? { value: "none", source: "default" };
    case "canmount":
      return propertyOf(pool.datasets, dataset.name, property) ?? { value: "on", source: "default" };
    default:
      throw new ZfsError(`bad property list: invalid property '${property}'`, 2);
  }
}

/** What is below a mountpoint is mounted below it. */
function inherited(pool: SimPool, dataset: SimDataset, property: string): Value | undefined {
  const found = propertyOf(pool.datasets, dataset.name, property);
  if (!found || found.source === "local" || !found.value.startsWith("/")) return found;
  const from = found.source.replace("inherited from ", "");
  return { ...found, value: `${found.value.replace(/\/$/, "")}${dataset.name.slice(from.length)}` };
}

function invalid(column: string): never {
  throw new ZfsError(`bad property list: invalid property '${column}'`, 2);
}
