/**
 * What a newer program changes in place so that the older one cannot read it any more: Incus' database. It is outside of the boot
 * environments, so that only a snapshot brings it back. Datasets with the property imp:migrates, which names the units that use them, and
 * those of Incus by where they are mounted.
 */
import { localOf, propertiesIn, textOf, type Properties } from "../../reconcilers/bootenv/properties.ts";
import { zfs } from "../../reconcilers/bootenv/zfs.ts";
import type { Host } from "../../reconcilers/core.ts";
import { Problem } from "../../schemas/problem.ts";
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

const property = "imp:migrates";
const prefix = "imp-trial-";
const places = /^(?:\/var\/lib\/incus|\/persistent\/data\/(?:var\/lib\/)?incus)(?:\/database)?$/;

/** Takes a snapshot of each before the trial; gives their names. May be repeated. Rejects with POOL. */
export async function keepDatabases(keeping: Keeping, signal: AbortSignal): Promise<readonly string[]> {
  const { host, deployment } = keeping;
  const { databases, snapshots } = await standing(keeping, signal);
  const wanted = databases.map(({ dataset }) => `${dataset}@${prefix}${deployment}`);
  for (const name of wanted) if (!snapshots.includes(name)) await zfs(host, ["snapshot", name], signal);
  return wanted;
}

/**
 * Puts each back to its snapshot, its units stopped meanwhile: only after a trial that ran. Gives those that were; one without a snapshot
 * is left as it is. May be repeated. Rejects with POOL or SYSTEM_UNIT; what ran was started again then, as far as it starts.
 */
export async function restoreDatabases(keeping: Keeping, signal: AbortSignal): Promise<readonly string[]> {
  const { host, deployment } = keeping;
  const { databases, snapshots } = await standing(keeping, signal);
  const kept = databases.filter(({ dataset }) => snapshots.includes(`${dataset}@${prefix}${deployment}`));
  const down: string[] = [];
  for (const { dataset, units } of kept) {
    const ran = await running(host, units, signal, "or-failed");
    try {
      for (const unit of ran) await stopUnit(host, unit, "what it keeps is still as the trial left it.", signal);
      // Without -r: what somebody else kept in the meantime is not ours to remove.
      await zfs(host, ["rollback", `${dataset}@${prefix}${deployment}`], signal);
    } finally {
      down.push(...(await startUnits(host, ran.toReversed(), AbortSignal.timeout(unitMs * units.length))));
    }
  }
  if (down.length > 0) {
    throw new Problem("SYSTEM_UNIT", `${down.join(", ")} does not start with what was put back for it.`, {
      remedy: `systemctl status ${down.join(" ")}; as it was before the trial it is still kept: zfs list -t snapshot.`,
    });
  }
  return kept.map(({ dataset }) => dataset);
}

/** Removes the snapshots of this deployment and of those before it: once it committed, or is gone back from. Rejects with POOL. */
export async function forgetDatabases(keeping: Omit<Keeping, "deployment">, signal: AbortSignal): Promise<void> {
  const { snapshots } = await standing(keeping, signal);
  for (const name of snapshots) await zfs(keeping.host, ["destroy", name], signal);
}

async function standing(
  { host, pool }: Omit<Keeping, "deployment">,
  signal: AbortSignal,
): Promise<{ readonly databases: readonly Database[]; readonly snapshots: readonly string[] }> {
  const words = ["get", "-Hp", "-r", "-o", "name,property,value,source", `type,mountpoint,${property}`, pool];
  const all = propertiesIn(await zfs(host, words, signal));
  return {
    databases: all.flatMap((one) => {
      const units = textOf(one, "type") === "filesystem" ? unitsOf(one) : undefined;
      return units ? [{ dataset: one.name, units }] : [];
    }),
    snapshots: all.map(({ name }) => name).filter((name) => name.includes(`@${prefix}`)),
  };
}

/** Who uses it, in the order of stopping; undefined: nothing in it is migrated. */
function unitsOf(one: Properties): readonly string[] | undefined {
  const said = localOf(one, property);
  if (said === "no") return undefined;
  if (said !== undefined) return said.split(/[\s,]+/).filter((unit) => /^[A-Za-z0-9@._:-]+$/.test(unit));
  return places.test(textOf(one, "mountpoint") ?? "") ? usersOfIncus : undefined;
}
