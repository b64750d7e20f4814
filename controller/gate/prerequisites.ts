/** The guard that asks whether a rollback could be relied on, before anything begins that may need one. */
import { sealedSecret } from "../../reconcilers/core.ts";
import { asProblem, Problem } from "../../schemas/problem.ts";
import type { Appliance } from "../appliance.ts";
import { filesFolder } from "../store.ts";
import type { Guard } from "./question.ts";

/** What going back stands on. */
export interface Footing {
  /** What is wrong with the generation that would be gone back to; undefined: nothing, or nothing was ever committed. */
  readonly target: Problem | undefined;
  /** On the file system of generations and journal; a Problem: it cannot be found out. */
  readonly freeBytes: number | Problem;
  /** What is wrong with the failsafe. */
  readonly failsafe: Problem | undefined;
}

/** Looks at it; `folder` is where generations and journal are. Rejects only when the signal aborts. */
export async function footing(
  appliance: Pick<Appliance, "host" | "store" | "bootFiles" | "failsafe">,
  folder: string,
  signal: AbortSignal,
): Promise<Footing> {
  const orProblem = (thrown: unknown): Problem => {
    signal.throwIfAborted();
    return asProblem(thrown);
  };
  return {
    target: await faultOf(appliance, folder).catch(orProblem),
    freeBytes: await appliance.host.freeBytes(folder).catch(orProblem),
    failsafe: await appliance.failsafe.check(signal).catch(orProblem),
  };
}

/** Whether all is there that going back needs: the generation, the texts of its secrets, the files that it starts from. */
async function faultOf(
  { host, store, bootFiles }: Pick<Appliance, "host" | "store" | "bootFiles">,
  folder: string,
): Promise<Problem | undefined> {
  const committed = await store.committed();
  if (!committed) return undefined;
  const texts = await store.secretsOf(committed.digest);
  const sealed = new Set(JSON.stringify(committed.desired).match(sealedSecret));
  const missing = [...sealed].filter((one) => !texts.has(one)).length;
  if (missing > 0) {
    const path = `${filesFolder(folder, committed.digest)}/secrets.json`;
    return incomplete(`${missing} of its ${sealed.size} secrets are missing in ${path}`, fromBackup);
  }
  const files = (await bootFiles.restoring(committed.digest)).flatMap((plane) => plane.files);
  for (const { source } of files) {
    if (!(await host.readFile(source))) {
      return incomplete(`${source} is missing or empty`, "It is made again at the next poll.");
    }
  }
  return undefined;
}

const fromBackup = "Restore it from a backup of the persistent dataset.";

function incomplete(what: string, remedy: string): Problem {
  return new Problem("JOURNAL", `The committed generation is not whole: ${what}.`, { remedy });
}

/**
 * A repair goes to what is committed anyway, and waits neither for a whole target nor for room; but without a failsafe
 * nothing is touched at all.
 */
export const prerequisites: Guard = ({ facts, policy, purpose }) => {
  const { target, freeBytes, failsafe } = facts.footing;
  const problem = failsafe ?? (purpose === "correct" ? undefined : (target ?? lackOfRoom(freeBytes, policy)));
  return problem && { reason: problem.message, unblock: problem.remedy ?? "It is looked at again at the next poll." };
};

function lackOfRoom(
  free: number | Problem,
  { "min-free-mebibytes": least }: { readonly "min-free-mebibytes": number },
): Problem | undefined {
  if (free instanceof Problem) return free;
  const mebibytes = Math.floor(free / 2 ** 20);
  if (mebibytes >= least) return undefined;
  return new Problem(
    "HOST_FILE",
    `Only ${mebibytes} MiB are free for generations and journal, and policy wants ${least}.`,
    {
      remedy: "Remove what is not needed from the persistent dataset, or lower policy.min-free-mebibytes.",
    },
  );
}
