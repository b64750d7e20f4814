/** Time limits and second tries around calls to the outside. The only user of p-retry; both count the host's clock. */
import pRetry from "p-retry";
import type { Host } from "../reconcilers/core.ts";
import { asProblem, Problem } from "../schemas/problem.ts";

/** How long work may take to notice that its time is up, before it is left behind. */
const graceMs = 5000;

export interface RetryOptions {
  /** Tries after the first. */
  readonly retries: number;
  /** Pause before the second try; doubles with each further one. */
  readonly pauseMs: number;
  readonly signal: AbortSignal;
}

/** Calls `work` again while it rejects with a transient Problem; any other rejection, and the last, is passed on. */
export async function retryTransient<T>(host: Host, options: RetryOptions, work: () => Promise<T>): Promise<T> {
  return pRetry(work, {
    retries: options.retries,
    minTimeout: 0,
    maxTimeout: 0,
    signal: options.signal,
    shouldRetry: ({ error }) => asProblem(error).transient && !options.signal.aborted,
    onFailedAttempt: async ({ error, attemptNumber, retriesLeft }) => {
      if (retriesLeft > 0 && asProblem(error).transient) {
        await host.sleep(options.pauseMs * 2 ** (attemptNumber - 1), options.signal);
      }
    },
  });
}

/**
 * Runs `work` with a signal that aborts after `limitMs` or with `signal`. When time runs out it rejects with what
 * `work` made of it, or at the latest five seconds later with a transient HOST_COMMAND Problem that names `what`.
 */
export async function withDeadline<T>(
  host: Host,
  limitMs: number,
  signal: AbortSignal,
  what: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const clock = new AbortController();
  const late = new Problem("HOST_COMMAND", `${what} took longer than ${limitMs / 1000} s.`, { transient: true });
  const limit = new AbortController();
  const expired = host.sleep(Math.max(0, limitMs), clock.signal).then(async () => {
    limit.abort(late);
    await host.sleep(graceMs, clock.signal);
    throw late;
  });
  const closed = new Promise<never>((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(abortReason(signal)), { once: true, signal: clock.signal });
  });
  try {
    return await Promise.race([work(AbortSignal.any([signal, limit.signal])), expired, closed]);
  } finally {
    clock.abort();
  }
}

/** What a signal was aborted with, as an error. */
export function abortReason(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error("closed");
}
