/** The second half of a tick: towards what the newest commit asks for, and back to what is committed when it drifted. */
import type { Generation } from "../reconcilers/generation.ts";
import { asProblem } from "../schemas/problem.ts";
import { canonicalJson } from "./canonical-json.ts";
import { deploy } from "./deploy.ts";
import { gate } from "./gate.ts";
import type { Probe } from "./health/judge.ts";
import { whyHeld, withCorrection } from "./ledger.ts";
import type { Target } from "./machine.ts";
import type { Survey } from "./planes.ts";
import { withDeadline } from "./retry.ts";
import { surveyed, surveyLimitMs, type Turn } from "./turn.ts";

/** Towards what the newest commit asks for. */
export async function converge(turn: Turn): Promise<void> {
  const { appliance, publish } = turn;
  const { progress, memory } = appliance;
  const known = turn.known();
  const candidate = known.wanted?.generation;
  if (!known.wanted || !candidate || candidate.digest === known.committed?.digest) {
    publish({ planned: undefined });
    if (known.wanted && "target" in progress.state()) await progress.move({ type: "nothing-to-do" });
    return;
  }
  const target: Target = { purpose: "deploy", commit: known.wanted.commit, generation: candidate.digest };
  const held = whyHeld(memory.ledger(), candidate.digest);
  if (held !== undefined) return progress.move({ type: "must-hold", target, reason: held });

  const state = progress.state();
  if (state.at !== "waiting" || JSON.stringify(state.target) !== JSON.stringify(target)) {
    await progress.move({ type: "wanted", target });
  }
  await planAndDeploy(turn, target, candidate);
  publish({ committed: await appliance.store.committed() });
}

async function planAndDeploy(turn: Turn, target: Target, candidate: Generation): Promise<void> {
  const { parts, appliance, signal, publish } = turn;
  const { host, settings, source } = parts;
  const { progress, memory, probe, listener } = appliance;
  const { committed, git } = turn.known();
  const wait = (why: "blocked" | "not-adopted", reason: string) => progress.move({ type: "must-wait", why, reason });
  let plan: Survey;
  let baseline: Probe;
  try {
    plan = await surveyed(parts, candidate, committed, signal);
    baseline = await withDeadline(host, surveyLimitMs, signal, "Taking the baseline", (limited) =>
      probe(candidate, limited),
    );
  } catch (thrown) {
    signal.throwIfAborted();
    listener.complain(asProblem(thrown));
    return wait("blocked", asProblem(thrown).message);
  }
  publish({ planned: { plan, at: host.now() } });
  const [problem] = plan.problems;
  if (problem) return wait("blocked", problem.message);
  if (!committed && plan.foreign > 0 && !memory.ledger().adopted) {
    return wait("not-adopted", `Nothing was ever committed here, and ${plan.foreign} objects are already there.`);
  }
  const { worstImpact } = plan;
  const { purpose } = target;
  const policy = candidate.policy;
  const shut = gate({ mode: settings.mode, policy, purpose, worstImpact, now: host.now() });
  if (shut) return progress.move({ type: "must-wait", ...shut });
  // A new connection: what was open before the change proves nothing.
  const reach = git.lastError ? undefined : (limited: AbortSignal) => source.head(limited);
  await deploy(appliance, { target, candidate, committed, plan, baseline, reach }, signal);
}

/** Measures drift from the committed generation, and brings it back. */
export async function correct(turn: Turn): Promise<void> {
  const { parts, appliance, signal, publish } = turn;
  const { host, settings } = parts;
  const { progress, memory } = appliance;
  const { committed, wanted } = turn.known();
  if (!committed || progress.state().at === "rolling-back") return publish({ drift: undefined, correction: undefined });
  const same = wanted?.generation?.digest === committed.digest ? wanted.generation : undefined;
  // The same question rendered anew by a newer agent is brought in like drift.
  const candidate = same && canonicalJson(same.desired) !== canonicalJson(committed.desired) ? same : committed;
  const plan = await surveyed(parts, candidate, committed, signal).catch((thrown: unknown) => {
    publish({ drift: undefined, correction: undefined }); // I14: what cannot be seen may be anything
    throw thrown;
  });
  publish({ drift: { plan, at: host.now() }, correction: undefined });
  if (plan.steps.length === 0 && candidate === committed) return keepBootFiles(turn, committed, plan);

  const policy = wanted?.generation?.policy ?? committed.policy;
  const { worstImpact } = plan;
  const shut = gate({ mode: settings.mode, policy, purpose: "correct", worstImpact, now: host.now() });
  const [problem] = plan.problems;
  if (shut ?? problem) return publish({ correction: shut?.reason ?? problem?.message });
  const allowed = withCorrection(memory.ledger(), host.bootId(), host.uptime());
  if (!allowed) return publish({ correction: "Drift was corrected three times within the hour already." });
  await memory.remember((ledger) => ({ ...ledger, corrections: allowed.corrections }));

  const target: Target = { purpose: "correct", commit: committed.commit, generation: committed.digest };
  await progress.move({ type: "wanted", target });
  const baseline = { results: new Map(), sessions: new Map(), silent: [] };
  await deploy(appliance, { target, candidate, committed, plan, baseline, reach: undefined }, signal);
  const after = await appliance.store.committed();
  publish({ committed: after, drift: undefined });
  if (after) publish({ drift: { plan: await surveyed(parts, after, after, signal), at: host.now() } });
}

/** I1: whatever happened while nobody watched, the box starts with what it committed. */
async function keepBootFiles({ parts, appliance }: Turn, committed: Generation, plan: Survey): Promise<void> {
  const { bootFiles, listener } = appliance;
  if (parts.settings.mode === "observe" || plan.problems.length > 0) return;
  try {
    if (!(await bootFiles.hold(committed))) await bootFiles.lay(committed, plan.before);
  } catch (thrown) {
    listener.complain(asProblem(thrown));
  }
}
