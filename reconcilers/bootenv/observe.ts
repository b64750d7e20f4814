/** Observes the pool that the appliance runs from, in three short commands. The same with OpenZFS 2.1 to 2.4: no JSON. */
import { Problem } from "../../schemas/problem.ts";
import type { Host } from "../core.ts";
import {
  ownProperties,
  type BootEnvironment,
  type BootenvObserved,
  type OwnProperties,
  type OwnProperty,
  type Pool,
  type Snapshot,
} from "./model.ts";
import { rootDataset } from "./mounts.ts";
import { localOf, numberOf, propertiesIn, textOf, type Properties } from "./properties.ts";
import { zfs, zpool } from "./zfs.ts";

const native = "type,guid,used,referenced,creation,origin,mountpoint,canmount,mounted,userrefs";
const asked = [native, ...Object.keys(ownProperties)].join(",");

/** The pool that "/" is in; undefined: the root is no ZFS dataset. Rejects with a Problem where it cannot be read. */
export async function observeBootenv(host: Host, signal: AbortSignal): Promise<BootenvObserved | undefined> {
  const dataset = rootDataset((await host.readFile("/proc/self/mountinfo")) ?? "");
  return dataset === undefined ? undefined : observePool(host, dataset, signal);
}

/** The pool in which `dataset` is a boot environment, as if that ran. */
export async function observePool(host: Host, dataset: string, signal: AbortSignal): Promise<BootenvObserved> {
  const root = dataset.slice(0, Math.max(0, dataset.lastIndexOf("/")));
  if (root === "") {
    throw new Problem("POOL", `${dataset}, which runs, is a pool's own dataset: nothing can stand beside it.`, {
      remedy: "Boot environments are datasets below one that only holds them: tank/ROOT/<name>.",
    });
  }
  const name = root.split("/")[0] ?? root;
  const [health = "", bootfs = "-"] = columns(await zpool(host, ["list", "-H", "-o", "health,bootfs", name], signal));
  const [available = "", used = ""] = await values(host, name, "available,used", signal);
  const pool = { name, root, health, availableBytes: Number(available), usedBytes: Number(used) };
  const words = ["get", "-Hp", "-r", "-o", "name,property,value,source", asked, root];
  return assembled(propertiesIn(await zfs(host, words, signal)), pool, { booted: dataset, next: bootfs });
}

function columns(text: string): readonly string[] {
  return text.trim().split("\t");
}

async function values(host: Host, dataset: string, asked: string, signal: AbortSignal): Promise<readonly string[]> {
  return (await zfs(host, ["get", "-Hp", "-o", "value", asked, dataset], signal)).trim().split("\n");
}

/** Rejects what is not possible: that what runs is not there. Then its name changed meanwhile. */
function assembled(
  all: readonly Properties[],
  pool: Pool,
  names: { readonly booted: string; readonly next: string },
): BootenvObserved {
  const environments = all
    .filter((one) => isBootable(one, pool.root))
    .map((one) => environment(one, all))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const guidOf = (dataset: string) => environments.find((one) => one.dataset === dataset)?.guid;
  const booted = guidOf(names.booted);
  if (booted === undefined) {
    throw new Problem("POOL", `${names.booted} runs, but is not among the boot environments below ${pool.root}.`, {
      remedy: `zfs get -r mountpoint ${pool.root}: its mountpoint has to be "/".`,
      transient: true,
    });
  }
  const bootfs = names.next === "-" || names.next === "" ? undefined : names.next;
  return { pool, environments, booted, next: guidOf(names.next), bootfs };
}

/** What the loader offers: directly below the root, a file system for "/". */
function isBootable(one: Properties, root: string): boolean {
  const parent = one.name.slice(0, one.name.lastIndexOf("/"));
  if (parent !== root || textOf(one, "type") !== "filesystem") return false;
  return ["/", "legacy"].includes(textOf(one, "mountpoint") ?? "");
}

function environment(one: Properties, all: readonly Properties[]): BootEnvironment {
  const { name: dataset } = one;
  const isPart = ({ name }: Properties) => name === dataset || name.startsWith(`${dataset}/`);
  const ofSnapshot = (other: Properties) => isPart({ ...other, name: other.name.split("@")[0] ?? "" });
  const below = all.filter((other) => other !== one && isPart(other) && !other.name.includes("@"));
  return {
    name: dataset.slice(dataset.lastIndexOf("/") + 1),
    dataset,
    guid: textOf(one, "guid") ?? "",
    usedBytes: numberOf(one, "used"),
    referencedBytes: numberOf(one, "referenced"),
    createdAt: 1000 * numberOf(one, "creation"),
    origin: textOf(one, "origin"),
    mountpoint: textOf(one, "mountpoint") ?? "",
    canmount: textOf(one, "canmount") ?? "",
    isMounted: textOf(one, "mounted") === "yes",
    properties: own(one),
    snapshots: all.filter((other) => other.name.includes("@") && ofSnapshot(other)).map(snapshot),
    below: below.map((other) => ({ dataset: other.name, origin: textOf(other, "origin") })),
  };
}

function snapshot(one: Properties): Snapshot {
  return {
    name: one.name,
    guid: textOf(one, "guid") ?? "",
    usedBytes: numberOf(one, "used"),
    referencedBytes: numberOf(one, "referenced"),
    createdAt: 1000 * numberOf(one, "creation"),
    holds: numberOf(one, "userrefs"),
    properties: own(one),
  };
}

function own(one: Properties): OwnProperties {
  const found = (Object.keys(ownProperties) as OwnProperty[]).flatMap((key): [OwnProperty, string][] => {
    const value = localOf(one, key);
    return value === undefined || value === "" ? [] : [[key, value]];
  });
  return Object.fromEntries(found);
}
