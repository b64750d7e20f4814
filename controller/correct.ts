/** The third part of a tick: back to what is committed when the appliance drifted from it and nobody wants it so. */
import { desiredOf, type Generation } from "../reconcilers/generation.ts";
import { asProblem } from "../schemas/problem.ts";
import { glassOf, watchHands } from "./break-glass.ts";
import { canonicalJson } from "./canonical-json.ts";
import { deploy } from "./deploy.ts";
import { isDiscarded, measureDrift, toCorrect, withDrift, type Drift } from "./drift.ts";
import { askGate } from "./gate/ask.ts";
import { noBaseline } from "./health/baseline.ts";
import { withCorrection } from "./ledger.ts";
import type { Shut, Target } from "./machine.ts";
import { leavingIncus, limitedTo, whereSaid, type Survey } from "./planes.ts";
import { isOfIncus } from "./rungs.ts";
import { surveyed, type Turn } from "./turn.ts";

/** Measures drift from the committed generation, and brings back what nobody decided to leave. */
export async function correct(turn: Turn): Promise<void> {
  const { appliance, publish } = turn;
  const { committed } = turn.known();
  if (!committed || appliance.progress.state().at === "rolling-back") {
    return publish({ drift: undefined, correction: undefined });
  }
  const drift = await measured(turn, committed);
  const glass = glassOf(appliance.memory.ledger(), appliance.host);
  if (glass) return publish({ correction: await watchHands(turn, drift, glass) });
  if (drift.plan.steps.length > 0) {
    const planes = toCorrect(drift);
    if (planes.length > 0) return bringBack(turn, committed, committed, limitedTo(drift.plan, planes), drift);
    await keepWhatIsMissing(turn, committed);
    return publish({ correction: byHand(drift) });
  }
  const renewed = renderedAnew(turn, committed);
  if (!renewed) return keepBootFiles(turn, committed, drift.plan);
  const plan = await surveyed(turn.parts, renewed, committed, turn.signal);
  await bringBack(turn, renewed, committed, leavingIncus(plan, desiredOf(renewed), desiredOf(committed)), drift);
}

/** Looks, remembers what ran without drift, and shows it. */
async function measured({ parts, appliance, signal, known, publish }: Turn, committed: Generation): Promise<Drift> {
  const { memory } = appliance;
  const policy = known().wanted?.generation?.policy ?? committed.policy;
  const drift = await measureDrift(parts, committed, policy, memory.ledger(), signal).catch((thrown: unknown) => {
    publish({ drift: undefined, correction: undefined }); // I14: what cannot be seen may be anything
    throw thrown;
  });
  await memory.remember((ledger) => withDrift(ledger, drift));
  publish({ drift, correction: undefined });
  return drift;
}

/**
 * The committed generation as a newer agent renders it, which is brought in like drift. A plane that is new to the box is
 * not: it comes with the next commit that asks for something else, through the gate.
 */
function renderedAnew({ known }: Turn, committed: Generation): Generation | undefined {
  const { generation } = known().wanted ?? {};
  if (generation?.digest !== committed.digest) return undefined;
  const desired = whereSaid(committed.desired, generation.desired, committed.desired);
  return canonicalJson(desired) === canonicalJson(committed.desired) ? undefined : { ...generation, desired };
}

async function bringBack(
  turn: Turn,
  candidate: Generation,
  committed: Generation,
  plan: Survey,
  drift: Drift,
): Promise<void> {
  const { parts, appliance, signal, known, publish } = turn;
  const { host } = parts;
  const { progress, memory } = appliance;
  const policy = known().wanted?.generation?.policy ?? committed.policy;
  const { shut, again } = await askGate(turn, { purpose: "correct", policy, candidate, committed, plan });
  if (shut) return publish({ correction: shut });
  const ledger = memory.ledger();
  if (!isDiscarded(drift, ledger)) {
    const allowed = withCorrection(ledger, host.bootId(), host.uptime());
    if (!allowed) return publish({ correction: tooMany });
    await memory.remember((now) => ({ ...now, corrections: allowed.corrections }));
  }
  const target: Target = { purpose: "correct", commit: committed.commit, generation: committed.digest };
  await progress.move({ type: "wanted", target });
  await deploy(appliance, { target, candidate, committed, plan, baseline: noBaseline, again }, signal);
  const after = await appliance.store.committed();
  publish({ committed: after, drift: undefined });
  if (after) await measured(turn, after);
}

function byHand({ planes }: Drift): Shut {
  const told = Object.entries(planes).map(([plane, { fate, steps }]) => {
    const more = steps.length > 1 ? ` and ${steps.length - 1} more` : "";
    return `${plane} (${fate === "accepted" ? "accepted" : "nobody decided about it"}; back would be: ${steps[0]}${more})`;
  });
  return {
    why: "drift",
    reason: `Somebody changed what is live: ${told.join(", ")}.`,
    unblock: "Bring it into the repository (see `impctl drift show`), or `impctl drift discard --reason`.",
  };
}

const tooMany: Shut = {
  why: "limit",
  reason: "Drift was corrected three times within the hour already.",
  unblock: "Find out who changes it meanwhile: `impctl plan`. It is corrected again within the hour.",
};

/** While something else is live, what is lost of the kept files is made again from what is desired alone. */
async function keepWhatIsMissing({ appliance }: Turn, committed: Generation): Promise<void> {
  const { host, bootFiles, listener } = appliance;
  try {
    const sources = (await bootFiles.restoring(committed.digest)).flatMap(({ files }) => files);
    for (const { source } of sources) {
      if (await host.readFile(source)) continue;
      return await bootFiles.keep(committed, desiredOf(committed));
    }
  } catch (thrown) {
    listener.complain(asProblem(thrown));
  }
}

/** I1: whatever happened while nobody watched, the box starts with what it committed. */
async function keepBootFiles({ parts, appliance }: Turn, committed: Generation, plan: Survey): Promise<void> {
  const { bootFiles, listener } = appliance;
  if (parts.settings.mode === "observe" || plan.problems.some((problem) => !isOfIncus(problem))) return;
  try {
    if (await bootFiles.hold(committed)) return;
    await bootFiles.keep(committed, plan.before);
    await bootFiles.lay(committed);
  } catch (thrown) {
    listener.complain(asProblem(thrown));
  }
}
