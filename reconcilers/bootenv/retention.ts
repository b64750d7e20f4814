/** Which boot environments are kept, and which go. Pure. */
import { isWhole, type BootEnvironment } from "./model.ts";
import { rolesOf, type Standing } from "./standing.ts";

export interface Retention {
  /** The newest so many stay while there is room. */
  readonly keep: number;
  /** So much has to be free in the pool: for it, of the newest only those stay that must. */
  readonly floorBytes: number;
}

export interface Pruning {
  /** Oldest first. */
  readonly remove: readonly BootEnvironment[];
  /** What the floor lacks even then, in bytes; 0: nothing. */
  readonly lacksBytes: number;
}

/**
 * I11: never what runs, boots next, is to be gone back to, on trial or pinned. While it is not known what runs or boots next
 * nothing goes at all. What is still being received belongs to who receives it.
 */
export function surplus(standing: Standing, { keep, floorBytes }: Retention): Pruning {
  const { environments, pool, booted, next } = standing.observed;
  const lacking = Math.max(0, floorBytes - pool.availableBytes);
  if (booted === undefined || next === undefined) return { remove: [], lacksBytes: lacking };
  const byAge = environments
    .filter(isWhole)
    .toSorted((a, b) => a.createdAt - b.createdAt || (a.name < b.name ? -1 : 1));
  const newest = new Set(keep > 0 ? byAge.slice(-keep) : []);
  const free = byAge.filter((one) => rolesOf(standing, one).length === 0);
  const remove = free.filter((one) => !newest.has(one));
  let lacksBytes = lacking - remove.reduce((sum, one) => sum + one.usedBytes, 0);
  for (const one of free) {
    if (lacksBytes <= 0) break;
    if (remove.includes(one)) continue;
    remove.push(one);
    lacksBytes -= one.usedBytes;
  }
  return { remove, lacksBytes: Math.max(0, lacksBytes) };
}
