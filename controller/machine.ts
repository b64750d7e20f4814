/**
 * The state machine of one appliance: every state with its data, every event, and the one pure function that takes a
 * state to the next. The loop (agent.ts) has the effects; the picture in docs/state-machine.md is generated from `moves`.
 */
import { worstImpact, type Impact, type PlaneName } from "../reconcilers/core.ts";
import { Problem } from "../schemas/problem.ts";
import type { Trigger, Wait } from "./reasons.ts";

/**
 * What a deployment is for: a new generation, bringing the appliance back to the committed one, or back to one that was
 * committed before because an operator ordered it.
 */
export type Purpose = "deploy" | "correct" | "roll-back";

/** What somebody wants applied. */
export interface Target {
  readonly purpose: Purpose;
  readonly commit: string;
  /** The candidate's digest. */
  readonly generation: string;
}

/** One attempt to apply a candidate, from arming to its end. Plain data: the journal holds it. */
export interface Deployment extends Target {
  readonly id: string;
  /** The boot environment in which it is tried. */
  readonly environment: string;
  /** The generation to go back to; undefined when nothing was ever committed here. */
  readonly from: string | undefined;
  /** Wall clock, for people. */
  readonly startedAt: number;
  readonly boot: string;
  /** Uptime in milliseconds, in this boot, at which it is rolled back unless it was proven. */
  readonly deadline: number;
  /** What that came to from arming on, and for how long everything must be green; in milliseconds. */
  readonly deadlineMs?: number;
  readonly soakMs?: number;
  readonly planes: readonly PlaneName[];
  readonly steps: number;
  readonly stepsDone: number;
  /** Of all that was begun for it, the way back included. */
  readonly worstImpact: Impact | undefined;
  /** Which order it carries out: going-back.ts. */
  readonly ordered?: string;
}

/** Consecutive steps of one plane, journalled before the first of them runs. */
export interface Run {
  readonly plane: PlaneName;
  readonly steps: readonly string[];
  /** The worst of its steps. */
  readonly impact: Impact;
  /** The first of them as people read them: for the history. */
  readonly does?: readonly string[];
}

/** `bad`: never again here. `inconclusive`: it was not the candidate's fault, or nobody can tell. */
export type Verdict = "good" | "bad" | "inconclusive";

export interface Failure {
  readonly trigger: Trigger;
  readonly reason: string;
  readonly verdict: Exclude<Verdict, "good">;
}

/** Why a target is not armed now. */
export interface Shut {
  readonly why: Wait;
  /** One sentence: what is so. */
  readonly reason: string;
  /** One sentence: who or what would change it. */
  readonly unblock: string;
  /** Wall clock at which it will be looked at next, where that is not simply the next poll. */
  readonly againAt?: number;
}

/**
 * What is done when going back by plan failed twice: one at a time, for the planes that the deployment touched, each once.
 * `reboot` comes last, and only once.
 */
export type Rung = PlaneName | "reboot";

/** Where the appliance stands. `since` is wall clock, for people. */
export type State =
  | { readonly at: "idle"; readonly since: number }
  | { readonly at: "planning"; readonly since: number; readonly target: Target }
  | ({ readonly at: "waiting"; readonly since: number; readonly target: Target } & Shut)
  /** All that going forward and back needs is put on disk; nothing that traffic or the next boot can see. */
  | { readonly at: "staging"; readonly since: number; readonly target: Target }
  | { readonly at: "armed"; readonly since: number; readonly deployment: Deployment }
  | { readonly at: "applying"; readonly since: number; readonly deployment: Deployment; readonly run: Run }
  | { readonly at: "verifying"; readonly since: number; readonly deployment: Deployment }
  | { readonly at: "proving"; readonly since: number; readonly deployment: Deployment }
  | {
      readonly at: "committing";
      readonly since: number;
      readonly deployment: Deployment;
      /** Only after a restart, when the planes lost what was proven. */
      readonly run: Run | undefined;
    }
  | {
      readonly at: "rolling-back";
      readonly since: number;
      readonly deployment: Deployment;
      readonly failure: Failure;
      /** How often going back by plan failed since it began, or since the last rung. */
      readonly failures: number;
      /** What was tried beyond planning, in order: each is recorded before it begins, and never done twice. */
      readonly rungs: readonly Rung[];
      /** The boot that the rung `reboot` is to end. */
      readonly leaving?: string;
      readonly run: Run | undefined;
    }
  /** Going back failed for good: nothing is touched that may still forward, until an operator says so. */
  | {
      readonly at: "stranded";
      readonly since: number;
      readonly deployment: Deployment;
      readonly failure: Failure;
      readonly reason: string;
      /** An order that stood already: only another one lets it try again. */
      readonly spent?: string;
    }
  | { readonly at: "held"; readonly since: number; readonly target: Target; readonly reason: string };

/** What happens to it. */
export type Event =
  | { readonly type: "wanted"; readonly target: Target }
  | { readonly type: "nothing-to-do" }
  | ({ readonly type: "must-wait" } & Shut)
  | { readonly type: "must-hold"; readonly target: Target; readonly reason: string }
  | { readonly type: "staging" }
  | { readonly type: "armed"; readonly deployment: Deployment }
  | { readonly type: "run-started"; readonly run: Run }
  | { readonly type: "step-done" }
  | { readonly type: "applied" }
  | { readonly type: "verified" }
  | { readonly type: "proven" }
  | { readonly type: "committed" }
  | { readonly type: "failed"; readonly failure: Failure }
  | { readonly type: "rollback-failed" }
  | { readonly type: "rung-started"; readonly rung: Rung; readonly boot: string }
  | { readonly type: "abandoned"; readonly reason: string; readonly spent?: string }
  | { readonly type: "resumed" }
  | { readonly type: "rolled-back"; readonly hold: boolean }
  /** `acted`: what the failsafe did about the deployment in flight. */
  | { readonly type: "restarted"; readonly boot: string; readonly acted?: Failure };

export type StateName = State["at"];
export type EventName = Event["type"];

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
    "run-started": ["applying"],
    applied: ["verifying"],
    failed: ["rolling-back"],
    restarted: ["rolling-back"],
  },
  applying: {
    "run-started": ["applying"],
    "step-done": ["applying"],
    applied: ["verifying"],
    failed: ["rolling-back"],
    restarted: ["rolling-back"],
  },
  verifying: { verified: ["proving"], failed: ["rolling-back"], restarted: ["rolling-back"] },
  proving: { proven: ["committing"], failed: ["rolling-back"], restarted: ["rolling-back"] },
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
    restarted: ["rolling-back"],
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
      const { purpose, commit, generation } = state.deployment;
      return { at: "held", since: now, target: { purpose, commit, generation }, reason: state.failure.reason };
    }
    case "restarted":
      return restarted(state, event, now);
    default:
      return assertNever(event);
  }
}

/** What a start of the agent makes of the state that the journal holds: a deployment ends whole, one way or the other. */
function restarted(state: State, { boot, acted }: Extract<Event, { type: "restarted" }>, now: number): State {
  switch (state.at) {
    case "planning":
    case "waiting":
    case "staging":
      return { at: "idle", since: now };
    case "idle":
    case "held":
    case "stranded":
      return state;
    case "committing": // proven before the interruption: it is finished, unless it was undone
      return acted ? rollingBack(state.deployment, acted, now) : state;
    case "rolling-back": {
      // The agent died before its box went down: that reboot is still to come.
      const rungs = state.leaving === boot ? state.rungs.filter((rung) => rung !== "reboot") : state.rungs;
      const failure = acted ? worse(state.failure, acted) : state.failure;
      return { ...state, failure, rungs, ...(acted && { run: undefined }) };
    }
    case "armed":
    case "applying":
    case "verifying":
    case "proving":
      return rollingBack(
        state.deployment,
        acted ?? {
          trigger: "crash",
          reason: `The agent or the appliance stopped while ${state.at}.`,
          verdict: "inconclusive",
        },
        now,
      );
    default:
      return assertNever(state);
  }
}

/** Why it was being rolled back, and what became of that. */
function worse(failure: Failure, acted: Failure): Failure {
  const verdict = acted.verdict === "bad" ? "bad" : failure.verdict;
  return { ...failure, reason: `${failure.reason} ${acted.reason}`, verdict };
}

function rollingBack(deployment: Deployment, failure: Failure, now: number): State {
  return { at: "rolling-back", since: now, deployment, failure, failures: 0, rungs: [], run: undefined };
}

function disturbed(deployment: Deployment, impact: Impact): Deployment {
  const before = deployment.worstImpact;
  return { ...deployment, worstImpact: worstImpact([{ impact }, ...(before ? [{ impact: before }] : [])]) };
}

/** The deployment in flight, if there is one. */
export function inFlight(state: State): Deployment | undefined {
  return "deployment" in state ? state.deployment : undefined;
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
