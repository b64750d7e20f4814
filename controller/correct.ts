/** The third part of a tick: back to what is committed when the appliance drifted from it. */
import type { Generation } from "../reconcilers/generation.ts";
import { asProblem } from "../schemas/problem.ts";
import { canonicalJson } from "./canonical-json.ts";
import { deploy } from "./deploy.ts";
import { askGate } from "./gate/ask.ts";
import { withCorrection } from "./ledger.ts";
import type { Shut, Target } from "./machine.ts";
import type { Survey } from "./planes.ts";
import { surveyed, type Turn } from "./turn.ts";

/** Measures drift from the committed generation, and brings it back. */
export async function correct(turn: Turn): Promise<void> {
  const { parts, appliance, signal, publish } = turn;
  const { host } = parts;
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
  const shut = await askGate(turn, { purpose: "correct", policy, candidate, committed, plan });
  if (shut) return publish({ correction: shut });
  const allowed = withCorrection(memory.ledger(), host.bootId(), host.uptime());
  if (!allowed) return publish({ correction: tooMany });
  await memory.remember((ledger) => ({ ...ledger, corrections: allowed.corrections }));

  const target: Target = { purpose: "correct", commit: committed.commit, generation: committed.digest };
  await progress.move({ type: "wanted", target });
  const baseline = { results: new Map(), sessions: new Map(), silent: [] };
  await deploy(appliance, { target, candidate, committed, plan, baseline, reach: undefined }, signal);
  const after = await appliance.store.committed();
  publish({ committed: after, drift: undefined });
  if (after) publish({ drift: { plan: await surveyed(parts, after, after, signal), at: host.now() } });
}

const tooMany: Shut = {
  why: "limit",
  reason: "Drift was corrected three times within the hour already.",
  unblock: "Find out who changes it meanwhile: `impctl plan`. It is corrected again within the hour.",
};

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
