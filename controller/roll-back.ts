/** Going back to the committed generation: the same engine with another target. Needs neither network nor repository. */
import { asProblem, Problem } from "../schemas/problem.ts";
import type { Appliance } from "./appliance.ts";
import { bringTo, mustBeInFlight, readBack } from "./bring.ts";
import { ended } from "./deployment-status.ts";
import { whyHeld, withVerdict } from "./ledger.ts";
import { emptyDesired, letGo } from "./planes.ts";
import { withDeadline } from "./retry.ts";

/** What to reckon with for going back: several attempts, and a restart in between. */
export const rollbackLimitMs = 300_000;
/** Limit for one attempt to go back; the next one begins afresh. */
export const attemptLimitMs = 50_000;
/** How long the failsafe leaves the agent alone after it said that it goes back by itself: longer than an attempt. */
export const goingBackMs = 60_000;

/**
 * Brings the appliance back to the committed generation, needing neither network nor repository. Resolves also when that
 * failed: the state is still rolling-back then, and the loop tries again.
 */
export async function rollBack(appliance: Appliance, signal: AbortSignal): Promise<void> {
  const { host, progress, listener } = appliance;
  try {
    await withDeadline(host, attemptLimitMs, signal, "Rolling back", (limited) => restore(appliance, limited));
  } catch (thrown) {
    signal.throwIfAborted();
    listener.complain(asProblem(thrown));
    await progress.move({ type: "rollback-failed" });
    return;
  }
  await conclude(appliance);
}

async function restore(appliance: Appliance, signal: AbortSignal): Promise<void> {
  const { host, store, secrets, reconcilers, progress, listener, failsafe } = appliance;
  const deployment = mustBeInFlight(progress.state());
  const committed = await store.committed();
  await failsafe
    .goingBack(deployment, committed?.digest, goingBackMs)
    .catch((thrown: unknown) => listener.complain(asProblem(thrown)));
  const staged = await store.staged(deployment.generation).catch((thrown: unknown) => {
    if (!committed) throw thrown;
    listener.complain(withoutCandidate(asProblem(thrown)));
    return undefined;
  });
  if (staged) secrets.learn(Object.fromEntries(staged.secrets));
  if (committed) secrets.learn(Object.fromEntries(await store.secretsOf(committed.digest)));
  const desired = committed?.desired ?? staged?.before ?? emptyDesired;
  const owned = [committed, staged?.generation].flatMap((one) => (one ? [one.desired] : []));
  await letGo(reconcilers, host, deployment.planes, signal);
  await bringTo(appliance, desired, owned, signal);
  await readBack(appliance, desired, owned, signal);
}

/** The committed generation is whole, so that what it needs can be brought back; only what is too much is not known. */
function withoutCandidate(problem: Problem): Problem {
  return new Problem("JOURNAL", `Rolling back without the candidate: ${problem.message}`, {
    remedy: "What only the candidate added is left alone and listed as foreign: remove it by hand where it stayed.",
    cause: problem,
  });
}

/** The verdict is on disk before the state says that it is over. */
async function conclude({ host, memory, progress, listener, failsafe }: Appliance): Promise<void> {
  const state = progress.state();
  if (state.at !== "rolling-back") return;
  const { deployment, failure } = state;
  try {
    // First of all, so that nothing stands armed once the journal says that nothing is in flight.
    await failsafe.disarm();
    await memory.remember((ledger) => {
      const lastDeployment = ended(host.now(), deployment, "rolled-back", failure);
      if (deployment.purpose === "correct") return { ...ledger, lastDeployment };
      const { verdict, reason } = failure;
      return {
        ...withVerdict(ledger, deployment.generation, deployment.id, verdict, reason, host.now()),
        lastDeployment,
      };
    });
  } catch (thrown) {
    listener.complain(asProblem(thrown));
    await progress.move({ type: "rollback-failed" });
    return;
  }
  const hold = deployment.purpose === "deploy" && whyHeld(memory.ledger(), deployment.generation) !== undefined;
  await progress.move({ type: "rolled-back", hold });
  listener.event({ type: "deployment-ended", outcome: "rolled-back", trigger: failure.trigger });
}
