/** The second part of a tick: towards what is wanted. */
import type { Generation } from "../reconcilers/generation.ts";
import { asProblem, type Problem } from "../schemas/problem.ts";
import { deploy } from "./deploy.ts";
import { askGate } from "./gate/ask.ts";
import { orderedBack } from "./going-back.ts";
import { takeBaseline, type Baseline } from "./health/baseline.ts";
import { whyHeld } from "./ledger.ts";
import { startLookout } from "./lookout.ts";
import type { Deployment, Target } from "./machine.ts";
import type { Survey } from "./planes.ts";
import { noteSeen } from "./rollout/wait.ts";
import { withDeadline } from "./retry.ts";
import { surveyed, surveyLimitMs, type Turn } from "./turn.ts";
import { withoutWords } from "./words.ts";

/** Towards what an operator ordered, else towards what the newest commit asks for. */
export async function converge(turn: Turn): Promise<void> {
  const { appliance, publish } = turn;
  const { progress, memory } = appliance;
  const known = turn.known();
  const ordered = await orderedBack(appliance, known.committed);
  const candidate = ordered ?? known.wanted?.generation;
  const commit = ordered?.commit ?? known.wanted?.commit;
  if (commit === undefined || !candidate || candidate.digest === known.committed?.digest) {
    publish({ planned: undefined, guards: undefined, awaited: [] });
    if (candidate) {
      await noteSeen(turn, candidate);
      // Nothing is to be done for what it says: that was for others, and must not count for what comes after.
      await memory.remember(withoutWords);
    }
    if (known.wanted && "target" in progress.state()) await progress.move({ type: "nothing-to-do" });
    return;
  }
  const target: Target = { purpose: ordered ? "roll-back" : "deploy", commit, generation: candidate.digest };
  const held = ordered ? undefined : whyHeld(memory.ledger(), candidate.digest);
  if (held !== undefined) return progress.move({ type: "must-hold", target, reason: held });

  const state = progress.state();
  if (state.at !== "waiting" || JSON.stringify(state.target) !== JSON.stringify(target)) {
    await progress.move({ type: "wanted", target });
  }
  await planAndDeploy(turn, target, candidate);
  publish({ committed: await appliance.store.committed() });
  // What arrived meanwhile has waited long enough.
  if (turn.known().wanted?.commit !== known.wanted?.commit) turn.repository.hasten();
}

async function planAndDeploy(turn: Turn, target: Target, candidate: Generation): Promise<void> {
  const { parts, appliance, signal, publish } = turn;
  const { host } = parts;
  const { progress, listener } = appliance;
  const { committed } = turn.known();
  const blocked = (problem: Problem) =>
    progress.move({
      type: "must-wait",
      why: "blocked",
      reason: problem.message,
      unblock: problem.remedy ?? "It is planned again at the next poll.",
    });
  let plan: Survey;
  try {
    plan = await surveyed(parts, candidate, committed, signal);
  } catch (thrown) {
    signal.throwIfAborted();
    listener.complain(asProblem(thrown));
    return blocked(asProblem(thrown));
  }
  publish({ planned: { plan, at: host.now() } });
  const policy = turn.known().wanted?.generation?.policy ?? candidate.policy;
  const { shut, again } = await askGate(turn, { purpose: target.purpose, policy, candidate, committed, plan });
  if (shut) return progress.move({ type: "must-wait", ...shut });
  let baseline: Baseline;
  try {
    baseline = await withDeadline(host, surveyLimitMs, signal, "Taking the baseline", (limited) =>
      takeBaseline(parts, candidate, limited),
    );
  } catch (thrown) {
    signal.throwIfAborted();
    listener.complain(asProblem(thrown));
    return blocked(asProblem(thrown));
  }
  const lookout = (deployment: Deployment) => startLookout(turn, candidate, deployment);
  const { wellBefore } = turn.known();
  const intent = { target, candidate, committed, plan, baseline, lookout, again, ...(wellBefore && { wellBefore }) };
  await deploy(appliance, intent, signal);
}
