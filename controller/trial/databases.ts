/**
 * What a newer program changes in place so that the older one cannot read it any more: Incus' database. It is outside of the boot
 * environments, so that only a snapshot brings it back. Datasets with the property imp:migrates, which names the units that use them, and
 * those of Incus by where they are mounted. How far putting back is stands on the snapshots.
 */
import { localOf, propertiesIn, textOf, type Properties } from "../../reconcilers/bootenv/properties.ts";
import { zfs } from "../../reconcilers/bootenv/zfs.ts";
import type { Host } from "../../reconcilers/core.ts";
import { Problem } from "../../schemas/problem.ts";
import { bareDatabases, type Mounting } from "./bare-databases.ts";
import { running, startUnits, stopUnit, unitMs, usersOfIncus } from "./units.ts";

/** Which pool, and of which deployment the snapshots are. */
export interface Keeping {
  readonly host: Host;
  readonly pool: string;
  readonly deployment: string;
}

interface Database {
  readonly dataset: string;
  readonly units: readonly string[];
}

interface Snapshot {
  readonly name: string;
  /** The units that ran before putting back began; none: it did not begin. */
  readonly ran: readonly string[];
  readonly isPutBack: boolean;
}

const migrates = "imp:migrates";
const ranBefore = "imp:ran";
const putBack = "imp:put-back";
const prefix = "imp-trial-";
const places = /^(?:\/var\/lib\/incus|\/persistent\/data\/(?:var\/lib\/)?incus)(?:\/database)?$/;

/** Longest time that putting back takes. */
export const restoreMs = 1_800_000;

/** What is kept before a trial, and what could not be. */
export interface Kept {
  /** Snapshots, by their names. */
  readonly snapshots: readonly string[];
  /** Of earlier trials: nobody put them back, or away. */
  readonly earlier: readonly string[];
  /** Folders with a database that has no dataset of its own. */
  readonly bare: readonly string[];
}

/** The units that use them, in the order of stopping. Rejects with POOL. */
export async function usersOfDatabases(keeping: Keeping, signal: AbortSignal): Promise<readonly string[]> {
  const { databases } = await standing(keeping, signal);
  return unique(databases.flatMap(({ units }) => units));
}

/** Takes a snapshot of each before the trial, once their users are stopped. May be repeated. Rejects with POOL. */
export async function keepDatabases(keeping: Keeping, signal: AbortSignal): Promise<Kept> {
  const { host, deployment } = keeping;
  const { databases, snapshots, mountings } = await standing(keeping, signal);
  const wanted = databases.map(({ dataset }) => `${dataset}@${prefix}${deployment}`);
  const there = snapshots.map(({ name }) => name);
  for (const name of wanted) if (!there.includes(name)) await zfs(host, ["snapshot", name], signal);
  const earlier = there.filter((name) => !wanted.includes(name));
  return { snapshots: wanted, earlier, bare: await bareDatabases(host, mountings) };
}

/** For the history, a sentence each. */
export function keptTexts({ snapshots, earlier, bare }: Kept): readonly string[] {
  return [
    ...(snapshots.length > 0 ? [`Kept for coming back: ${snapshots.join(", ")}.`] : []),
    ...(earlier.length > 0 ? [`Still kept of earlier trials: ${earlier.join(", ")}.`] : []),
    ...bare.map(
      (folder) =>
        `Incus' database in ${folder} has no dataset of its own: nothing of it is kept, and what a newer Incus changes in it stays so.`,
    ),
  ];
}

/**
 * Puts each back to its snapshot, once, their units stopped meanwhile: only after a trial that ran. One without a snapshot is left as it
 * is. May be repeated, also where it was cut off anywhere. Rejects with POOL or SYSTEM_UNIT; what ran was started again then, as far as it
 * starts.
 */
export async function restoreDatabases(keeping: Keeping, signal: AbortSignal): Promise<void> {
  const { host, deployment } = keeping;
  const { databases, snapshots } = await standing(keeping, signal);
  const kept = databases.flatMap(({ dataset, units }) => {
    const snapshot = snapshots.find(({ name }) => name === `${dataset}@${prefix}${deployment}`);
    return snapshot ? [{ units, snapshot }] : [];
  });
  const left = kept.filter(({ snapshot }) => !snapshot.isPutBack);
  const units = unique(left.flatMap((one) => one.units));
  // A database that is too new for what runs here is why it failed, or is started over and over.
  const now = await running(host, units, signal, "or-failed");
  const before = kept.flatMap(({ snapshot }) => snapshot.ran);
  const ran = unique(kept.flatMap((one) => one.units)).filter((unit) => before.includes(unit) || now.includes(unit));
  for (const { snapshot } of ran.length > 0 ? left : [])
    await note(host, snapshot.name, `${ranBefore}=${ran.join(" ")}`, signal);
  const failed: string[] = [];
  try {
    for (const unit of now) await stopUnit(host, unit, "what it keeps is still as the trial left it.", signal);
    for (const { snapshot } of left) {
      // Without -r: what somebody else kept in the meantime is not ours to remove.
      await zfs(host, ["rollback", snapshot.name], signal);
      await note(host, snapshot.name, `${putBack}=yes`, signal);
    }
  } finally {
    const limit = AbortSignal.timeout(unitMs * Math.max(1, ran.length));
    failed.push(...(await startUnits(host, ran.toReversed(), limit)));
  }
  if (failed.length === 0) return;
  throw new Problem("SYSTEM_UNIT", `${failed.join(", ")} does not start with what was put back for it.`, {
    remedy: `systemctl status ${failed.join(" ")}.`,
  });
}

/**
 * Removes what was kept of this deployment, and of no other: `all` once it committed or where it never ran, else only what was put back.
 * Gives what stays kept: there is no other copy of it. May be repeated. Rejects with POOL.
 */
export async function forgetDatabases(
  keeping: Keeping,
  which: "all" | "put-back",
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { snapshots } = await standing(keeping, signal);
  const own = snapshots.filter(({ name }) => name.endsWith(`@${prefix}${keeping.deployment}`));
  const [going, staying] = [own.filter(goes), own.filter((one) => !goes(one))];
  for (const { name } of going) await zfs(keeping.host, ["destroy", name], signal);
  return staying.map(({ name }) => name);

  function goes({ isPutBack }: Snapshot): boolean {
    return which === "all" || isPutBack;
  }
}

async function standing(
  { host, pool }: Keeping,
  signal: AbortSignal,
): Promise<{
  readonly databases: readonly Database[];
  readonly snapshots: readonly Snapshot[];
  readonly mountings: readonly Mounting[];
}> {
  const asked = ["type", "mountpoint", migrates, ranBefore, putBack].join(",");
  const all = propertiesIn(
    await zfs(host, ["get", "-Hp", "-r", "-o", "name,property,value,source", asked, pool], signal),
  );
  const filesystems = all.filter((one) => textOf(one, "type") === "filesystem");
  return {
    mountings: filesystems.map((one) => {
      const isSettled = unitsOf(one) !== undefined || localOf(one, migrates) !== undefined;
      return { dataset: one.name, mountpoint: textOf(one, "mountpoint"), isSettled };
    }),
    databases: filesystems.flatMap((one) => {
      const units = unitsOf(one);
      return units ? [{ dataset: one.name, units }] : [];
    }),
    snapshots: all.flatMap((one) => {
      if (!one.name.includes(`@${prefix}`)) return [];
      return [
        { name: one.name, ran: namesIn(localOf(one, ranBefore) ?? ""), isPutBack: localOf(one, putBack) === "yes" },
      ];
    }),
  };
}

/** Who uses it, in the order of stopping; undefined: nothing in it is migrated. */
function unitsOf(one: Properties): readonly string[] | undefined {
  const said = localOf(one, migrates);
  if (said === "no") return undefined;
  if (said !== undefined) return namesIn(said);
  return places.test(textOf(one, "mountpoint") ?? "") ? usersOfIncus : undefined;
}

function namesIn(text: string): readonly string[] {
  return text.split(/[\s,]+/).filter((unit) => /^[A-Za-z0-9@._:-]+$/.test(unit));
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)];
}

async function note(host: Host, snapshot: string, what: string, signal: AbortSignal): Promise<void> {
  await zfs(host, ["set", what, snapshot], signal);
}
