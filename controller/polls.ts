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
  /** Something on the box changed: the next tick looks at that soon, and asks no repository for it. */
  nudge(): void;
  /** Whether this tick began with nothing but that, before the next poll is due. */
  isNudged(): boolean;
  /** The pause between two ticks; `hasten` and `nudge` end it. Rejects only when the signal aborts. */
  rest(ms: number, signal: AbortSignal): Promise<void>;
}

/** How long the loop waits for a poll. */
const patienceMs = 20_000;
/** How long it does so although something on the box changed: most polls are over by then. */
const briefMs = 500;
/** What something rewrites again and again is looked at twice in this time; two VPPs that start one after the other, both at once. */
const twoNudgesMs = 10_000;

export function openPolls(host: Host, everyMs: () => number): Polls {
  let pause = new AbortController();
  let next = Promise.withResolvers<void>();
  let again = false;
  let ongoing: Promise<void> | undefined;
  let ending = new AbortController();
  let nudge = new AbortController();
  let nudged = false;
  let lastNudges: readonly [number, number] = [-twoNudgesMs, -twoNudgesMs];
  let dueAt = 0;

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

  /** Sleeps until one of these aborts, which is no failure. */
  async function sleepUnless(ms: number, ...signals: readonly AbortSignal[]): Promise<void> {
    const awake = AbortSignal.any([...signals]);
    try {
      if (ms > 0) await host.sleep(ms, awake);
    } catch (thrown) {
      if (!awake.aborted) throw thrown;
    }
  }

  return {
    everyMs,
    nudge: () => nudge.abort(),
    isNudged: () => nudged,
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
      const over = AbortSignal.any([turn.signal, waiting.signal]);
      const isLate = async (): Promise<boolean> => {
        await sleepUnless(briefMs, over);
        await sleepUnless(patienceMs - briefMs, over, nudge.signal);
        return !over.aborted;
      };
      const left = await Promise.race([mine.then(() => false), isLate()]);
      waiting.abort();
      turn.signal.throwIfAborted();
      // What it finds in the end is not put off until the next tick is due.
      if (left) void mine.then(() => pause.abort());
    },
    async polled(signal) {
      await withDeadline(host, fetchLimitMs, signal, "The poll", () => next.promise);
    },
    async rest(ms, signal) {
      const now = host.uptime();
      dueAt = nudged ? Math.min(dueAt, now + ms) : now + ms;
      await sleepUnless(dueAt - now, signal, pause.signal, nudge.signal);
      const soonest = Math.min(dueAt, lastNudges[0] + twoNudgesMs);
      if (nudge.signal.aborted) await sleepUnless(soonest - host.uptime(), signal, pause.signal);
      signal.throwIfAborted();
      nudged = nudge.signal.aborted && !pause.signal.aborted && host.uptime() < dueAt;
      if (nudged) lastNudges = [lastNudges[1], host.uptime()];
      if (nudge.signal.aborted) nudge = new AbortController();
      if (pause.signal.aborted) pause = new AbortController();
    },
  };
}
