/**
 * What an operator may ask of the running agent, one verb a file. Whoever may only look gets those that change nothing;
 * every other one stands in the history with its reason before it takes effect.
 */
import { asProblem, Problem } from "../../schemas/problem.ts";
import type { Agent } from "../agent.ts";
import { durationMs } from "../term.ts";

/** Whatever JSON can hold. */
export type Answer = Readonly<Record<string, unknown>>;

export interface Operation {
  /** Its path on the socket: "accept-rewrite". */
  readonly name: string;
  /** Whether it changes anything, be it only what the agent may do. */
  readonly changes: boolean;
  /** Rejects with USAGE what makes no sense, before it is recorded. */
  check?(asked: Answer): void;
  /** What of it stands in history and log, where that is not all. */
  record?(asked: Answer): Answer;
  /**
   * Resolves with what to show; rejects with a Problem. What an operator allows is on disk by then. What took effect
   * hastens the agent's next look, or interrupts the one that goes on; nothing else does.
   */
  run(agent: Agent, asked: Answer, signal: AbortSignal): Promise<unknown>;
}

/**
 * Carries an operation out, after recording who wanted what and why where it changes something; and after it, where nothing
 * came of that.
 */
export async function operate(
  agent: Agent,
  operation: Operation,
  asked: Answer,
  signal: AbortSignal,
): Promise<unknown> {
  operation.check?.(asked);
  if (!operation.changes) return operation.run(agent, asked, signal);
  const generation = agent.status().desired?.generation;
  const word = {
    asked: operation.name,
    details: operation.record?.(asked) ?? asked,
    ...(generation !== undefined && { generation }),
  };
  await agent.note(word);
  let refused: string | undefined = "Nothing came of it.";
  const heard = (how: "hasten" | "interrupt") => () => {
    refused = undefined;
    agent.polls[how]();
  };
  const polls = { ...agent.polls, hasten: heard("hasten"), interrupt: heard("interrupt") };
  try {
    return await operation.run({ ...agent, polls }, asked, signal);
  } catch (thrown) {
    refused &&= asProblem(thrown).message;
    throw thrown;
  } finally {
    // A disk that is full may keep this from being recorded as well; the log has it then.
    if (refused !== undefined) await agent.note({ ...word, refused }).catch(() => undefined);
  }
}

/** The reason that an operator gave. Throws USAGE where it is missing. */
export function reasonIn(asked: Answer): string {
  const reason = asked["reason"];
  if (typeof reason === "string" && reason.trim() !== "") return reason.trim().slice(0, 500);
  throw new Problem("USAGE", "a reason is missing.", { remedy: 'Say why: --reason "…".' });
}

/** A text that must be there. */
export function textIn(asked: Answer, key: string): string {
  const text = asked[key];
  if (typeof text === "string" && text !== "") return text;
  throw new Problem("USAGE", `"${key}" is missing.`);
}

const longestMs = 30 * 86_400_000;

/** How long something is to last, in milliseconds. Throws USAGE where that is missing: nothing lasts for ever. */
export function durationIn(asked: Answer): number {
  const text = asked["for"];
  const ms = typeof text === "string" ? durationMs(text) : undefined;
  if (ms !== undefined && ms > 0 && ms <= longestMs) return ms;
  throw new Problem(
    "USAGE",
    text === undefined ? "it is not said for how long." : "that is not how long it may last.",
    {
      remedy: "Say for how long: --for 90s, 30m, 4h or 2d, at most 30d.",
    },
  );
}

/** Makes the agent look at the newest commit again, and tells how things stand then. */
export async function pollNow(agent: Agent, signal: AbortSignal): Promise<Answer> {
  agent.polls.reconsider();
  const polled = agent.polls.polled(signal);
  agent.polls.hasten();
  await polled;
  const { state, reason, desired, git, inSync } = agent.status();
  return { state, inSync, ...(reason && { reason }), ...(desired && { desired }), git };
}
