/** The boot environments of this box: how they stand, what an operator does to them, and which go after a commit. */
import { activate, markCommitted, pin, unpin } from "../reconcilers/bootenv/changes.ts";
import { environmentOf, isWhole, type BootEnvironment } from "../reconcilers/bootenv/model.ts";
import { observeBootenv } from "../reconcilers/bootenv/observe.ts";
import { remove } from "../reconcilers/bootenv/remove.ts";
import { surplus, type Retention } from "../reconcilers/bootenv/retention.ts";
import { chosenByHand, rolesOf, type Role, type Standing } from "../reconcilers/bootenv/standing.ts";
import { trialWords } from "../reconcilers/bootenv/trial.ts";
import type { Host } from "../reconcilers/core.ts";
import type { Policy } from "../schemas/policy.ts";
import { asProblem, Problem } from "../schemas/problem.ts";
import { openJournal } from "./journal.ts";
import { inFlight } from "./machine.ts";

/** Where they are: `state` is the agent's folder, with a link for each that committed. */
export interface BootBox {
  readonly host: Host;
  readonly state: string;
}

/** undefined: the root of this box is no ZFS dataset. Rejects with a Problem where the pool cannot be read. */
export async function standingOf({ host, state }: BootBox, signal: AbortSignal): Promise<Standing | undefined> {
  const observed = await observeBootenv(host, signal);
  if (!observed) return undefined;
  const links = await host.readFolder(`${state}/committed.d`);
  const onTrial = (await isOnTrial({ host, state })) ? observed.booted : undefined;
  return { observed, committed: new Set(links), onTrial };
}

/** The kernel command line names a trial until the next boot, also once it is committed: it is one while the journal has it in flight. */
async function isOnTrial({ host, state }: BootBox): Promise<boolean> {
  const words = trialWords((await host.readFile("/proc/cmdline")) ?? "");
  if (!words) return false;
  try {
    const recorded = await openJournal(host, `${state}/journal`).read();
    return recorded !== undefined && inFlight(recorded)?.id === words.deployment;
  } catch {
    // Nobody knows, and nothing is changed on this box until somebody looked.
    return true;
  }
}

/** One of them, for people and programs. */
export interface ShownEnvironment {
  readonly name: string;
  readonly guid: string;
  readonly roles: readonly Role[];
  /** Whether it ever committed a generation here. */
  readonly committed: boolean;
  /** Left out: it has been received whole. */
  readonly receiving?: true;
  readonly image?: string;
  readonly version?: string;
  /** Why an operator wants it kept. */
  readonly pin?: string;
  readonly usedBytes: number;
  readonly referencedBytes: number;
  readonly createdAt: number;
  /** The snapshot that it is a clone of. */
  readonly origin?: string;
}

export interface ShownPool {
  readonly pool: {
    readonly name: string;
    readonly health: string;
    readonly usedBytes: number;
    readonly availableBytes: number;
  };
  /** What the loader boots next; left out: nothing, and it stops in its menu. */
  readonly bootfs?: string;
  /** Somebody booted another one than that. */
  readonly chosenByHand?: { readonly running: string; readonly next: string };
  readonly environments: readonly ShownEnvironment[];
}

export function shownPool(standing: Standing): ShownPool {
  const { pool, bootfs, environments } = standing.observed;
  const { name, health, usedBytes, availableBytes } = pool;
  const byHand = chosenByHand(standing);
  return {
    pool: { name, health, usedBytes, availableBytes },
    ...(bootfs !== undefined && { bootfs }),
    ...(byHand && { chosenByHand: { running: byHand.running.name, next: byHand.next.name } }),
    environments: environments.map((one) => shown(standing, one)),
  };
}

function shown(standing: Standing, one: BootEnvironment): ShownEnvironment {
  const { name, guid, usedBytes, referencedBytes, createdAt, origin, properties } = one;
  const { "imp:image": image, "imp:version": version, "imp:pin": why } = properties;
  return {
    name,
    guid,
    roles: rolesOf(standing, one),
    committed: standing.committed.has(guid),
    ...(!isWhole(one) && { receiving: true }),
    ...(image !== undefined && { image }),
    ...(version !== undefined && { version }),
    ...(why !== undefined && { pin: why }),
    usedBytes,
    referencedBytes,
    createdAt,
    ...(origin !== undefined && { origin }),
  };
}

export type EnvironmentVerb = "pin" | "unpin" | "rm" | "activate";

/** What is to be done to which one; `reason` says why it is to be kept. */
export interface EnvironmentOrder {
  readonly verb: EnvironmentVerb;
  readonly name: string;
  readonly reason: string;
}

/** Does it, and says in a sentence how it is then. Rejects with BOOT_ENVIRONMENT or POOL where it must not be, or cannot. */
export async function changeEnvironment(box: BootBox, order: EnvironmentOrder, signal: AbortSignal): Promise<string> {
  const standing = await standingOf(box, signal);
  if (!standing) throw noPool();
  const { host } = box;
  const { verb, reason } = order;
  const environment = named(standing, order.name);
  const { name } = environment;
  switch (verb) {
    case "pin":
      await pin(host, environment, reason, signal);
      return `${name} is kept until it is unpinned.`;
    case "unpin":
      await unpin(host, environment, signal);
      return `${name} may go when newer ones take its place.`;
    case "rm":
      await remove(host, standing, environment, signal);
      return `${name} is removed.`;
    case "activate":
      await activate(host, standing, environment, signal);
      return activated(standing, environment);
    default:
      return verb satisfies never;
  }
}

function activated({ observed }: Standing, { name, guid }: BootEnvironment): string {
  if (guid === observed.booted) return `${name} runs, and boots next.`;
  const running = environmentOf(observed, observed.booted)?.name ?? "another one";
  return `${name} boots next. Until this box is rebooted ${running} runs, and nothing is deployed.`;
}

export function noPool(): Problem {
  return new Problem("BOOT_ENVIRONMENT", "The root of this box is no ZFS dataset: it has no boot environments.");
}

/** By name or GUID. Throws USAGE where there is none. */
export function named({ observed }: Standing, name: string): BootEnvironment {
  const found = observed.environments.find((one) => one.name === name || one.guid === name || one.dataset === name);
  if (found) return found;
  const names = observed.environments.map((one) => one.name).join(", ");
  throw new Problem("USAGE", `There is no boot environment ${name}.`, { remedy: `There are: ${names}.` });
}

/** What an older agent wrote down has no such words in its policy. */
export function retentionOf(policy: Partial<Policy>): Retention {
  const { "keep-boot-environments": keep = 3, "min-free-pool-mebibytes": mebibytes = 2048 } = policy;
  return { keep, floorBytes: mebibytes * 2 ** 20 };
}

/**
 * After a commit: notes it on the boot environment that runs, then removes what policy does not keep, one after the other.
 * Resolves with why something could not go, or why there is too little room: nothing else depends on it.
 */
export async function keepHouse(
  box: BootBox,
  policy: Partial<Policy>,
  signal: AbortSignal,
): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  const orNote = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (thrown) {
      signal.throwIfAborted();
      problems.push(asProblem(thrown));
    }
  };
  const tried = new Set<string>();
  await orNote(async () => {
    let standing = await standingOf(box, signal);
    const running = standing && environmentOf(standing.observed, standing.observed.booted);
    if (!standing || !running) return;
    await orNote(() => markCommitted(box.host, running, box.host.now(), signal));
    for (;;) {
      const { remove: going, lacksBytes } = surplus(standing, retentionOf(policy));
      const next = going.find(({ guid }) => !tried.has(guid));
      if (!next) {
        if (lacksBytes > 0) problems.push(tooFull(standing, policy));
        return;
      }
      tried.add(next.guid);
      const from = standing;
      await orNote(() => remove(box.host, from, next, signal));
      standing = (await standingOf(box, signal)) ?? standing;
    }
  });
  return problems;
}

function tooFull({ observed }: Standing, policy: Partial<Policy>): Problem {
  const mebibytes = (bytes: number) => Math.floor(bytes / 2 ** 20);
  const { floorBytes } = retentionOf(policy);
  const text = `Pool ${observed.pool.name} has ${mebibytes(observed.pool.availableBytes)} MiB free, and policy wants ${mebibytes(floorBytes)}`;
  return new Problem("POOL", `${text}: every boot environment that is left has to stay.`, {
    remedy: "impctl be list says which are pinned; zfs list -o space says what else takes room.",
  });
}
