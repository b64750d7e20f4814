import { expect, it } from "vitest";
import { logObserver } from "../../../../controller/report/log-observer.ts";
import { createLog } from "../../../../controller/report/log.ts";
import type { DeploymentStatus, Status } from "../../../../controller/report/status.ts";
import { Problem } from "../../../../schemas/problem.ts";

const idle: Status = {
  format: 1,
  machine: "fra1/r1",
  agentVersion: "0.1.0",
  state: "idle",
  since: 0,
  mode: "apply",
  inSync: true,
  notManaged: [],
  planes: {},
  problems: [],
  warnings: [],
  git: {},
};
const deployment: DeploymentStatus = {
  id: "1",
  commit: "a".repeat(40),
  generation: "b".repeat(64),
  startedAt: 0,
  steps: 2,
  stepsDone: 0,
  worstImpact: "flap",
};

it("writes each change of state, each problem and each end once", () => {
  const lines: string[] = [];
  const observer = logObserver(createLog({ format: "text", write: (line) => lines.push(line.trim()), now: () => 0 }));
  const problem = new Problem("SCHEMA", "no", { at: { file: "x.yaml", line: 1, column: 2 } }).toJSON();

  observer.status?.(idle);
  observer.status?.(idle);
  observer.status?.({ ...idle, desired: { commit: deployment.commit }, problems: [problem] });
  observer.status?.({
    ...idle,
    desired: { commit: deployment.commit },
    problems: [problem],
    state: "armed",
    deployment,
  });
  const ended = { ...deployment, endedAt: 1500, outcome: "rolled-back", trigger: "health", reason: "it died" } as const;
  observer.status?.({ ...idle, desired: { commit: deployment.commit }, problems: [problem], lastDeployment: ended });

  expect(lines).toEqual([
    "00:00:00 now idle",
    "00:00:00 new commit commit=aaaaaaaaaaaa",
    "00:00:00 error: x.yaml:1:2: no",
    "00:00:00 now armed commit=aaaaaaaaaaaa generation=bbbbbbbbbbbb steps=2 worst=flap",
    "00:00:00 now idle",
    "00:00:00 error: deployment rolled-back commit=aaaaaaaaaaaa generation=bbbbbbbbbbbb seconds=1.5 trigger=health reason=it died",
  ]);
});
