/**
 * One deployment: arm → apply → verify → prove → commit (commit.ts), or roll back (roll-back.ts). Rolling back is the same
 * engine with another target: observe what is there, plan, apply, and plan again, which must be empty.
 */
import { desiredOf, type Generation } from "../reconcilers/generation.ts";
import { filtersActAfterMs } from "../reconcilers/frr/effect.ts";
import { unitsOf } from "../reconcilers/system/plan.ts";
import { asProblem, type Problem, type ProblemCode } from "../schemas/problem.ts";
import type { Appliance } from "./appliance.ts";
import { bringTo, readBack } from "./bring.ts";
import { finishCommit } from "./commit.ts";
import type { Baseline } from "./health/baseline.ts";
import { givenUp, orderKey } from "./going-back.ts";
import type { Touched } from "./health/judge.ts";
import type { Proof } from "./health/prove.ts";
import type { Ledger } from "./ledger.ts";
import type { Lookout } from "./lookout.ts";
import type { Deployment, Failure, Shut, Target } from "./machine.ts";
import { planesTouched, type Survey } from "./planes.ts";
import { proveDeployment } from "./proof.ts";
import { withDeadline } from "./retry.ts";
import { goingBackMs, rollBack } from "./roll-back.ts";
import { checkStill } from "./still.ts";
import { timing } from "./timing.ts";

/** Everything that a deployment needs to know before it is armed. */
export interface Intent {
  readonly target: Target;
  readonly candidate: Generation;
  readonly committed: Generation | undefined;
  /** What it would do. */
  readonly plan: Survey;
  /** What the gate says by now: asked when nothing else is left to do before arming. */
  readonly again: () => Shut | undefined;
  /** Watches for what ends the proving from outside; undefined: nothing does. */
  readonly lookout?: (deployment: Deployment) => Lookout;
  /** How things were, to compare with. */
  readonly baseline: Baseline;
  /** Subjects of the checks that were green before the commit came; undefined where nobody looked. */
  readonly wellBefore?: readonly string[];
  /** What the change touches of what others depend on, where the plan alone does not say. */
  readonly touched?: Touched;
}

/** Failures that are the candidate's own: it is never tried here again. All others may be anybody's. */
const candidatesFault: readonly ProblemCode[] = [
  "FRR_REJECTED",
  "READ_BACK",
  "HEALTH",
  "FRR_FOREIGN",
  "FRR_VERSION",
  "SYSTEM_UNIT",
  "UNMET",
  "VPP_REFUSED",
  "VPP_MESSAGE",
  "VPP_FOREIGN",
  "VPP_INTERFACE",
  "INCUS_FOREIGN",
  "INCUS_VERSION",
];

/** How long after its deadline a deployment may take to notice, before it is left behind. */
const windUpMs = 10_000;

/**
 * Runs a deployment to its end, or waits where the gate shut meanwhile. Rejects when `signal` aborts (the next start ends it)
 * or when it cannot be armed.
 */
export async function deploy(appliance: Appliance, intent: Intent, signal: AbortSignal): Promise<void> {
  await using _ = await appliance.hold();
  await checkStill(appliance, intent.plan, signal);
  const deployment = await arm(appliance, intent);
  if (deployment) await carryThrough(appliance, intent, deployment, signal);
}

/** From armed to its end. Rejects when `signal` aborts. */
export async function carryThrough(
  appliance: Appliance,
  intent: Intent,
  deployment: Deployment,
  signal: AbortSignal,
): Promise<void> {
  const { failure, timeline, seen } = await attempt(appliance, intent, deployment, signal);
  appliance.witness.proved(timeline);
  const { order } = appliance.memory.ledger();
  if (failure) {
    // It may quote a daemon, and stands in the journal.
    const reason = appliance.secrets.mask(failure.reason);
    const isOrdered = failure.trigger === "pre-empted" && order !== undefined;
    await appliance.progress.move({ type: "failed", failure: isOrdered ? givenUp(order) : { ...failure, reason } });
    await rollBack(appliance, signal);
    return;
  }
  await finishCommit(appliance, intent.candidate, seen, signal);
}

/** Puts on disk all that going forward and back needs. */
export async function stageCandidate(
  { store, secrets }: Appliance,
  { candidate, committed, plan }: Intent,
): Promise<void> {
  const kept = secrets.collect(JSON.stringify([candidate, committed, plan.before]));
  await store.stage({
    generation: { ...candidate, shown: plan.shown },
    secrets: new Map(Object.entries(kept)),
    before: plan.before,
    owned: committed && desiredOf(committed),
  });
}

/** Nothing that traffic or the next boot can see changes before this resolves. */
async function arm(appliance: Appliance, intent: Intent): Promise<Deployment | undefined> {
  const { host, environment, memory, progress, witness } = appliance;
  const { candidate, committed, plan, target } = intent;
  await progress.move({ type: "staging" });
  await stageCandidate(appliance, intent);
  const shut = intent.again();
  if (shut) {
    await progress.move({ type: "must-wait", ...shut });
    return undefined;
  }
  const effectMs = filtersActAfterMs(plan.plans.frr.steps, candidate.desired.frr.config);
  const { soakMs, deadlineMs } = timing(candidate.policy, plan.worstImpact, effectMs);
  const { order } = memory.ledger();
  const deployment: Deployment = {
    ...target,
    id: `${host.now()}-${target.generation.slice(0, 12)}`,
    environment,
    from: committed?.digest,
    startedAt: host.now(),
    boot: host.bootId(),
    deadline: host.uptime() + deadlineMs,
    deadlineMs,
    // What was proven here before is looked at once more, and not watched.
    soakMs: isKnownGood(memory.ledger(), target) ? 0 : soakMs,
    planes: planesTouched(plan),
    units: unitsOf(plan.plans.system.steps),
    steps: plan.steps.length,
    stepsDone: 0,
    worstImpact: plan.worstImpact,
    ...(order && target.purpose === "roll-back" && { ordered: orderKey(order) }),
  };
  witness.armed(plan);
  await progress.move({ type: "armed", deployment });
  return deployment;
}

function isKnownGood({ verdicts }: Ledger, { purpose, generation }: Target): boolean {
  return purpose === "roll-back" || verdicts[generation]?.verdict === "good";
}

interface Attempt extends Proof {
  /** The planes when they were seen last: with nothing left to do, what they are to start with once this is committed. */
  readonly seen: Survey;
}

/** From armed to proven; or why not. */
async function attempt(
  appliance: Appliance,
  intent: Intent,
  deployment: Deployment,
  signal: AbortSignal,
): Promise<Attempt> {
  const { host, progress, failsafe } = appliance;
  let seen = intent.plan;
  try {
    // In a trial the way back is a reset, and the files of what is committed elsewhere are not to be laid down here.
    await failsafe.arm(deployment.trial ? { ...deployment, from: undefined } : deployment, intent.baseline);
    // Only now can it be told whether it takes this record: nothing was changed yet.
    const refusal = await failsafe.check(signal);
    if (refusal) throw refusal;
    return await spokenForAtTheDeadline(appliance, deployment, signal, async (bounded) => {
      seen = await withDeadline(host, deployment.deadline - host.uptime(), bounded, "Applying", (limited) =>
        applyAndVerify(appliance, intent, limited),
      );
      await progress.move({ type: "verified" });
      const proof = await proveDeployment(appliance, intent, deployment, seen, bounded);
      if (!proof.failure && deployment.trial?.isDrill === true) return { ...proof, seen, failure: drillEnds };
      if (!proof.failure) await proven(appliance, deployment, proof);
      return { ...proof, seen };
    });
  } catch (thrown) {
    signal.throwIfAborted();
    const failure = failureOf(asProblem(thrown), host.uptime() >= deployment.deadline);
    return { failure, notes: [], timeline: [], seen };
  }
}

/** Nothing is committed by a drill that went well: it is left as one that did not. */
const drillEnds: Failure = {
  trigger: "drill",
  reason: "What runs was booted for a trial, came up, and was proven; a reset came back from it.",
  verdict: "inconclusive",
};

/** Why applying failed, and whether that is the candidate's own fault. */
export function failureOf({ code, message, transient }: Problem, isLate: boolean): Failure {
  const trigger = isLate ? "deadline" : code === "READ_BACK" ? "read-back" : "apply";
  // A server of images that is down is refused by Incus too, and passes.
  const isItsFault = candidatesFault.includes(code) || (code === "INCUS_REFUSED" && !transient);
  return { trigger, reason: message, verdict: isItsFault ? "bad" : "inconclusive" };
}

/** What was seen is on disk before the state says that it is proven: whoever finishes the commit goes by it. */
async function proven({ memory, progress }: Appliance, { id }: Deployment, { green, notes }: Proof): Promise<void> {
  const seen = { deployment: id, ...(green && { green }), ...(notes.length > 0 && { note: notes.join(" ") }) };
  if (green || notes.length > 0) await memory.remember((ledger) => ({ ...ledger, proven: seen }));
  await progress.move({ type: "proven" });
}

/**
 * Does `work` until shortly after the deadline at the latest. What was begun may end a little later than the failsafe
 * would wait: an agent that lives tells it at the deadline that it goes back by itself.
 */
async function spokenForAtTheDeadline<T>(
  { host, failsafe, store, listener }: Appliance,
  deployment: Deployment,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const left = deployment.deadline - host.uptime();
  const speak = async (): Promise<void> => {
    try {
      await host.sleep(left, AbortSignal.any([signal, over.signal]));
      await failsafe.goingBack(deployment, (await store.committed())?.digest, goingBackMs(deployment));
    } catch (thrown) {
      if (!over.signal.aborted && !signal.aborted) listener.complain(asProblem(thrown));
    }
  };
  const speaking = speak();
  try {
    return await withDeadline(host, left + windUpMs, signal, "The deployment", work);
  } finally {
    over.abort();
    await speaking;
  }
}

async function applyAndVerify(appliance: Appliance, intent: Intent, signal: AbortSignal): Promise<Survey> {
  const desired = desiredOf(intent.candidate);
  const owned = intent.committed ? [desiredOf(intent.committed)] : [];
  await bringTo(appliance, desired, owned, signal, { planned: intent.plan });
  await appliance.progress.move({ type: "applied" });
  return readBack(appliance, desired, owned, signal);
}
