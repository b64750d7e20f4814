/** A deployment as the status and the ledger show it. */
import type { Deployment, Failure } from "./machine.ts";
import type { DeploymentStatus } from "./report/status.ts";

/** `now` is its end, undefined while it is in flight. */
export function ended(
  now: number | undefined,
  deployment: Deployment,
  outcome?: NonNullable<DeploymentStatus["outcome"]>,
  failure?: Failure,
): DeploymentStatus {
  return {
    id: deployment.id,
    purpose: deployment.purpose,
    commit: deployment.commit,
    generation: deployment.generation,
    startedAt: deployment.startedAt,
    ...(now !== undefined && { endedAt: now }),
    ...(outcome && { outcome }),
    ...(failure && { trigger: failure.trigger, reason: failure.reason }),
    steps: deployment.steps,
    stepsDone: deployment.stepsDone,
    ...(deployment.worstImpact && { worstImpact: deployment.worstImpact }),
    ...(deployment.soakMs !== undefined && { soakSeconds: deployment.soakMs / 1000 }),
    ...(deployment.deadlineMs !== undefined && { deadlineSeconds: deployment.deadlineMs / 1000 }),
    ...(deployment.trial && { trial: { name: deployment.trial.name, method: deployment.trial.method } }),
  };
}
