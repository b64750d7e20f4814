/** One state of each name and one event of each type: for tests that go over every pair. */
import type { Deployment, Event, EventName, Run, State, StateName, Target } from "../../controller/machine.ts";

const target: Target = { purpose: "deploy", commit: "c".repeat(40), generation: "candidate" };
const deployment: Deployment = {
  ...target,
  id: "d1",
  environment: "default",
  from: "committed",
  startedAt: 1,
  boot: "boot-1",
  deadline: 300_000,
  planes: ["frr"],
  steps: 2,
  stepsDone: 0,
  worstImpact: "hitless",
};
const run: Run = { plane: "frr", steps: ["frr/router bgp 64500"], impact: "hitless" };
const failure = { trigger: "health", reason: "The session with 192.0.2.1 is down.", verdict: "bad" } as const;

export const sampleStates: { readonly [S in StateName]: Extract<State, { at: S }> } = {
  idle: { at: "idle", since: 1 },
  planning: { at: "planning", since: 1, target },
  waiting: { at: "waiting", since: 1, target, why: "window", reason: "Outside of every window.", unblock: "It opens." },
  staging: { at: "staging", since: 1, target },
  armed: { at: "armed", since: 1, deployment },
  "trial-booting": { at: "trial-booting", since: 1, deployment },
  applying: { at: "applying", since: 1, deployment, run },
  verifying: { at: "verifying", since: 1, deployment },
  proving: { at: "proving", since: 1, deployment },
  committing: { at: "committing", since: 1, deployment, run: undefined },
  "rolling-back": { at: "rolling-back", since: 1, deployment, failure, failures: 0, rungs: [], run: undefined },
  stranded: { at: "stranded", since: 1, deployment, failure, reason: "Nothing helped." },
  held: { at: "held", since: 1, target, reason: failure.reason },
};

export const sampleEvents: { readonly [E in EventName]: Extract<Event, { type: E }> } = {
  wanted: { type: "wanted", target },
  "nothing-to-do": { type: "nothing-to-do" },
  "must-wait": { type: "must-wait", why: "paused", reason: "Maintenance.", unblock: "It ends." },
  "must-hold": { type: "must-hold", target, reason: failure.reason },
  staging: { type: "staging" },
  armed: { type: "armed", deployment },
  booting: { type: "booting" },
  entered: { type: "entered", deployment },
  "run-started": { type: "run-started", run },
  "step-done": { type: "step-done" },
  applied: { type: "applied" },
  verified: { type: "verified" },
  proven: { type: "proven" },
  committed: { type: "committed" },
  failed: { type: "failed", failure },
  "rollback-failed": { type: "rollback-failed" },
  "rung-started": { type: "rung-started", rung: "frr", boot: "boot-1" },
  abandoned: { type: "abandoned", reason: "Nothing helped." },
  resumed: { type: "resumed" },
  "rolled-back": { type: "rolled-back", hold: true },
  restarted: { type: "restarted", boot: "boot-1" },
};
