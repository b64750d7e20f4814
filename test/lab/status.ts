/** A status document of a box on which all is well, for tests of what reports. */
import type { DeploymentStatus, Status } from "../../controller/report/status.ts";

export const commit = "c".repeat(40);
export const generation = "a".repeat(64);

export function status(more: Partial<Status> = {}): Status {
  return {
    format: 1,
    machine: "fra1/r1",
    agentVersion: "0.0.0",
    state: "idle",
    since: 1,
    mode: "apply",
    desired: { commit, generation },
    committed: { commit, generation, at: 1 },
    inSync: true,
    notManaged: [],
    planes: {},
    problems: [],
    warnings: [],
    git: {},
    ...more,
  };
}

export function deployment(more: Partial<DeploymentStatus> = {}): DeploymentStatus {
  return {
    id: "d1",
    purpose: "deploy",
    commit,
    generation,
    startedAt: 1,
    steps: 3,
    stepsDone: 1,
    worstImpact: "session-reset",
    ...more,
  };
}
