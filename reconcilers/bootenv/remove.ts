/** Removes a boot environment that others may have been cloned from, and takes nothing from them. */
import type { Host } from "../core.ts";
import { whyItStays } from "./changes.ts";
import { imageHold, type BootEnvironment, type BootenvObserved, type Snapshot } from "./model.ts";
import { observeBootenv } from "./observe.ts";
import type { Standing } from "./standing.ts";
import { zfs } from "./zfs.ts";

/**
 * Removes it for good, with its snapshots and what is below it. A clone of it is promoted first: it takes over the snapshot that
 * it comes from, which goes as well once nothing comes from it. Rejects with BOOT_ENVIRONMENT where it has to stay (I11), with
 * POOL where ZFS refuses; then it is there whole, if with fewer snapshots. May be repeated from anywhere.
 */
export async function remove(
  host: Host,
  standing: Standing,
  environment: BootEnvironment,
  signal: AbortSignal,
): Promise<void> {
  const why = whyItStays(standing, environment);
  if (why) throw why;
  const { guid } = environment;
  const snapshots = new Set(environment.snapshots.map((one) => one.guid));
  // Each promotion takes at least one clone away from it, so that there is an end.
  for (let left = standing.observed.environments.length; left >= 0; left -= 1) {
    const observed = await observeBootenv(host, signal);
    const one = observed?.environments.find((other) => other.guid === guid);
    if (!observed || !one) break;
    const clone = cloneOf(observed, one);
    if (clone) {
      await promote(host, observed, clone, signal);
      continue;
    }
    for (const snapshot of one.snapshots) await release(host, snapshot, signal);
    // Never `-R`: what was cloned from it and is nowhere seen here is somebody else's.
    await zfs(host, ["destroy", "-r", one.dataset], signal);
  }
  await removeHandedOver(host, snapshots, signal);
}

interface Clone {
  readonly dataset: string;
  readonly origin: string;
}

/** A dataset outside of it that was cloned from one of its snapshots. */
function cloneOf({ environments }: BootenvObserved, { guid, snapshots }: BootEnvironment): Clone | undefined {
  const names = new Set(snapshots.map(({ name }) => name));
  return clonesIn(environments.filter((one) => one.guid !== guid)).find(({ origin }) => names.has(origin));
}

function clonesIn(environments: readonly BootEnvironment[]): readonly Clone[] {
  return environments
    .flatMap((one) => [one, ...one.below])
    .flatMap(({ dataset, origin }) => (origin === undefined ? [] : [{ dataset, origin }]));
}

/** Images often bring a snapshot of the same name: the one that is handed over gets its GUID into its name then. */
async function promote(host: Host, observed: BootenvObserved, clone: Clone, signal: AbortSignal): Promise<void> {
  const all = observed.environments.flatMap(({ snapshots }) => snapshots);
  const [from = ""] = clone.origin.split("@");
  const taken = new Set(all.map(({ name }) => name));
  for (const { name, guid } of all) {
    const [dataset, short] = name.split("@");
    if (dataset !== from || !taken.has(`${clone.dataset}@${short}`)) continue;
    await zfs(host, ["rename", name, `${from}@${short}-${guid}`], signal);
  }
  await zfs(host, ["promote", clone.dataset], signal);
}

/** Others may hold it as well, or instead: then ZFS says so when it is to go. */
async function release(host: Host, { name, holds }: Snapshot, signal: AbortSignal): Promise<void> {
  if (holds > 0) await zfs(host, ["release", imageHold, name], signal).catch(() => signal.throwIfAborted());
}

/** What clones took over of it, and nothing comes from: it would only take room. What somebody else needs stays. */
async function removeHandedOver(host: Host, guids: ReadonlySet<string>, signal: AbortSignal): Promise<void> {
  const environments = (await observeBootenv(host, signal))?.environments ?? [];
  const needed = new Set(clonesIn(environments).map(({ origin }) => origin));
  for (const snapshot of environments.flatMap((one) => one.snapshots)) {
    if (!guids.has(snapshot.guid) || needed.has(snapshot.name)) continue;
    await release(host, snapshot, signal);
    await zfs(host, ["destroy", snapshot.name], signal).catch(() => signal.throwIfAborted());
  }
}
