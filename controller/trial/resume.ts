/** A trial after a start of the agent: in the boot environment on trial it is applied and proven, else the box still leaves. */
import type { Generation } from "../../reconcilers/generation.ts";
import { unitsOf } from "../../reconcilers/system/plan.ts";
import { asProblem, Problem } from "../../schemas/problem.ts";
import type { Appliance } from "../appliance.ts";
import { mustBeInFlight } from "../bring.ts";
import { carryThrough, failureOf, type Intent } from "../deploy.ts";
import { noBaseline } from "../health/baseline.ts";
import { startLookout } from "../lookout.ts";
import type { Deployment } from "../machine.ts";
import { planesTouched, sparing, survey, type Survey } from "../planes.ts";
import { withDeadline } from "../retry.ts";
import { rollBack } from "../roll-back.ts";
import { surveyLimitMs, type Turn } from "../turn.ts";
import { countTrial, go } from "./go.ts";
import { mayHaveEntered, readKept } from "./kept.ts";
import { whereIs } from "./where.ts";

const pauseMs = 5000;

/** Goes on with it. Resolves once it is committed, or the box stayed where it was; rejects where the pool cannot be read. */
export async function resumeTrial(turn: Turn): Promise<void> {
  const { appliance, signal } = turn;
  const { host, progress } = appliance;
  const deployment = mustBeInFlight(progress.state());
  const standing = await whereIs(host, deployment, signal);
  if (standing === "in-trial") return proveThere(turn, deployment);
  try {
    const isLate = standing !== "leaving" || host.uptime() >= deployment.deadline;
    if (isLate)
      throw new Problem("BOOT_ENVIRONMENT", "The box did not leave for the boot environment on trial in time.");
    await go(appliance, deployment, signal);
  } catch (thrown) {
    signal.throwIfAborted();
    await giveUp(appliance, asProblem(thrown), "inconclusive", signal);
  }
}

async function giveUp(
  appliance: Appliance,
  { message }: Problem,
  verdict: "bad" | "inconclusive",
  signal: AbortSignal,
): Promise<void> {
  const { progress, listener, secrets } = appliance;
  const reason = secrets.mask(message);
  listener.complain(new Problem("BOOT_ENVIRONMENT", reason));
  await progress.move({ type: "failed", failure: { trigger: "apply", reason, verdict } });
  await rollBack(appliance, signal);
}

/** Applies and proves in the boot environment on trial; what fails there ends with a reset (roll-back.ts). */
async function proveThere(turn: Turn, armed: Deployment): Promise<void> {
  const { appliance, parts, signal } = turn;
  const { host, progress, store, secrets, state } = appliance;
  const deadline = armed.deadlineMs ?? 0;
  let intent: Intent;
  let deployment: Deployment;
  try {
    // Whoever else rebooted the box may have entered what was loaded.
    if (!(await mayHaveEntered(host, state, armed.id))) await countTrial(appliance, armed);
    const { generation: candidate, secrets: texts } = await store.staged(armed.generation);
    secrets.learn(Object.fromEntries(texts));
    const committed = armed.from === undefined ? undefined : await store.kept(armed.from);
    if (committed) secrets.learn(Object.fromEntries(await store.secretsOf(committed.digest)));
    const plan = await whenUp(turn, candidate, committed, deadline - (armed.soakMs ?? 0));
    const where = {
      host,
      remotes: parts.settings.repository.remotes,
      source: parts.source,
      anchors: candidate.policy.anchors,
    };
    const kept = await readKept(state, armed, where, signal);
    const { purpose, commit, generation, below } = armed;
    const target = { purpose, commit, generation, ...(below !== undefined && { below }) };
    intent = {
      target,
      candidate,
      committed,
      plan: { ...plan, worstImpact: "reboot" },
      baseline: kept?.baseline ?? noBaseline,
      ...(kept && { touched: kept.touched }),
      ...(kept?.wellBefore && { wellBefore: kept.wellBefore }),
      lookout: (one) => startLookout(turn, candidate, one),
      again: () => undefined,
    };
    const { environment } = appliance;
    deployment = { ...armed, environment, boot: host.bootId(), deadline, ...touchedBy(plan) };
  } catch (thrown) {
    signal.throwIfAborted();
    const { verdict } = failureOf(asProblem(thrown), host.uptime() >= deadline);
    return giveUp(appliance, asProblem(thrown), verdict, signal);
  }
  await progress.move({ type: "entered", deployment });
  await carryThrough(appliance, intent, deployment, signal);
}

function touchedBy(plan: Survey): Pick<Deployment, "planes" | "units" | "steps" | "stepsDone"> {
  const { steps } = plan;
  return { planes: planesTouched(plan), units: unitsOf(plan.plans.system.steps), steps: steps.length, stepsDone: 0 };
}

/** The plan there, once all that boots beside the agent is up, or nothing better comes of waiting. */
async function whenUp(
  { appliance, signal }: Turn,
  candidate: Generation,
  committed: Generation | undefined,
  until: number,
): Promise<Survey> {
  const { host, reconcilers, listener, failsafe } = appliance;
  const owned = [...(committed ? [committed.desired] : []), candidate.desired];
  for (;;) {
    listener.event({ type: "alive", withinMs: 2 * surveyLimitMs });
    let found: Survey | Problem;
    try {
      found = await withDeadline(host, surveyLimitMs, signal, "Observing", (limited) =>
        survey(reconcilers, host, sparing(candidate.desired), owned, limited),
      );
    } catch (thrown) {
      signal.throwIfAborted();
      found = asProblem(thrown);
    }
    const problem = found instanceof Problem ? found : (found.problems[0] ?? (await failsafe.check(signal)));
    if (!(found instanceof Problem) && !problem) return found;
    if (host.uptime() >= until) {
      if (found instanceof Problem) throw found;
      return found;
    }
    await host.sleep(pauseMs, signal);
  }
}
