/**
 * Evidence of failed deployments: what was gathered, and what the journal knows, as a bundle on the disk. It is written
 * beside the loop, once going back is over: a disk that is full, slow or gone neither delays nor fails anything (I6).
 */
import type { Host } from "../../reconcilers/core.ts";
import { asProblem, Problem } from "../../schemas/problem.ts";
import { readHistory } from "../journal.ts";
import type { Survey } from "../planes.ts";
import type { DeploymentStatus, Status } from "../report/status.ts";
import { find, tell } from "../story.ts";
import { bundle } from "./bundle.ts";
import { openShelf } from "./shelf.ts";
import { startWitness, type Gathered, type Witness } from "./witness.ts";

export interface Evidence {
  /** For the engine, to be told what goes on. */
  readonly witness: Witness;
  /** A deployment ended: what was gathered of it is kept if it failed. */
  ended(deployment: DeploymentStatus | undefined): void;
  /** Going back was given up: what was gathered up to here is kept, and again when it ends after all. */
  stranded(deployment: string): void;
  /** At the start: a deployment that failed while nobody could keep what is known of it. */
  missed(deployment: DeploymentStatus | undefined): void;
  /** Resolves when all that was begun is written, or after so long. */
  settled(limitMs: number): Promise<void>;
}

export interface EvidenceParts {
  readonly host: Host;
  /** The state folder. */
  readonly folder: string;
  readonly log: () => readonly string[];
  readonly status: () => Status;
  readonly describe: (plan: Survey) => readonly string[];
  readonly mask: (text: string) => string;
  readonly complain: (problem: Problem) => void;
  /** How many bundles there are now. */
  readonly counted: (bundles: number) => void;
}

export function startEvidence(parts: EvidenceParts): Evidence {
  const { host, folder, complain } = parts;
  const witness = startWitness();
  const shelf = openShelf(host, folder);
  let toldStranded: string | undefined;
  let last: Promise<void> = Promise.resolve();

  /** One after the other, so that two bundles never prune each other. */
  function beside(work: () => Promise<void>): void {
    last = last.then(work).catch((thrown: unknown) => complain(unkept(asProblem(thrown))));
  }

  async function keep(id: string, gathered: Gathered, status: Status, log: readonly string[]): Promise<void> {
    const story = find(tell(await readHistory(host, `${folder}/journal`)), id);
    if (!story) throw new Problem("JOURNAL", `The history does not know the deployment ${id}.`);
    const { describe, mask } = parts;
    await shelf.put(id, bundle({ story, gathered, status, log, describe, mask }));
    parts.counted(await shelf.count());
  }

  return {
    witness,
    async settled(limitMs) {
      const over = new AbortController();
      const late = host.sleep(limitMs, over.signal).catch(() => undefined);
      await Promise.race([last, late]);
      over.abort();
    },
    ended(deployment) {
      if (!deployment) return;
      const [gathered, status, log] = [witness.gathered(), parts.status(), parts.log()];
      witness.forget();
      if (deployment.outcome !== "committed") beside(() => keep(deployment.id, gathered, status, log));
    },
    stranded(deployment) {
      if (deployment === toldStranded) return;
      toldStranded = deployment;
      const [gathered, status, log] = [witness.gathered(), parts.status(), parts.log()];
      beside(() => keep(deployment, gathered, status, log));
    },
    missed(deployment) {
      const [status, log] = [parts.status(), parts.log()];
      beside(async () => {
        const isOurs = deployment?.outcome === "rolled-back" && deployment.trigger !== "external";
        if (isOurs && !(await shelf.has(deployment.id))) await keep(deployment.id, {}, status, log);
        parts.counted(await shelf.count());
      });
    },
  };
}

function unkept(problem: Problem): Problem {
  return new Problem("HOST_FILE", `The evidence of a deployment could not be kept: ${problem.message}`, {
    severity: "warning",
    remedy: "Nothing else depends on it; `impctl show` has what the journal knows. See that the disk is not full.",
    cause: problem,
  });
}
