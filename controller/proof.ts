/** What a deployment is proven with: the checks and the baseline of its intent, on this appliance. */
import { touchedBy } from "../reconcilers/frr/touched.ts";
import { desiredOf, type Generation } from "../reconcilers/generation.ts";
import { checkKey, subjectOf } from "../schemas/health.ts";
import type { Appliance } from "./appliance.ts";
import { readBack } from "./bring.ts";
import type { Intent } from "./deploy.ts";
import type { Before, Touched } from "./health/judge.ts";
import { prove, type Proof } from "./health/prove.ts";
import type { Deployment } from "./machine.ts";
import { incarnationsOf, restarts, running } from "./planes.ts";
import type { Survey } from "./planes.ts";
import { changedSessions } from "./rollout/decide.ts";
import { retryTransient, withDeadline } from "./retry.ts";
import { surveyLimitMs } from "./turn.ts";

/** Of what needs no proof: what was proven once and is only brought back can have no verdict. */
const notNeeded: Proof = { failure: undefined, notes: [], timeline: [] };

/** Proves what was applied, and `seen` then. Rejects only when `signal` aborts. */
export async function proveDeployment(
  appliance: Appliance,
  intent: Intent,
  deployment: Deployment,
  seen: Survey,
  signal: AbortSignal,
): Promise<Proof> {
  if (deployment.purpose === "correct" && !deployment.trial) return notNeeded;
  const { host, probe, reconcilers, listener } = appliance;
  const { candidate, committed, baseline } = intent;
  const owned = committed ? [desiredOf(committed)] : [];
  const { soakMs = 0, deadlineMs = 0, worstImpact } = deployment;
  await using lookout = intent.lookout?.(deployment);
  return await prove(
    {
      host,
      probe,
      before: beforeOf(appliance, intent),
      around: baseline.around,
      ran: running(seen.incarnations),
      incarnation: async (limited) => running(await incarnationsOf(reconcilers, host, limited)),
      readBack: async () =>
        retryTransient(host, { retries: 2, pauseMs: 1000, signal }, () =>
          withDeadline(host, surveyLimitMs, signal, "Reading back", (limited) =>
            readBack(appliance, desiredOf(candidate), owned, limited),
          ),
        ),
      since: deployment.deadline - deadlineMs,
      deadline: deployment.deadline,
      soakMs,
      settles: worstImpact === "restart" || worstImpact === "reboot",
      newer: async (due) => lookout?.newer(due),
      looked(red) {
        listener.event({ type: "alive", withinMs: 60_000 });
        listener.event({ type: "looked", red });
      },
    },
    signal,
  );
}

/** What the plan changes of what others depend on. */
export function touchedIn({ candidate, plan, baseline }: Pick<Intent, "candidate" | "plan" | "baseline">): Touched {
  const touched = touchedBy(plan.plans.frr.steps, [plan.before.frr.config, candidate.desired.frr.config]);
  const isAll = restarts(plan) || plan.worstImpact === "reboot";
  return isAll ? { ...touched, interfaces: new Set(baseline.probe.links?.keys()) } : touched;
}

function beforeOf({ memory }: Appliance, intent: Intent): Before {
  const { candidate, committed, baseline, wellBefore, touched = touchedIn(intent) } = intent;
  const { seen, probation } = memory.ledger();
  const { wait, follow } = changedSessions(candidate, committed, seen);
  const wasUp = wellBefore ?? subjectsOf(committed, probation?.green ?? []);
  return {
    probe: baseline.probe,
    candidate,
    committed,
    touched,
    advisory: wait,
    follows: new Set(wasUp.filter((key) => follow.has(key))),
  };
}

/** What the checks with these keys look at. */
function subjectsOf(generation: Generation | undefined, keys: readonly string[]): readonly string[] {
  const checks = generation?.health.filter((check) => keys.includes(checkKey(check)));
  return checks?.map(subjectOf) ?? [];
}
