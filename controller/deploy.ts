/**
 * One deployment: arm → apply → verify → prove → commit, or roll back. Rolling back is the same engine with another
 * target: observe what is there, plan, apply, and plan again, which must be empty.
 */
import type { Step } from "../reconcilers/core.ts";
import type { Desired, Generation } from "../reconcilers/generation.ts";
import { asProblem, type ProblemCode } from "../schemas/problem.ts";
import type { Appliance } from "./appliance.ts";
import { prove, type Proof } from "./health/prove.ts";
import type { Probe } from "./health/judge.ts";
import type { StepNews } from "./report/observer.ts";
import { ended } from "./deployment-status.ts";
import { whyHeld, withVerdict } from "./ledger.ts";
import { inFlight, type Deployment, type State, type Target } from "./machine.ts";
import { carryOut, emptyDesired, leftover, letGo, planesTouched, survey, type Survey } from "./planes.ts";
import { retryTransient, withDeadline } from "./retry.ts";

/** Everything that a deployment needs to know before it is armed. */
export interface Intent {
  readonly target: Target;
  readonly candidate: Generation;
  readonly committed: Generation | undefined;
  /** What it would do. */
  readonly plan: Survey;
  /** How things were, to compare with. */
  readonly baseline: Probe;
  /** Opens a new connection to the sites repository; undefined when it was not reachable before either. */
  readonly reach: ((signal: AbortSignal) => Promise<unknown>) | undefined;
}

/** Limit for one attempt to go back; the next one begins afresh. */
const rollbackLimitMs = 300_000;
const retries = 3;
const pauseMs = 2000;

/** Failures that are the candidate's own: it is never tried here again. All others may be anybody's. */
const candidatesFault: readonly ProblemCode[] = ["FRR_REJECTED", "READ_BACK", "HEALTH", "FRR_FOREIGN", "FRR_VERSION"];

/** Runs a deployment to its end. Rejects when `signal` aborts (the next start ends it) or when it cannot be armed. */
export async function deploy(appliance: Appliance, intent: Intent, signal: AbortSignal): Promise<void> {
  const deployment = await arm(appliance, intent);
  const { failure, resets } = await attempt(appliance, intent, deployment, signal);
  if (failure) {
    await appliance.progress.move({ type: "failed", failure });
    await rollBack(appliance, signal);
    return;
  }
  await finishCommit(appliance, resets.length > 0 ? `Sessions were reset: ${resets.join(", ")}.` : undefined);
}

/** Nothing that traffic or the next boot can see changes before this resolves. */
async function arm({ host, store, secrets, progress }: Appliance, intent: Intent): Promise<Deployment> {
  const { candidate, committed, plan, target } = intent;
  const kept = secrets.collect(JSON.stringify([candidate, committed, plan.before]));
  await store.stage({
    generation: candidate,
    secrets: new Map(Object.entries(kept)),
    before: committed ? undefined : plan.before,
    owned: committed?.desired,
  });
  const deployment: Deployment = {
    ...target,
    id: `${host.now()}-${target.generation.slice(0, 12)}`,
    from: committed?.digest,
    startedAt: host.now(),
    boot: host.bootId(),
    deadline: host.uptime() + candidate.policy["deadline-seconds"] * 1000,
    planes: planesTouched(plan),
    steps: plan.steps.length,
    stepsDone: 0,
    worstImpact: plan.worstImpact,
  };
  await progress.move({ type: "armed", deployment });
  return deployment;
}

/** From armed to proven; or why not. */
async function attempt(
  appliance: Appliance,
  intent: Intent,
  deployment: Deployment,
  signal: AbortSignal,
): Promise<Proof> {
  const { host, progress } = appliance;
  try {
    await withDeadline(host, deployment.deadline - host.uptime(), signal, "Applying", (limited) =>
      applyAndVerify(appliance, intent, limited),
    );
    await progress.move({ type: "verified" });
    const proof = await proveIt(appliance, intent, deployment, signal);
    if (!proof.failure) await progress.move({ type: "proven" });
    return proof;
  } catch (thrown) {
    signal.throwIfAborted();
    const problem = asProblem(thrown);
    const late = host.uptime() >= deployment.deadline;
    const trigger = late ? "deadline" : problem.code === "READ_BACK" ? "read-back" : "apply";
    const verdict = candidatesFault.includes(problem.code) ? "bad" : "inconclusive";
    return { failure: { trigger, reason: problem.message, verdict }, resets: [] };
  }
}

async function applyAndVerify(appliance: Appliance, intent: Intent, signal: AbortSignal): Promise<void> {
  const { host, progress, reconcilers } = appliance;
  const { desired } = intent.candidate;
  const owned = intent.committed ? [intent.committed.desired] : [];
  await converge(appliance, desired, owned, signal, intent.plan);
  await progress.move({ type: "applied" });
  const left = leftover(reconcilers, await survey(reconcilers, host, desired, owned, signal));
  if (left) throw left;
}

/** Plans and carries out until there is nothing left that a second try could help with. */
async function converge(
  { host, reconcilers, progress, listener }: Appliance,
  desired: Desired,
  owned: readonly Desired[],
  signal: AbortSignal,
  planned?: Survey,
): Promise<void> {
  let first = planned;
  await retryTransient(host, { retries, pauseMs, signal }, async () => {
    const plan = first ?? (await survey(reconcilers, host, desired, owned, signal));
    first = undefined; // a second try observes anew: the first may have done part of it
    const [problem] = plan.problems;
    if (problem) throw problem;
    const news = (plane: keyof Desired, step: Step): StepNews => ({
      impact: step.impact,
      text: reconcilers[plane].describe(step),
    });
    const started = async (plane: keyof Desired, steps: readonly Step[]): Promise<void> => {
      await progress.move({ type: "run-started", run: { plane, steps: steps.map((step) => step.id) } });
      listener.event({ type: "run-started", plane, steps: steps.map((step) => news(plane, step)) });
    };
    const done = (plane: keyof Desired, step: Step): void => progress.stepDone(plane, news(plane, step));
    await carryOut(reconcilers, host, plan, { started, done }, signal);
  });
}

async function proveIt(
  appliance: Appliance,
  intent: Intent,
  deployment: Deployment,
  signal: AbortSignal,
): Promise<Proof> {
  // What was proven once and is only brought back needs no proof, and can have no verdict.
  if (deployment.purpose === "correct") return { failure: undefined, resets: [] };
  const { candidate, committed, plan } = intent;
  const changesFilters = plan.steps.some((step) =>
    /route-map|prefix-list|access-list|filter|-path|communit/.test(step.id),
  );
  const prefixTolerance = changesFilters ? undefined : candidate.policy["prefix-tolerance"];
  return prove(
    {
      host: appliance.host,
      probe: appliance.probe,
      before: { probe: intent.baseline, candidate, committed, prefixTolerance },
      reach: intent.reach,
      since: deployment.deadline - candidate.policy["deadline-seconds"] * 1000,
      deadline: deployment.deadline,
      looked: () => appliance.listener.event({ type: "alive", withinMs: 60_000 }),
    },
    signal,
  );
}

/**
 * Finishes a commit that a restart found. When the power was cut, the planes may have started from the boot files of the
 * generation before; so the candidate is brought back first.
 */
export async function resumeCommit(appliance: Appliance, signal: AbortSignal): Promise<void> {
  const { host, store, secrets, progress } = appliance;
  const { generation, owned, secrets: texts } = await store.staged(mustBeInFlight(progress.state()).generation);
  secrets.learn(Object.fromEntries(texts));
  const everOwned = [...(owned ? [owned] : []), generation.desired];
  await withDeadline(host, rollbackLimitMs, signal, "Finishing a commit", (limited) =>
    converge(appliance, generation.desired, everOwned, limited),
  );
  await finishCommit(appliance);
}

/** Makes a proven candidate the committed generation. May be repeated from anywhere: the next start does. */
async function finishCommit(appliance: Appliance, note?: string): Promise<void> {
  const { host, store, memory, progress, secrets } = appliance;
  const deployment = mustBeInFlight(progress.state());
  const { generation, secrets: texts } = await store.staged(deployment.generation);
  secrets.learn(Object.fromEntries(texts));
  await store.commit(deployment.generation);
  await appliance.layBootFiles(generation);
  await memory.remember((ledger) => {
    const before = ledger.committed;
    const at = before?.generation === generation.digest ? before.at : host.now();
    const next = { ...ledger, committed: { generation: generation.digest, commit: generation.commit, at } };
    if (deployment.purpose === "correct")
      return { ...next, lastDeployment: ended(host.now(), deployment, "committed") };
    return {
      ...withVerdict(next, generation.digest, deployment.id, "good", "Proven.", host.now()),
      lastDeployment: { ...ended(host.now(), deployment, "committed"), ...(note !== undefined && { reason: note }) },
    };
  });
  await progress.move({ type: "committed" });
  appliance.listener.event({ type: "deployment-ended", outcome: "committed" });
  await store.prune([generation.digest]).catch((thrown: unknown) => appliance.listener.complain(asProblem(thrown)));
}

/**
 * Brings the appliance back to the committed generation, needing neither network nor repository. Resolves also when that
 * failed: the state is still rolling-back then, and the loop tries again.
 */
export async function rollBack(appliance: Appliance, signal: AbortSignal): Promise<void> {
  const { host, progress, listener } = appliance;
  try {
    await withDeadline(host, rollbackLimitMs, signal, "Rolling back", (limited) => restore(appliance, limited));
  } catch (thrown) {
    signal.throwIfAborted();
    listener.complain(asProblem(thrown));
    await progress.move({ type: "rollback-failed" });
    return;
  }
  await conclude(appliance);
}

async function restore(appliance: Appliance, signal: AbortSignal): Promise<void> {
  const { host, store, secrets, reconcilers, progress } = appliance;
  const deployment = mustBeInFlight(progress.state());
  const committed = await store.committed();
  const { generation: candidate, before, secrets: texts } = await store.staged(deployment.generation);
  secrets.learn(Object.fromEntries(texts));
  if (committed) secrets.learn(Object.fromEntries(await store.secretsOf(committed.digest)));
  const desired = committed?.desired ?? before ?? emptyDesired;
  const owned = [...(committed ? [committed.desired] : []), candidate.desired];
  await letGo(reconcilers, host, deployment.planes, signal);
  await converge(appliance, desired, owned, signal);
  const left = leftover(reconcilers, await survey(reconcilers, host, desired, owned, signal));
  if (left) throw left;
  if (committed) await appliance.layBootFiles(committed);
}

/** The verdict is on disk before the state says that it is over. */
async function conclude({ host, memory, progress, listener }: Appliance): Promise<void> {
  const state = progress.state();
  if (state.at !== "rolling-back") return;
  const { deployment, failure } = state;
  try {
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

function mustBeInFlight(state: State): Deployment {
  const deployment = inFlight(state);
  if (!deployment) throw new Error(`No deployment is in flight while ${state.at}.`);
  return deployment;
}
