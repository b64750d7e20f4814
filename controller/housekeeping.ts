/** The part of a tick after a commit: boot environments that policy does not keep any more are removed. */
import { asProblem } from "../schemas/problem.ts";
import { keepHouse } from "./boot-environments.ts";
import { lookAtEnvironments } from "./look-environments.ts";
import type { DeploymentStatus } from "./report/status.ts";
import { withDeadline } from "./retry.ts";
import type { Turn } from "./turn.ts";

export interface Housekeeping {
  /** A deployment ended; what only brought back what was committed before leads to nothing. */
  ended(deployment: DeploymentStatus | undefined): void;
  /** Does what is due. Nothing depends on it: what cannot go is complained of, and stays until the next commit. */
  look(turn: Turn): Promise<void>;
}

const limitMs = 600_000;

export function startHousekeeping(): Housekeeping {
  let isDue = false;
  return {
    ended(deployment) {
      if (deployment?.outcome === "committed" && deployment.purpose !== "correct") isDue = true;
    },
    async look(turn) {
      const { parts, appliance, signal, known } = turn;
      const policy = known().committed?.policy;
      if (!isDue || !policy || !known().environments) return;
      isDue = false;
      const { host, settings } = parts;
      const { listener } = appliance;
      listener.event({ type: "alive", withinMs: limitMs });
      try {
        await withDeadline(host, limitMs, signal, "Removing old boot environments", async (limited) => {
          const problems = await keepHouse({ host, state: settings.paths.state }, policy, limited);
          for (const problem of problems) listener.complain(problem);
        });
      } catch (thrown) {
        signal.throwIfAborted();
        listener.complain(asProblem(thrown));
      }
      await lookAtEnvironments(turn);
    },
  };
}
