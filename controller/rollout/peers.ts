/**
 * What other appliances last said of themselves. Each is asked within a limit and a few at a time; whoever is slow goes on
 * being asked in the background, so that nobody who is slow, gone or hostile holds up the loop for longer than a moment.
 */
import type { Host } from "../../reconcilers/core.ts";
import type { Predecessor } from "../../reconcilers/generation.ts";
import type { PeerStatus } from "../../schemas/peer-status.ts";
import { asProblem } from "../../schemas/problem.ts";
import type { StatusPlace } from "../../schemas/rollout.ts";
import { withDeadline } from "../retry.ts";
import type { Heard } from "./decide.ts";

/** Asks one for its status. Rejects with a Problem when it does not answer, or is not the one that is meant. */
export type Ask = (place: StatusPlace, signal: AbortSignal) => Promise<PeerStatus>;

export interface Peers {
  /**
   * What is known of each, by its name. Those that were not asked within half a poll interval are asked now; it resolves
   * when they have answered, or after a moment with what was known before. Rejects only when `signal` aborts.
   */
  hear(of: readonly Predecessor[], pollMs: number, signal: AbortSignal): Promise<ReadonlyMap<string, Heard>>;
}

/** Limit for asking one. */
const askLimitMs = 5000;
/** How long the loop waits for answers. */
const momentMs = 2000;
/** How many are asked at the same time. */
const atOnce = 16;

interface Known {
  /** Where it was asked, and by which key. */
  readonly place: string;
  said: Heard["said"] | undefined;
  /** Uptime of the answer. */
  at: number;
  /** Resolves with the answer to the question that is open. */
  open: Promise<void> | undefined;
}

/** Nobody is asked before the first call. */
export function openPeers(ask: Ask, host: Host): Peers {
  const known = new Map<string, Known>();
  const turn = turns(atOnce);

  async function question(one: Known, status: StatusPlace, signal: AbortSignal): Promise<void> {
    try {
      one.said = await withDeadline(host, askLimitMs, signal, "Asking it", (limited) => ask(status, limited));
    } catch (thrown) {
      one.said = { failed: asProblem(thrown).message };
    }
    one.at = host.uptime();
    one.open = undefined;
  }

  return {
    async hear(of, pollMs, signal) {
      const asked: Known[] = [];
      for (const { machine, status } of of) {
        if (!status) continue;
        const place = `${status.address} ${status.fingerprint}`;
        const found = known.get(machine);
        const one = found?.place === place ? found : { place, said: undefined, at: 0, open: undefined };
        known.set(machine, one);
        asked.push(one);
        const isDue = one.said === undefined || host.uptime() - one.at >= pollMs / 2;
        if (isDue) one.open ??= turn(() => question(one, status, signal));
      }
      await forAMoment(host, Promise.all(asked.flatMap(({ open }) => open ?? [])), signal);
      signal.throwIfAborted();
      const heard = new Map<string, Heard>();
      for (const { machine } of of) {
        const one = known.get(machine);
        // Two intervals: a slow one that answered after the last tick is not to be asked for ever.
        if (one?.said)
          heard.set(machine, { said: one.said, isFresh: host.uptime() - one.at <= 2 * pollMs + askLimitMs });
      }
      return heard;
    },
  };
}

async function forAMoment(host: Host, work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const clock = new AbortController();
  const over = host.sleep(momentMs, AbortSignal.any([signal, clock.signal])).catch(() => undefined);
  await Promise.race([work, over]);
  clock.abort();
}

/** Starts work at once while fewer than `most` are going on, else as soon as one has ended. */
function turns(most: number): (work: () => Promise<void>) => Promise<void> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
