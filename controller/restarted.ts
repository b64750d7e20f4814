/** What a start of the agent makes of the state that the journal holds: a deployment ends whole, one way or the other. Pure. */
import type { Deployment, Event, Failure, State } from "./machine.ts";

type Restarted = Extract<Event, { type: "restarted" }>;

/** The state to go on from. */
export function restarted(state: State, event: Restarted, now: number): State {
  const { boot, acted } = event;
  switch (state.at) {
    case "planning":
    case "waiting":
    case "staging":
      return { at: "idle", since: now };
    case "idle":
    case "held":
    case "stranded":
      return state;
    case "rolling-back": {
      if (event.trial === "committed") return finishing(state.deployment, now);
      // The agent died before its box went down: that reboot is still to come.
      const rungs = state.leaving === boot ? state.rungs.filter((rung) => rung !== "reboot") : state.rungs;
      const failure = acted ? worse(state.failure, acted) : state.failure;
      return { ...state, failure, rungs, ...(acted && { run: undefined }) };
    }
    case "committing":
    case "armed":
    case "trial-booting":
    case "applying":
    case "verifying":
    case "proving":
      return event.trial === undefined ? inPlace(state, event, now) : onTrial(state, event, now);
    default:
      return state satisfies never;
  }
}

type Forward = Extract<State, { at: "armed" | "trial-booting" | "applying" | "verifying" | "proving" | "committing" }>;

function inPlace(state: Forward, { acted }: Restarted, now: number): State {
  // Proven before the interruption: it is finished, unless it was undone.
  if (state.at === "committing" && !acted) return state;
  return rollingBack(state.deployment, acted ?? stopped(state), now);
}

/** Each row of docs/trial-boot.md, "Cut between any two". */
function onTrial(state: Forward, { acted, trial }: Restarted, now: number): State {
  const { deployment } = state;
  const back = (failure: Failure): State => rollingBack(deployment, acted ?? failure, now);
  switch (trial) {
    case "committed":
      return state.at === "committing" ? state : finishing(deployment, now);
    case "in-trial":
      // Proven: whatever stopped it, it is finished while nothing reset the box.
      if (state.at === "committing") return state;
      return acted ? back(acted) : { at: "trial-booting", since: now, deployment };
    case "leaving":
      return state.at === "trial-booting" && !acted ? state : back(stopped(state));
    case "elsewhere":
      return back(chosen);
    case "came-back":
    case undefined:
      return back(stopped(state));
    default:
      return trial satisfies never;
  }
}

const chosen: Failure = {
  trigger: "external",
  reason: "Another boot environment was booted meanwhile than the one on trial, or that one without its trial.",
  verdict: "inconclusive",
};

function stopped({ at }: Forward): Failure {
  return { trigger: "crash", reason: `The agent or the appliance stopped while ${at}.`, verdict: "inconclusive" };
}

function finishing(deployment: Deployment, now: number): State {
  return { at: "committing", since: now, deployment, run: undefined };
}

/** Why it was being rolled back, and what became of that. */
function worse(failure: Failure, acted: Failure): Failure {
  const verdict = acted.verdict === "bad" ? "bad" : failure.verdict;
  return { ...failure, reason: `${failure.reason} ${acted.reason}`, verdict };
}

/** How going back begins. */
export function rollingBack(deployment: Deployment, failure: Failure, now: number): State {
  return { at: "rolling-back", since: now, deployment, failure, failures: 0, rungs: [], run: undefined };
}
