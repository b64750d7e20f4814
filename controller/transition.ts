/**
 * The one pure function that takes a state to the next. The loop (agent.ts) has the effects; the picture in
 * docs/state-machine.md is generated from `moves`.
 */
import { worstImpact, type Impact } from "../reconcilers/core.ts";
import { Problem } from "../schemas/problem.ts";
import {
  inFlight,
  type Deployment,
  type Event,
  type EventName,
  type State,
  type StateName,
  type Target,
} from "./machine.ts";
import { restarted, rollingBack } from "./restarted.ts";

/** Every possible pair and where it leads. What is not here cannot happen: `transition` throws. */
export const moves = {
  idle: { wanted: ["planning"], "must-hold": ["held"], restarted: ["idle"] },
  planning: {
    "nothing-to-do": ["idle"],
    "must-wait": ["waiting"],
    staging: ["staging"],
    restarted: ["idle"],
  },
  waiting: {
    wanted: ["planning"],
    "must-wait": ["waiting"],
    "must-hold": ["held"],
    "nothing-to-do": ["idle"],
    staging: ["staging"],
    restarted: ["idle"],
  },
  staging: { "must-wait": ["waiting"], armed: ["armed"], restarted: ["idle"] },
  armed: {
    booting: ["trial-booting"],
    "run-started": ["applying"],
    applied: ["verifying"],
    failed: ["rolling-back"],
    restarted: ["rolling-back", "trial-booting", "committing"],
  },
  "trial-booting": {
    entered: ["trial-booting"],
    "run-started": ["applying"],
    applied: ["verifying"],
    failed: ["rolling-back"],
    restarted: ["trial-booting", "rolling-back", "committing"],
  },
  applying: {
    "run-started": ["applying"],
    "step-done": ["applying"],
    applied: ["verifying"],
    failed: ["rolling-back"],
    restarted: ["rolling-back", "trial-booting", "committing"],
  },
  verifying: {
    verified: ["proving"],
    failed: ["rolling-back"],
    restarted: ["rolling-back", "trial-booting", "committing"],
  },
  proving: {
    proven: ["committing"],
    failed: ["rolling-back"],
    restarted: ["rolling-back", "trial-booting", "committing"],
  },
  committing: {
    "run-started": ["committing"],
    committed: ["idle"],
    failed: ["rolling-back"],
    restarted: ["committing", "rolling-back"],
  },
  "rolling-back": {
    "run-started": ["rolling-back"],
    "rollback-failed": ["rolling-back"],
    "rung-started": ["rolling-back"],
    "rolled-back": ["held", "idle"],
    abandoned: ["stranded"],
    restarted: ["rolling-back", "committing"],
  },
  stranded: { resumed: ["rolling-back"], restarted: ["stranded"] },
  held: { wanted: ["planning"], "must-hold": ["held"], "nothing-to-do": ["idle"], restarted: ["held"] },
} as const satisfies Readonly<Record<StateName, Partial<Record<EventName, readonly StateName[]>>>>;

/** Whether `transition` takes this event in this state. */
export function canTake(state: StateName, event: EventName): boolean {
  return Object.hasOwn(moves[state], event);
}

/** The next state. Pure; `now` is wall clock. Throws an INTERNAL Problem on a pair that `moves` does not have. */
export function transition(state: State, event: Event, now: number): State {
  if (!canTake(state.at, event.type)) throw impossible(state, event);
  switch (event.type) {
    case "wanted":
      return { at: "planning", since: now, target: event.target };
    case "nothing-to-do":
    case "committed":
      return { at: "idle", since: now };
    case "must-wait": {
      const since = state.at === "waiting" && state.why === event.why ? state.since : now;
      const { type: _type, ...shut } = event;
      return { at: "waiting", since, target: targetOf(state), ...shut };
    }
    case "must-hold": {
      const since = state.at === "held" && state.target.generation === event.target.generation ? state.since : now;
      return { at: "held", since, target: event.target, reason: event.reason };
    }
    case "staging":
      return { at: "staging", since: now, target: targetOf(state) };
    case "armed":
      return { at: "armed", since: now, deployment: event.deployment };
    case "booting":
      return { at: "trial-booting", since: now, deployment: deploymentOf(state) };
    case "entered":
      return { at: "trial-booting", since: now, deployment: event.deployment };
    case "run-started": {
      const deployment = disturbed(deploymentOf(state), event.run.impact);
      if (state.at === "rolling-back") return { ...state, deployment, run: event.run };
      if (state.at === "committing") return { ...state, deployment, run: event.run };
      return { at: "applying", since: state.at === "applying" ? state.since : now, deployment, run: event.run };
    }
    case "step-done": {
      if (state.at !== "applying") throw impossible(state, event);
      const deployment = { ...state.deployment, stepsDone: state.deployment.stepsDone + 1 };
      return { ...state, deployment };
    }
    case "applied":
      return { at: "verifying", since: now, deployment: deploymentOf(state) };
    case "verified":
      return { at: "proving", since: now, deployment: deploymentOf(state) };
    case "proven":
      return { at: "committing", since: now, deployment: deploymentOf(state), run: undefined };
    case "failed":
      return rollingBack(deploymentOf(state), event.failure, now);
    case "rollback-failed":
      if (state.at !== "rolling-back") throw impossible(state, event);
      return { ...state, failures: state.failures + 1, run: undefined };
    case "rung-started": {
      if (state.at !== "rolling-back") throw impossible(state, event);
      const deployment = disturbed(state.deployment, event.rung === "reboot" ? "reboot" : "restart");
      const leaving = event.rung === "reboot" && { leaving: event.boot };
      return { ...state, deployment, rungs: [...state.rungs, event.rung], ...leaving, failures: 0, run: undefined };
    }
    case "abandoned": {
      if (state.at !== "rolling-back") throw impossible(state, event);
      const { deployment, failure } = state;
      const { type: _type, ...why } = event;
      return { at: "stranded", since: now, deployment, failure, ...why };
    }
    case "resumed":
      if (state.at !== "stranded") throw impossible(state, event);
      return rollingBack(state.deployment, state.failure, now);
    case "rolled-back": {
      if (state.at !== "rolling-back" || !event.hold) return { at: "idle", since: now };
      const { purpose, commit, generation, below } = state.deployment;
      const target = { purpose, commit, generation, ...(below !== undefined && { below }) };
      return { at: "held", since: now, target, reason: state.failure.reason };
    }
    case "restarted":
      return restarted(state, event, now);
    default:
      return assertNever(event);
  }
}

function disturbed(deployment: Deployment, impact: Impact): Deployment {
  const before = deployment.worstImpact;
  return { ...deployment, worstImpact: worstImpact([{ impact }, ...(before ? [{ impact: before }] : [])]) };
}

function deploymentOf(state: State): Deployment {
  const deployment = inFlight(state);
  if (!deployment) throw new Problem("INTERNAL", `The state "${state.at}" has no deployment.`);
  return deployment;
}

function targetOf(state: State): Target {
  if (state.at === "planning" || state.at === "waiting" || state.at === "staging") return state.target;
  throw new Problem("INTERNAL", `The state "${state.at}" has no target.`);
}

function impossible(state: State, event: Event): Problem {
  return new Problem("INTERNAL", `The state machine cannot take "${event.type}" while it is ${state.at}.`);
}

function assertNever(value: never): never {
  throw new Problem("INTERNAL", `Nobody thought of ${JSON.stringify(value)}.`);
}
