/**
 * Where images are received: below the dataset of the boot environments, since a rename cannot leave an encrypted one, under a name
 * that no image can have, without a mount point, so that neither the loader nor `zfs mount -a` takes it for anything. Whatever a
 * receiving left that was cut off is removed by the next one, and nothing else.
 */
import { imageHold } from "../../reconcilers/bootenv/model.ts";
import { propertiesIn, textOf, localOf } from "../../reconcilers/bootenv/properties.ts";
import { zfs } from "../../reconcilers/bootenv/zfs.ts";
import type { Host } from "../../reconcilers/core.ts";
import { asProblem, Problem } from "../../schemas/problem.ts";
import { retryTransient } from "../retry.ts";

const prefix = "staging:";

export function stagingName(root: string, name: string): string {
  return `${root}/${prefix}${name}`;
}

/** What the pool has that matters for a receiving. */
export interface Standing {
  /** GUID of each snapshot → its name. */
  readonly snapshots: ReadonlyMap<string, string>;
  /** Datasets directly below the root. */
  readonly datasets: readonly { readonly name: string; readonly state: string | undefined }[];
}

/** Rejects with POOL. */
export async function standing(host: Host, root: string, signal: AbortSignal): Promise<Standing> {
  const words = ["get", "-Hp", "-r", "-o", "name,property,value,source", "guid,type,imp:state", root];
  const all = propertiesIn(await zfs(host, words, signal));
  const snapshots = all.filter(({ name }) => name.includes("@"));
  return {
    snapshots: new Map(snapshots.map((one) => [textOf(one, "guid") ?? "", one.name])),
    datasets: all
      .filter(({ name }) => !name.includes("@") && name.slice(0, name.lastIndexOf("/")) === root)
      .map((one) => ({ name: one.name, state: localOf(one, "imp:state") })),
  };
}

/** Removes what receivings left that were cut off, and gives what is there then. `mountedAt`: where one of them may still be mounted. Rejects with POOL. */
export async function removeLeftovers(
  host: Host,
  root: string,
  mountedAt: string,
  signal: AbortSignal,
): Promise<Standing> {
  const before = await standing(host, root, signal);
  const { datasets } = before;
  const left = datasets.filter(({ name }) => name.startsWith(`${root}/${prefix}`));
  if (left.length > 0) await unmount(host, mountedAt, signal);
  for (const { name } of left) await removeStaging(host, name, signal);
  return left.length > 0 ? standing(host, root, signal) : before;
}

/** Removes one, with the snapshots in it; it need not be there. Rejects with POOL. */
export async function removeStaging(host: Host, dataset: string, signal: AbortSignal): Promise<void> {
  const root = dataset.slice(0, dataset.lastIndexOf("/"));
  const { datasets, snapshots } = await standing(host, root, signal);
  if (!datasets.some(({ name }) => name === dataset)) return;
  for (const name of [...snapshots.values()].filter((one) => one.startsWith(`${dataset}@`))) {
    // Most are not held.
    await host.run(["zfs", "release", imageHold, name], { timeoutMs: 60_000, signal });
  }
  // What a killed agent's `zfs receive` wrote is busy until that has ended too.
  await retryTransient(host, { retries: 4, pauseMs: 500, signal }, async () => {
    try {
      await zfs(host, ["destroy", "-r", dataset], signal);
    } catch (thrown) {
      const problem = asProblem(thrown);
      if (!problem.message.endsWith("dataset is busy")) throw thrown;
      throw new Problem("POOL", problem.message, {
        remedy: "Something has it open: lsof, or zpool history -i, says what.",
        transient: true,
        cause: thrown,
      });
    }
  });
}

/** Nothing to do where nothing is mounted. */
export async function unmount(host: Host, folder: string, signal: AbortSignal): Promise<void> {
  if (await host.attributes(folder)) await host.run(["umount", folder], { timeoutMs: 60_000, signal });
}
