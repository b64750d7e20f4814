/** The commit: one rename on disk, then the boot files, the verdict, and only then the state. */
import { type Desired, desiredOf, type Generation } from "../reconcilers/generation.ts";
import { asProblem } from "../schemas/problem.ts";
import type { Appliance } from "./appliance.ts";
import { bringTo, mustBeInFlight, readBack } from "./bring.ts";
import { ended } from "./deployment-status.ts";
import type { Ledger } from "./ledger.ts";
import type { Deployment } from "./machine.ts";
import { type Survey, untried } from "./planes.ts";
import { probationOf } from "./probation.ts";
import { withDeadline } from "./retry.ts";
import { attemptLimitMs, goingBackMs, withoutCandidate } from "./roll-back.ts";
import { givenUp, orderOf, withLeft } from "./going-back.ts";
import { tidy, tupleOf } from "./start.ts";
import { timing } from "./timing.ts";
import { clearUp } from "./trial/back.ts";
import { commitTrial } from "./trial/commit.ts";
import { whereIs } from "./trial/where.ts";
import { isSameBelow, withVerdict } from "./verdicts.ts";
import { withoutWords } from "./words.ts";

/**
 * Finishes a commit that a restart found. When the power was cut, the planes may have started from the boot files of the
 * generation before; so the candidate is brought back first. Where that fails before the rename, the state is rolling-back
 * then; after it the commit stands, and what the planes lack is corrected like any drift. Rejects where it is to be tried again.
 */
export async function resumeCommit(appliance: Appliance, signal: AbortSignal): Promise<void> {
  const { store, progress, listener, failsafe } = appliance;
  const deployment = mustBeInFlight(progress.state());
  const committed = await store.committed();
  const isDone = await isCommitted(appliance, deployment, committed, signal);
  if (!isHere(appliance, deployment)) {
    const { generation } = await candidateOf(appliance, committed);
    return finishCommit(appliance, generation, undefined, signal);
  }
  let found: { readonly generation: Generation; readonly seen: Survey };
  try {
    // I2: without it nothing is brought back, and nothing is rolled back either.
    await failsafe.goingBack(deployment, committed?.digest, goingBackMs(deployment));
  } catch (thrown) {
    if (!isDone || !committed) throw thrown;
    listener.complain(asProblem(thrown));
    return finishCommit(appliance, committed, undefined, signal);
  }
  try {
    found = await bringBack(appliance, committed, signal);
  } catch (thrown) {
    signal.throwIfAborted();
    listener.complain(asProblem(thrown));
    if (isDone && committed) return finishCommit(appliance, committed, undefined, signal);
    const reason = `It was proven, but could not be committed after a restart: ${asProblem(thrown).message}`;
    return progress.move({ type: "failed", failure: { trigger: "crash", reason, verdict: "inconclusive" } });
  }
  await finishCommit(appliance, found.generation, found.seen, signal);
}

/** Whether its commit point is passed: the rename, or of a trial `bootfs`. */
async function isCommitted(
  { host }: Appliance,
  deployment: Deployment,
  committed: Generation | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  if (deployment.trial) return (await whereIs(host, deployment, signal)) === "committed";
  return deployment.purpose !== "correct" && committed?.digest === deployment.generation;
}

/** Whether the boot environment that commits is the one that runs: after the commit of a trial somebody may boot another one. */
function isHere({ environment }: Appliance, { trial }: Deployment): boolean {
  return trial === undefined || trial.environment === environment;
}

async function bringBack(
  appliance: Appliance,
  committed: Generation | undefined,
  signal: AbortSignal,
): Promise<{ readonly generation: Generation; readonly seen: Survey }> {
  const { host } = appliance;
  const deployment = mustBeInFlight(appliance.progress.state());
  const { generation, owned } = await candidateOf(appliance, committed);
  const desired = desiredOf(generation);
  const proven = { ...appliance, reconcilers: untried(appliance.reconcilers) };
  const seen = await withDeadline(host, attemptLimitMs(deployment), signal, "Finishing a commit", async (limited) => {
    await bringTo(proven, desired, owned, limited);
    return readBack(proven, desired, owned, limited);
  });
  return { generation, seen };
}

/** What was proven, with its secrets known, and what may be removed for it. Rejects with JOURNAL when it is lost. */
async function candidateOf(
  { store, secrets, progress, listener }: Appliance,
  committed: Generation | undefined,
): Promise<{ readonly generation: Generation; readonly owned: readonly Desired[] }> {
  const { generation: digest } = mustBeInFlight(progress.state());
  try {
    const { generation, owned, secrets: texts } = await store.staged(digest);
    secrets.learn(Object.fromEntries(texts));
    return { generation, owned: [...(owned ? [owned] : []), desiredOf(generation)] };
  } catch (thrown) {
    if (committed?.digest !== digest) throw thrown;
    // After the rename all of it is there; only what it replaced is not known any more.
    listener.complain(withoutCandidate("Finishing a commit", asProblem(thrown)));
    secrets.learn(Object.fromEntries(await store.secretsOf(digest)));
    return { generation: committed, owned: [desiredOf(committed)] };
  }
}

/**
 * Makes a proven candidate the committed generation, and what was `seen` of the planes what they start with; undefined: what
 * was kept before the rename. May be repeated from anywhere: the next start does.
 */
export async function finishCommit(
  appliance: Appliance,
  generation: Generation,
  seen: Survey | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { host, store, memory, progress, bootFiles, listener, failsafe } = appliance;
  const deployment = mustBeInFlight(progress.state());
  const { soakMs } = timing(generation.policy, deployment.worstImpact);
  const environment = deployment.trial?.environment ?? appliance.environment;
  // It is proven, and the journal says so: from here on nobody goes back any more.
  if (!deployment.trial) await failsafe.disarm();
  if (seen)
    await bootFiles.keep(generation, seen.before, deployment.purpose === "correct" ? deployment.planes : undefined);
  if (isHere(appliance, deployment)) {
    await store.commit({ ...generation, shown: { ...generation.shown, ...seen?.shown } });
    await bootFiles.lay(generation);
    await commitTrial(appliance, deployment, signal);
  }
  if (deployment.trial) await failsafe.disarm();
  await memory.remember((ledger) => {
    const before = ledger.committed;
    const isNew = before?.generation !== generation.digest;
    const committed = tupleOf(generation, environment, isNew ? host.now() : before.at);
    const incarnations = { ...ledger.incarnations, ...seen?.incarnations };
    const { green, note } = ledger.proven?.deployment === deployment.id ? ledger.proven : {};
    const next: Ledger = {
      ...ledger,
      committed,
      incarnations,
      ...(isNew && { previous: before }),
      lastSuccessAt: host.now(),
      proven: undefined,
    };
    const order = orderOf(ledger, deployment);
    const lastDeployment = {
      ...ended(host.now(), deployment, "committed", order && givenUp(order)),
      ...(note !== undefined && { reason: note }),
    };
    if (deployment.purpose === "correct") return { ...next, lastDeployment };
    const proven = withVerdict(next, generation.digest, deployment.id, "good", "Proven.", host.now(), generation.below);
    // What commits say that wait stays said while only what stands above them changes.
    const heard = isSameBelow(deployment, before) ? proven : withoutWords(proven, deployment.id);
    const after = deployment.purpose === "roll-back" ? withLeft(proven, deployment, host.now()) : heard;
    return { ...after, lastDeployment, probation: probationOf(generation, deployment, soakMs, green, host) };
  });
  await clearUp(appliance, deployment, "committed", signal);
  listener.committed(generation);
  await progress.move({ type: "committed" });
  const trigger = deployment.purpose === "roll-back" ? memory.ledger().lastDeployment?.trigger : undefined;
  const { planes } = deployment;
  const isTrial = deployment.trial !== undefined;
  listener.event({
    type: "deployment-ended",
    outcome: "committed",
    ...(isTrial && { isTrial }),
    ...(trigger !== undefined && { trigger, planes }),
  });
  await tidy(appliance, generation.digest);
}
