/** What a drill boots: a clone of the boot environment that runs, which takes no room, and goes when the drill is over. */
import type { BootEnvironment } from "../../reconcilers/bootenv/model.ts";
import { observeBootenv } from "../../reconcilers/bootenv/observe.ts";
import { zfs } from "../../reconcilers/bootenv/zfs.ts";
import type { Host } from "../../reconcilers/core.ts";
import { Problem } from "../../schemas/problem.ts";

const name = "imp-drill";

/** Makes it anew, beside the one that runs. Rejects with POOL, or BOOT_ENVIRONMENT where the name is somebody's. */
export async function makeDrill(host: Host, { dataset }: BootEnvironment, signal: AbortSignal): Promise<void> {
  await removeDrill(host, signal);
  const beside = `${dataset.slice(0, dataset.lastIndexOf("/"))}/${name}`;
  const set = ["canmount=noauto", "mountpoint=/", "imp:state=staged"].flatMap((one) => ["-o", one]);
  await zfs(host, ["snapshot", `${dataset}@${name}`], signal);
  await zfs(host, ["clone", ...set, `${dataset}@${name}`, beside], signal);
}

/** Removes what a drill left, and nothing else. Rejects with POOL, or BOOT_ENVIRONMENT where what has the name is none, or runs. */
export async function removeDrill(host: Host, signal: AbortSignal): Promise<void> {
  const observed = await observeBootenv(host, signal);
  const clone = observed?.environments.find((one) => one.name === name);
  if (
    clone &&
    (clone.origin?.endsWith(`@${name}`) !== true || [observed?.booted, observed?.next].includes(clone.guid))
  ) {
    throw new Problem("BOOT_ENVIRONMENT", `${name} is no drill, or runs, or boots next: it is left alone.`, {
      remedy: `Give it another name: zfs rename ${clone.dataset} ${clone.dataset}-kept.`,
    });
  }
  if (clone) await zfs(host, ["destroy", "-r", clone.dataset], signal);
  const snapshots = observed?.environments.flatMap((one) => (one === clone ? [] : one.snapshots)) ?? [];
  for (const one of snapshots.filter((snapshot) => snapshot.name.endsWith(`@${name}`))) {
    await zfs(host, ["destroy", one.name], signal);
  }
}

/** The same of one that no deployment knows of, as its agent was killed; what is none, or runs, is left alone. Rejects with POOL. */
export async function removeLostDrill(host: Host, signal: AbortSignal): Promise<void> {
  try {
    await removeDrill(host, signal);
  } catch (thrown) {
    if (!(thrown instanceof Problem && thrown.code === "BOOT_ENVIRONMENT")) throw thrown;
  }
}

/** The clone, where it is. */
export function isDrill({ name: own, origin }: BootEnvironment): boolean {
  return own === name && origin?.endsWith(`@${name}`) === true;
}
