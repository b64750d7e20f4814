/** A deployment with another image: staged, checked and armed here; what follows happens in the boot environment on trial. */
import type { BootEnvironment } from "../../reconcilers/bootenv/model.ts";
import type { Generation } from "../../reconcilers/generation.ts";
import { asProblem } from "../../schemas/problem.ts";
import { stageCandidate, type Intent } from "../deploy.ts";
import { orderKey } from "../going-back.ts";
import type { Deployment } from "../machine.ts";
import { standing } from "../overlay.ts";
import { touchedIn } from "../proof.ts";
import { rollBack } from "../roll-back.ts";
import { timing } from "../timing.ts";
import type { Turn } from "../turn.ts";
import { trialPolicy } from "./box.ts";
import { go } from "./go.ts";
import { crashes } from "./harvest.ts";
import { keepFiles } from "./keep-files.ts";
import { keep } from "./kept.ts";
import type { Asked } from "./means.ts";

/** Where to, and from where. */
export interface Between {
  readonly there: BootEnvironment;
  readonly from: BootEnvironment;
  /** It is of what runs, and of what is committed: drill.ts. */
  readonly isDrill?: true;
  /** TrialBoot.watchdogSeconds */
  readonly watchdogSeconds?: number;
}

/**
 * Sends the box into a trial, or waits where the gate shut meanwhile. Resolves where the box stayed: then it was given up. Rejects with
 * why it cannot be armed, and when the turn's signal aborts.
 */
export async function tryImage(turn: Turn, intent: Intent, between: Between): Promise<void> {
  const { appliance, signal } = turn;
  const { progress, failsafe, listener, secrets } = appliance;
  await using _ = await appliance.hold();
  const deployment = await arm(turn, intent, between);
  if (!deployment) return;
  try {
    // Whoever hangs on the way out is put back where he was.
    await failsafe.arm(deployment, intent.baseline);
    const refusal = await failsafe.check(signal);
    if (refusal) throw refusal;
    await progress.move({ type: "booting" });
    await go(appliance, deployment, signal);
  } catch (thrown) {
    signal.throwIfAborted();
    const problem = asProblem(thrown);
    listener.complain(problem);
    const reason = secrets.mask(problem.message);
    await progress.move({ type: "failed", failure: { trigger: "apply", reason, verdict: "inconclusive" } });
    await rollBack(appliance, signal);
  }
}

async function arm(
  turn: Turn,
  intent: Intent,
  { there, from: home, isDrill, watchdogSeconds }: Between,
): Promise<Deployment | undefined> {
  const { appliance, signal } = turn;
  const { host, progress, means, memory, witness, state, listener } = appliance;
  const { target, committed, plan, baseline, wellBefore } = intent;
  await progress.move({ type: "staging" });
  const from = isDrill ? undefined : sourceOf(turn, intent.candidate);
  const { watchdog: seenReset } = memory.ledger();
  const asked = {
    candidate: intent.candidate,
    environment: there,
    ...(from && { from }),
    ...(seenReset && { seenReset }),
  };
  const { candidate, files, notes } = await means.check(asked, signal);
  // How this box's FRR shows it says nothing of the one that it is for.
  const staged = { ...intent, candidate, plan: { ...plan, shown: {} } };
  await stageCandidate(appliance, staged);
  // What was committed here before has its files, as its own image kept them.
  const isKept = !files && (await host.readFile(`${state}/generations/${candidate.digest}/restore`)) !== undefined;
  if (!isKept) await keepFiles(appliance, candidate, files);
  const id = `${host.now()}-${target.generation.slice(0, 12)}`;
  const kept = { deployment: id, baseline, touched: touchedIn(staged), crashes: await crashes(host) };
  await keep(host, state, candidate.digest, { ...kept, ...(wellBefore && { wellBefore }) });
  const shut = intent.again();
  if (shut) {
    await progress.move({ type: "must-wait", ...shut });
    return undefined;
  }
  const { soakMs, deadlineMs } = timing(candidate.policy, "reboot");
  const { "boot-method": method, "drain-seconds": drainSeconds } = trialPolicy(candidate.policy);
  const { order } = memory.ledger();
  const deployment: Deployment = {
    ...target,
    id,
    environment: home.guid,
    from: committed?.digest,
    startedAt: host.now(),
    boot: host.bootId(),
    deadline: host.uptime() + means.leaveMs(candidate),
    deadlineMs: deadlineMs + 1000 * (watchdogSeconds ?? 0),
    soakMs,
    // What is stopped on the way out, and put back where the box stays.
    planes: ["vpp", "frr"],
    steps: plan.steps.length,
    stepsDone: 0,
    worstImpact: "reboot",
    trial: {
      environment: there.guid,
      from: home.guid,
      name: there.name,
      method,
      boot: host.bootId(),
      pool: there.dataset.split("/")[0] ?? "",
      drainSeconds,
      ...(isDrill && { isDrill }),
      ...(watchdogSeconds !== undefined && { watchdogSeconds }),
    },
    ...(order && target.purpose === "roll-back" && { ordered: orderKey(order) }),
  };
  for (const text of notes) listener.happened({ happened: "noted", text });
  witness.armed(plan);
  await progress.move({ type: "armed", deployment });
  return deployment;
}

/** The commit's files, where it is the newest that is to be tried. */
function sourceOf({ known, appliance }: Turn, { digest }: Generation): Asked["from"] {
  const { wanted } = known();
  if (wanted?.generation?.digest !== digest) return undefined;
  return { tree: wanted.tree, overlays: standing(appliance.memory.ledger()) };
}
