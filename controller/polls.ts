/**
 * When the sites repository is looked at: one poll at a time. One that takes long goes on beside the loop, which knows what is
 * committed, and brings back what is lost, although a server does not answer.
 */
import type { Host } from "../reconcilers/core.ts";
import { asProblem, Problem } from "../schemas/problem.ts";
import { look } from "./look.ts";
import { withDeadline } from "./retry.ts";
import { fetchLimitMs, type Polling, type Turn } from "./turn.ts";

export interface Polls extends Polling {
  /** The next poll looks at the newest commit again, as if it had just arrived. */
  reconsider(): void;
  /** Ends the poll that goes on and the pause between two ticks: somebody ordered what needs no repository. */
  interrupt(): void;
  /** Resolves when the poll that begins next is over. */
  polled(signal: AbortSignal): Promise<void>;
  /** Whoever waits for a poll hears that there is none. */
  skip(): void;
  /** The pause between two ticks; `hasten` ends it. Rejects only when the signal aborts. */
  rest(ms: number, signal: AbortSignal): Promise<void>;
}

/** How long the loop waits for a poll. */
const patienceMs = 20_000;

export function openPolls(host: Host, everyMs: () => number): Polls {
  let pause = new AbortController();
  let next = Promise.withResolvers<void>();
  let again = false;
  let ongoing: Promise<void> | undefined;
  let ending = new AbortController();

  async function once(turn: Turn): Promise<void> {
    const mine = next;
    next = Promise.withResolvers();
    const asked = again;
    again = false;
    ending = new AbortController();
    if (pause.signal.aborted) pause = new AbortController();
    const bounded: Turn = { ...turn, signal: AbortSignal.any([turn.signal, ending.signal]) };
    try {
      if (!(await look(bounded, asked))) again ||= asked;
    } catch (thrown) {
      again ||= asked;
      if (!bounded.signal.aborted) turn.appliance.listener.complain(asProblem(thrown));
    } finally {
      mine.resolve();
    }
  }

  return {
    everyMs,
    isAsked: () => pause.signal.aborted,
    hasten: () => pause.abort(),
    reconsider() {
      again = true;
    },
    interrupt() {
      ending.abort(new Problem("AGENT_BUSY", "Something else was ordered.", { transient: true }));
      pause.abort();
    },
    skip() {
      next.resolve();
      next = Promise.withResolvers();
    },
    async poll(turn) {
      const mine = (ongoing ??= once(turn).finally(() => (ongoing = undefined)));
      const waiting = new AbortController();
      const isLate = host.sleep(patienceMs, AbortSignal.any([turn.signal, waiting.signal])).then(
        () => true,
        () => false,
      );
      const left = await Promise.race([mine.then(() => false), isLate]);
      waiting.abort();
      turn.signal.throwIfAborted();
      // What it finds in the end is not put off until the next tick is due.
      if (left) void mine.then(() => pause.abort());
    },
    async polled(signal) {
      await withDeadline(host, fetchLimitMs, signal, "The poll", () => next.promise);
    },
    async rest(ms, signal) {
      const awake = AbortSignal.any([signal, pause.signal]);
      try {
        await host.sleep(ms, awake);
      } catch (thrown) {
        if (!awake.aborted) throw thrown;
      }
      signal.throwIfAborted();
      if (pause.signal.aborted) pause = new AbortController();
    },
  };
}
