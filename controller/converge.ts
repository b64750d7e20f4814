/** The second part of a tick: towards what is wanted. */
import { desiredOf, type Generation } from "../reconcilers/generation.ts";
import { asProblem } from "../schemas/problem.ts";
import { deploy, type Intent } from "./deploy.ts";
import { askGate } from "./gate/ask.ts";
import { orderedBack } from "./going-back.ts";
import { takeBaseline, type Baseline } from "./health/baseline.ts";
import { startLookout } from "./lookout.ts";
import type { Deployment, Shut, Target } from "./machine.ts";
import { newestNow, overlaid, restate } from "./overlaid.ts";
import { begunIn } from "./overlay.ts";
import { leavingIncus, type Survey } from "./planes.ts";
import { noteSeen } from "./rollout/wait.ts";
import { withDeadline } from "./retry.ts";
import { surveyed, surveyLimitMs, type Turn } from "./turn.ts";
import { tryImage, type Between } from "./trial/begin.ts";
import { imagePhase, planOfTrial, type ImagePhase } from "./trial/phase.ts";
import { askedOf, heldBy } from "./verdicts.ts";
import { withoutWords } from "./words.ts";

/** Towards what an operator ordered, else towards what the newest commit asks for, or what stands above the repository. */
export async function converge(turn: Turn): Promise<void> {
  const { appliance, publish } = turn;
  const { progress } = appliance;
  const ordered = await orderedBack(appliance, turn.known().committed);
  const [first, second] = ordered ? [ordered] : await towards(turn);
  const known = turn.known();
  if (!first || (first.digest === known.committed?.digest && !phaseOf(turn, first))) {
    publish({ planned: undefined, guards: undefined, awaited: [] });
    if (first) {
      await noteSeen(turn, first);
      // Nothing is to be done for what it says: that was for others, and must not count for what comes after.
      await appliance.memory.remember(withoutWords);
    }
    if (known.wanted && "target" in progress.state()) await progress.move({ type: "nothing-to-do" });
    return;
  }
  const isOver = await goTo(turn, targetOf(first, ordered ? "roll-back" : "deploy"), first);
  if (!isOver && second) await goInstead(turn, targetOf(second, "deploy"), second);
  publish({ committed: await appliance.store.committed() });
  // What arrived meanwhile has waited long enough.
  if (turn.known().wanted?.commit !== known.wanted?.commit) turn.repository.hasten();
}

function targetOf(candidate: Generation, purpose: Target["purpose"]): Target {
  return { purpose, commit: candidate.commit, ...askedOf(candidate) };
}

/** What the repository asks for, and what is gone to while that is held or shut. What begins above it does so by itself. */
async function towards(turn: Turn): Promise<readonly Generation[]> {
  const here = await overlaid(turn);
  const { committed } = turn.known();
  const newest = newestNow(turn);
  const same = [newest, here].find((one) => one !== undefined && one.digest === committed?.digest);
  if (committed && same) await restate(turn, committed, same);
  if (!here || here === same || here.digest === newest?.digest) return newest ? [newest] : [];
  return begunIn(here, committed).length > 0 || !newest ? [here] : [newest, here];
}

/** False: it is held, or waits. */
async function goTo(turn: Turn, target: Target, candidate: Generation): Promise<boolean> {
  const { progress, memory } = turn.appliance;
  const held = target.purpose === "deploy" ? heldBy(memory.ledger(), target) : undefined;
  if (held) {
    await progress.move({ type: "must-hold", target, reason: held.reason });
    return false;
  }
  const state = progress.state();
  if (state.at !== "waiting" || JSON.stringify(state.target) !== JSON.stringify(target)) {
    await progress.move({ type: "wanted", target });
  }
  const plan = await passed(turn, target, candidate);
  if ("why" in plan) {
    await progress.move({ type: "must-wait", ...plan });
    return false;
  }
  await tryIt(turn, target, candidate, plan);
  return true;
}

/** What the newest one waits for stays what the status says, unless this one may go ahead. */
async function goInstead(turn: Turn, target: Target, candidate: Generation): Promise<void> {
  const { progress, memory } = turn.appliance;
  const held = heldBy(memory.ledger(), target);
  const { planned, overlaid: known } = turn.known();
  const plan = held
    ? { reason: held.reason, unblock: "`impctl retry --reason`." }
    : await passed(turn, target, candidate);
  if ("unblock" in plan) {
    if (known) turn.publish({ planned, overlaid: { ...known, shut: plan } });
    return;
  }
  if (known) turn.publish({ overlaid: { key: known.key, generation: candidate } });
  await progress.move({ type: "wanted", target });
  await tryIt(turn, target, candidate, plan);
}

/** What may be armed, and the gate to be asked once more right before; `between`: where an image is tried for it. */
interface Passed extends Pick<Intent, "plan" | "again"> {
  readonly between?: Between;
}

function phaseOf({ appliance, known }: Turn, candidate: Generation): ImagePhase | undefined {
  const { committed, environments } = known();
  return imagePhase(candidate, { committed, environments, environment: appliance.environment });
}

/** The plan, or why it must wait. */
async function passed(turn: Turn, { purpose }: Target, candidate: Generation): Promise<Passed | Shut> {
  const { committed, wanted } = turn.known();
  const phase = phaseOf(turn, candidate);
  let plan: Survey;
  try {
    plan = leavingIncus(
      await surveyed(turn.parts, candidate, committed, turn.signal),
      desiredOf(candidate),
      committed && desiredOf(committed),
    );
    if (phase) plan = planOfTrial(plan, phase);
  } catch (thrown) {
    return blocked(turn, thrown);
  }
  turn.publish({ planned: { plan, at: turn.parts.host.now() } });
  const policy = wanted?.generation?.policy ?? candidate.policy;
  const trial = phase && { ...phase, isThere: phase.there !== undefined };
  const { shut, again } = await askGate(turn, { purpose, policy, candidate, committed, plan, ...(trial && { trial }) });
  if (shut) return shut;
  const { there, from } = phase ?? {};
  return { plan, again, ...(there && from && { between: { there, from } }) };
}

async function tryIt(turn: Turn, target: Target, candidate: Generation, passed: Passed): Promise<void> {
  const { plan, again, between } = passed;
  const { parts, appliance, signal } = turn;
  const { committed, wellBefore } = turn.known();
  let baseline: Baseline;
  try {
    baseline = await withDeadline(parts.host, surveyLimitMs, signal, "Taking the baseline", (limited) =>
      takeBaseline(parts, candidate, limited),
    );
  } catch (thrown) {
    return appliance.progress.move({ type: "must-wait", ...blocked(turn, thrown) });
  }
  const lookout = (deployment: Deployment) => startLookout(turn, candidate, deployment);
  const intent = { target, candidate, committed, plan, baseline, lookout, again, ...(wellBefore && { wellBefore }) };
  if (between) return tryImage(turn, intent, between);
  await deploy(appliance, intent, signal);
}

function blocked({ appliance, signal }: Turn, thrown: unknown): Shut {
  signal.throwIfAborted();
  const problem = asProblem(thrown);
  appliance.listener.complain(problem);
  return {
    why: "blocked",
    reason: problem.message,
    unblock: problem.remedy ?? "It is planned again at the next poll.",
  };
}
