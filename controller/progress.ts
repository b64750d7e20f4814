/**
 * Where the state machine stands: takes an event, journals the transition, then tells those who listen. The only place
 * that holds the state.
 */
import type { Host, PlaneName } from "../reconcilers/core.ts";
import type { Generation } from "../reconcilers/generation.ts";
import { asProblem, type Problem } from "../schemas/problem.ts";
import type { Happening, Journal } from "./journal.ts";
import { inFlight, type Event, type State } from "./machine.ts";
import type { AgentEvent, StepNews } from "./report/observer.ts";
import { transition } from "./transition.ts";

export interface Progress {
  state(): State;
  /** Resolves once the transition is on disk: what it announces may begin then. */
  move(event: Event): Promise<void>;
  /** Counts a step that is known to be done; not journalled (going back observes, it does not replay). */
  stepDone(plane: PlaneName, step: StepNews): void;
}

export interface Listener {
  event(event: AgentEvent): void;
  changed(): void;
  /** Something that the history is to tell, and that is no transition. */
  happened(news: Pick<Happening, "happened" | "text">): void;
  /** A generation was committed, and the ledger says so: shown at once with it. */
  committed(generation: Generation): void;
  /** Something that does not stop the loop, but that somebody must see. */
  complain(problem: Problem): void;
}

/** No phase is silent for longer: proving speaks at every look. */
const longestPhaseMs = 600_000;

/** Starts from `state`, as the journal has it. */
export function startProgress(host: Host, journal: Journal, listener: Listener, initial: State): Progress {
  let state = initial;
  let enteredAt = host.uptime();

  async function write(event: Event, next: State): Promise<void> {
    if (!isJournalled(event, state, next)) return;
    try {
      await journal.record({
        at: host.now(),
        uptime: host.uptime(),
        boot: host.bootId(),
        event,
        from: state.at,
        to: next,
      });
    } catch (thrown) {
      // A full disk must not keep anybody from going back: what is on disk leads there after a restart as well.
      if (isForward(event, state)) throw thrown;
      listener.complain(asProblem(thrown));
    }
  }

  return {
    state: () => state,
    async move(event) {
      const next = transition(state, event, host.now());
      await write(event, next);
      const left = state;
      state = next;
      if (left.at !== next.at) {
        listener.event({ type: "phase-ended", phase: left.at, seconds: (host.uptime() - enteredAt) / 1000 });
        enteredAt = host.uptime();
        listener.event({ type: "alive", withinMs: longestPhaseMs });
      }
      listener.changed();
    },
    stepDone(plane, { impact, text }) {
      if (state.at === "applying") state = transition(state, { type: "step-done" }, host.now());
      listener.event({ type: "step-done", plane, impact, text });
    },
  };
}

/** What a restart must know: deployments, and holds when they begin and end. Planning and waiting begin anew. */
function isJournalled(event: Event, state: State, next: State): boolean {
  if (event.type === "restarted") return JSON.stringify(state) !== JSON.stringify(next);
  if (inFlight(state) ?? inFlight(next)) return true;
  if (next.at === "stranded") return state.at !== "stranded";
  if (next.at === "held") return state.at !== "held" || state.target.generation !== next.target.generation;
  return state.at === "held" && next.at === "idle";
}

/** Transitions that something new depends on: without their record nothing may begin. */
function isForward(event: Event, state: State): boolean {
  switch (event.type) {
    case "armed":
    case "booting":
    case "entered":
    case "applied":
    case "verified":
    case "proven":
      return true;
    case "run-started":
      return state.at === "armed" || state.at === "applying";
    case "rung-started":
      return event.rung === "reboot"; // a reboot that nobody remembers would come again and again
    case "wanted":
    case "nothing-to-do":
    case "must-wait":
    case "must-hold":
    case "staging":
    case "step-done":
    case "committed":
    case "failed":
    case "rollback-failed":
    case "abandoned":
    case "resumed":
    case "rolled-back":
    case "restarted":
      return false;
    default:
      return event satisfies never;
  }
}
