/** What is done to boot environments. Each looks at the pool first, and is repeated without harm. */
import { Problem } from "../../schemas/problem.ts";
import type { Host } from "../core.ts";
import { isWhole, type BootEnvironment } from "./model.ts";
import { roles, rolesOf, whyNotActivated, type Standing } from "./standing.ts";
import { zfs, zpool } from "./zfs.ts";

/** Keeps it until `unpin`, and says why. */
export async function pin(host: Host, { dataset }: BootEnvironment, why: string, signal: AbortSignal): Promise<void> {
  await zfs(host, ["set", `imp:pin=${why}`, dataset], signal);
}

export async function unpin(host: Host, { dataset }: BootEnvironment, signal: AbortSignal): Promise<void> {
  await zfs(host, ["inherit", "imp:pin", dataset], signal);
}

/** Notes on it when it committed: the last one beside the running one is what to go back to. */
export async function markCommitted(
  host: Host,
  { dataset }: BootEnvironment,
  at: number,
  signal: AbortSignal,
): Promise<void> {
  await zfs(host, ["set", `imp:committed=${Math.floor(at / 1000)}`, dataset], signal);
}

/** Makes it what boots next, and reads that back. Rejects with BOOT_ENVIRONMENT where it never committed (I1). */
export async function activate(
  host: Host,
  standing: Standing,
  environment: BootEnvironment,
  signal: AbortSignal,
): Promise<void> {
  const why = whyNotActivated(standing, environment);
  if (why !== undefined) {
    throw new Problem("BOOT_ENVIRONMENT", `${why} What boots next is always one that did: it is not activated.`, {
      remedy: isWhole(environment)
        ? `Let the agent try it (impctl be activate ${environment.name}, from what boots next); where it runs already, impctl approve deploys there first.`
        : "Wait until it is, or remove it.",
    });
  }
  const { pool } = standing.observed;
  await zpool(host, ["set", `bootfs=${environment.dataset}`, pool.name], signal);
  const said = (await zpool(host, ["list", "-H", "-o", "bootfs", pool.name], signal)).trim();
  if (said === environment.dataset) return;
  throw new Problem("POOL", `bootfs was set to ${environment.dataset}, and is ${said}.`, {
    remedy: `zpool set bootfs=${environment.dataset} ${pool.name}, and see zpool history.`,
  });
}

/** Why it has to stay; undefined: nothing keeps it. */
export function whyItStays(standing: Standing, environment: BootEnvironment): Problem | undefined {
  const { name, isMounted, dataset } = environment;
  const [role] = rolesOf(standing, environment);
  if (role !== undefined) {
    return new Problem("BOOT_ENVIRONMENT", `${name} stays: ${sentence(role)}`, { remedy: wayOut[role] });
  }
  if (!isMounted) return undefined;
  return new Problem("BOOT_ENVIRONMENT", `${name} stays: it is mounted.`, {
    remedy: `zfs unmount ${dataset}, once nobody uses it.`,
  });
}

const wayOut: Readonly<Record<keyof typeof roles, string>> = {
  running: "Boot another one first.",
  next: "impctl be activate another one first.",
  fallback: "It goes by itself once a newer one to go back to is there.",
  trial: "Its trial ends by itself.",
  pinned: "impctl be unpin it first.",
};

function sentence(role: keyof typeof roles): string {
  const text = roles[role];
  return text.charAt(0).toLowerCase() + text.slice(1);
}
