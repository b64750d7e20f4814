/**
 * Going back to the committed generation: the same engine with another target. Needs neither network nor repository. What
 * planning cannot bring back is restored from files, plane by plane (rungs.ts); what even that cannot is left as it forwards.
 */
import type { PlaneName } from "../reconcilers/core.ts";
import { type Desired, desiredOf, type Generation } from "../reconcilers/generation.ts";
import { unitLimitMs } from "../reconcilers/system/apply.ts";
import { asProblem, Problem } from "../schemas/problem.ts";
import type { Appliance } from "./appliance.ts";
import { asksIncus, bringTo, mustBeInFlight, readBack } from "./bring.ts";
import { ended } from "./deployment-status.ts";
import { orderKey, whenUndone } from "./going-back.ts";
import type { Deployment } from "./machine.ts";
import { emptyDesired, letGo, planeNames, type Reconcilers, untried } from "./planes.ts";
import { retryTransient, withDeadline } from "./retry.ts";
import { climb, isOfIncus, nextRung, sayGoingBack } from "./rungs.ts";
import { tidy } from "./start.ts";
import type { Staged } from "./store.ts";
import { clearUp, leaveTrial } from "./trial/back.ts";
import { blamed, heldBy, withVerdict } from "./verdicts.ts";

/** Limit for one attempt to bring back by plan, with a restart of each unit that was touched; the next one begins afresh. */
export function attemptLimitMs({ units = [] }: Pick<Deployment, "units">): number {
  return 50_000 + unitLimitMs * units.length;
}

/** How long the failsafe leaves the agent alone after it said that it goes back by itself: longer than an attempt. */
export function goingBackMs(deployment: Pick<Deployment, "units">): number {
  return attemptLimitMs(deployment) + 10_000;
}

/** Limit for one attempt to bring Incus back, which may have to stop instances and make others anew. */
const incusLimitMs = 300_000;
const planesThatForward = planeNames.filter((plane) => plane !== "incus");

const pauseMs = 5000;

/**
 * Brings the appliance back to the committed generation, or strands it as it forwards. Resolves also when it is back but
 * that cannot be written down: the state is still rolling-back then, and the loop tries again.
 */
export async function rollBack(appliance: Appliance, signal: AbortSignal): Promise<void> {
  const { host, progress, listener } = appliance;
  for (;;) {
    const deployment = mustBeInFlight(progress.state());
    listener.event({ type: "alive", withinMs: 2 * goingBackMs(deployment) });
    try {
      if ((await leaveTrial(appliance, deployment, signal)) === "gone") break;
      const to = await withDeadline(host, attemptLimitMs(deployment), signal, "Rolling back", (limited) =>
        attempt(appliance, limited),
      );
      if (asksIncus(deployment)) await incusBack(appliance, to, signal);
      break;
    } catch (thrown) {
      signal.throwIfAborted();
      listener.complain(asProblem(thrown));
      await progress.move({ type: "rollback-failed" });
      // All else is back, and what a correction leaves undone there is drift, as it was before.
      if (deployment.purpose === "correct" && isOfIncus(asProblem(thrown))) break;
      if (!(await goFurther(appliance, asProblem(thrown), signal))) return;
    }
  }
  await conclude(appliance, signal);
}

/** What is done before the next attempt; false: there will be none. */
async function goFurther(appliance: Appliance, failure: Problem, signal: AbortSignal): Promise<boolean> {
  const { host, progress } = appliance;
  const state = progress.state();
  if (state.at !== "rolling-back") return false;
  const attempts = state.rungs.length === 0 || state.rungs.at(-1) === "reboot" ? 2 : 1;
  if (state.failures < attempts) {
    await host.sleep(pauseMs, signal);
    return true;
  }
  const rung = await nextRung(appliance, failure, signal);
  if ("why" in rung) return abandon(appliance, `${failure.message} ${rung.why}`);
  try {
    await progress.move({ type: "rung-started", rung: rung.next, boot: host.bootId() });
  } catch (thrown) {
    return abandon(appliance, `${failure.message} ${asProblem(thrown).message}`);
  }
  await climb(appliance, rung.next, signal);
  return true;
}

async function abandon({ progress, failsafe, listener, secrets, memory }: Appliance, reason: string): Promise<false> {
  const { order } = memory.ledger();
  // Whoever watches must leave the box alone too.
  await failsafe.disarm().catch((thrown: unknown) => listener.complain(asProblem(thrown)));
  await progress.move({ type: "abandoned", reason: secrets.mask(reason), ...(order && { spent: orderKey(order) }) });
  return false;
}

/** Brings back all that forwards, and tells to what. */
async function attempt(appliance: Appliance, signal: AbortSignal): Promise<Destination> {
  const { host, reconcilers, progress, listener, store } = appliance;
  const deployment = mustBeInFlight(progress.state());
  const committed = await store.committed();
  await sayGoingBack(appliance, goingBackMs(deployment)).catch((thrown: unknown) =>
    listener.complain(asProblem(thrown)),
  );
  const to = await whereTo(appliance, committed);
  await retryTransient(host, { retries: 3, pauseMs: 2000, signal }, () =>
    letGo(reconcilers, host, deployment.planes, signal),
  );
  await bringBack(appliance, to, signal, planesThatForward);
  return to;
}

/** Then Incus, which may take its time, or not answer at all. Rejects with a Problem of Incus. */
async function incusBack(appliance: Appliance, to: Destination, signal: AbortSignal): Promise<void> {
  const { host, listener } = appliance;
  listener.event({ type: "alive", withinMs: 2 * incusLimitMs });
  await sayGoingBack(appliance, incusLimitMs + 10_000).catch((thrown: unknown) => listener.complain(asProblem(thrown)));
  try {
    await withDeadline(host, incusLimitMs, signal, "Bringing Incus back", (limited) =>
      bringBack(appliance, to, limited, ["incus"]),
    );
  } catch (thrown) {
    signal.throwIfAborted();
    const problem = asProblem(thrown);
    if (isOfIncus(problem)) throw problem;
    const { message, remedy = "See `incus list` and `incus operation list`.", transient } = problem;
    throw new Problem("INCUS_REFUSED", message, { remedy, transient, cause: problem });
  }
}

async function bringBack(
  appliance: Appliance,
  { desired, owned }: Destination,
  signal: AbortSignal,
  only: readonly PlaneName[],
): Promise<void> {
  const proven = { ...appliance, reconcilers: untried(appliance.reconcilers) };
  await bringTo(proven, desired, owned, signal, { only });
  await readBack(proven, desired, owned, signal, only);
}

interface Destination {
  readonly desired: Desired;
  readonly owned: readonly Desired[];
}

/** What to go back to, and what may be removed on the way. The secrets of both are known then. */
async function whereTo(
  { store, secrets, progress, listener, reconcilers }: Appliance,
  linked: Generation | undefined,
): Promise<Destination> {
  const { from, generation } = mustBeInFlight(progress.state());
  const committed = linked ?? (from === undefined ? undefined : await store.kept(from));
  const staged = await store.staged(generation).catch((thrown: unknown) => {
    if (!committed) throw thrown;
    listener.complain(withoutCandidate("Rolling back", asProblem(thrown)));
    return undefined;
  });
  if (staged) secrets.learn(Object.fromEntries(staged.secrets));
  if (committed) secrets.learn(Object.fromEntries(await store.secretsOf(committed.digest)));
  const owned = [committed, staged?.generation].flatMap((one) => (one ? [desiredOf(one)] : []));
  if (!committed) return { desired: staged?.before ?? emptyDesired, owned };
  return { desired: wayBack(reconcilers, desiredOf(committed), staged), owned };
}

/** What is committed, and what the candidate had taken over as it was before. */
function wayBack(reconcilers: Reconcilers, committed: Desired, staged: Staged | undefined): Desired {
  if (!staged?.before) return committed;
  const { before, generation } = staged;
  const { system, vpp, incus } = reconcilers;
  return {
    ...committed,
    system: system.goingBack?.(committed.system, generation.desired.system, before.system) ?? committed.system,
    vpp: vpp.goingBack?.(committed.vpp, generation.desired.vpp, before.vpp) ?? committed.vpp,
    incus: incus.goingBack?.(committed.incus, generation.desired.incus, before.incus) ?? committed.incus,
  };
}

/** The committed generation is whole, so that what it needs can be brought back; only what is too much is not known. */
export function withoutCandidate(what: string, problem: Problem): Problem {
  return new Problem("JOURNAL", `${what} without the candidate: ${problem.message}`, {
    remedy: "What is too much is left alone and listed as foreign: remove it by hand where it stayed.",
    cause: problem,
  });
}

/** The verdict is on disk before the state says that it is over; and nothing is armed any more then. */
async function conclude(appliance: Appliance, signal: AbortSignal): Promise<void> {
  const { host, memory, progress, listener, failsafe } = appliance;
  const state = progress.state();
  if (state.at !== "rolling-back") return;
  const { deployment, failure } = state;
  try {
    await failsafe.disarm();
    await memory.remember((ledger) => {
      const { verdict, reason, trigger } = failure;
      const lastDeployment = ended(host.now(), deployment, "rolled-back", failure);
      const next = { ...whenUndone(ledger, deployment, failure), lastDeployment };
      // What gave way to something newer was not tried to its end.
      const gaveWay = trigger === "pre-empted" || (deployment.purpose === "roll-back" && trigger === "operator");
      if (deployment.purpose === "correct" || gaveWay) return next;
      const commit = blamed(deployment, ledger.committed);
      return withVerdict(next, deployment.generation, deployment.id, verdict, reason, host.now(), commit);
    });
  } catch (thrown) {
    listener.complain(asProblem(thrown));
    return;
  }
  const hold = deployment.purpose === "deploy" && heldBy(memory.ledger(), deployment) !== undefined;
  await clearUp(appliance, deployment, "back", signal);
  await progress.move({ type: "rolled-back", hold });
  await tidy(appliance);
  listener.event({
    type: "deployment-ended",
    outcome: "rolled-back",
    trigger: failure.trigger,
    planes: deployment.planes,
    ...(deployment.trial && { isTrial: true }),
  });
}
