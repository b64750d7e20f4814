/**
 * Brings letters to one destination, in the background: one after the other, tried again with growing pauses, bounded in
 * number and age. A letter that was not sent yet is replaced by a newer one about the same. Nothing waits for it.
 */
import type { Host } from "../../reconcilers/core.ts";
import { asProblem } from "../../schemas/problem.ts";
import type { Log } from "../report/log.ts";
import { post, type Letter, type Reply } from "./post.ts";

export interface Destination<T> {
  /** For the log: without path and credentials, which may be one. */
  readonly label: string;
  /** Made at each attempt, with what stands in its files then. `lost`: how many before it could not be kept. */
  letter(content: T, lost: number): Promise<Letter>;
}

export interface Courier<T> {
  /** Returns at once. `about`: what it replaces of what was not sent yet. */
  send(about: string, content: T): void;
}

export interface CourierParts {
  readonly host: Pick<Host, "now" | "uptime" | "sleep">;
  readonly log: Pick<Log, "warn" | "info">;
  readonly signal: AbortSignal;
  readonly post?: typeof post | undefined;
  /** 0 to 1; spreads a fleet that comes back at the same time. */
  readonly random?: (() => number) | undefined;
}

const mostLetters = 50;
const oldestMs = 24 * 3_600_000;
const timeoutMs = 20_000;
/** Between two letters that arrived: what GitHub asks for. */
const gapMs = 1000;
const firstPauseMs = 2000;
const longestPauseMs = 600_000;
/** Longest that a server may make us wait. */
const patienceMs = 3_600_000;

interface Waiting<T> {
  readonly content: T;
  readonly since: number;
}

export function courier<T>(destination: Destination<T>, parts: CourierParts): Courier<T> {
  const { host, log, signal } = parts;
  const queue = new Map<string, Waiting<T>>();
  let lost = 0;
  let failures = 0;
  let complaint: string | undefined;
  let isBusy = false;

  /** What becomes of the first letter, and the pause before the next attempt. */
  async function attempt(about: string, waiting: Waiting<T>): Promise<number> {
    const toldLost = lost;
    let fate: Fate;
    try {
      const letter = await destination.letter(waiting.content, toldLost);
      fate = judge(await (parts.post ?? post)(letter, timeoutMs, signal), host.now());
    } catch (thrown) {
      signal.throwIfAborted();
      fate = { does: "retry", why: asProblem(thrown).message };
    }
    if (fate.does === "retry" && host.uptime() - waiting.since <= oldestMs) {
      failures += 1;
      complain(fate.why, fate.detail);
      return Math.max(fate.afterMs ?? 0, pauseAfter(failures, parts.random ?? Math.random));
    }
    // It may have been replaced meanwhile.
    if (queue.get(about) === waiting) queue.delete(about);
    if (fate.does === "arrived") {
      failures = 0;
      lost -= toldLost;
      if (complaint !== undefined) log.info("notifications arrive again", { to: destination.label });
      complaint = undefined;
    } else {
      lost += 1;
      complain(`given up: ${fate.why}`, fate.detail);
    }
    return gapMs;
  }

  function complain(why: string, detail: string | undefined): void {
    if (why === complaint) return;
    complaint = why;
    log.warn("a notification does not arrive", { to: destination.label, why, detail, waiting: queue.size });
  }

  async function work(): Promise<void> {
    for (let first = next(); first; first = next()) await host.sleep(await attempt(...first), signal);
  }

  function next(): readonly [string, Waiting<T>] | undefined {
    return queue.entries().next().value;
  }

  return {
    send(about, content) {
      if (signal.aborted) return;
      queue.set(about, { content, since: host.uptime() });
      const [oldest] = queue.keys();
      if (queue.size > mostLetters && oldest !== undefined) {
        queue.delete(oldest);
        lost += 1;
      }
      if (isBusy) return;
      isBusy = true;
      // Only the end of the agent ends it early: whatever goes wrong with a letter is a fate.
      void work()
        .catch(() => undefined)
        .finally(() => (isBusy = false));
    },
  };
}

type Fate =
  | { readonly does: "arrived" }
  | { readonly does: "retry"; readonly why: string; readonly detail?: string; readonly afterMs?: number }
  | { readonly does: "give-up"; readonly why: string; readonly detail?: string };

/** No later attempt changes what the server thinks of such a letter. */
const final: readonly number[] = [400, 413, 415, 422];
/** Somebody has to change the settings or the server first. */
const slowly: readonly number[] = [301, 302, 303, 307, 308, 401, 403, 404, 405, 410];

function judge({ status, headers, text }: Reply, now: number): Fate {
  if (status >= 200 && status < 300) return { does: "arrived" };
  const answer = { why: `HTTP ${status}`, ...(text !== "" && { detail: text }) };
  if (final.includes(status)) return { does: "give-up", ...answer };
  const asked = askedPause(headers, now);
  const least = status === 429 ? 60_000 : slowly.includes(status) ? longestPauseMs : 0;
  return { does: "retry", ...answer, afterMs: Math.min(asked ?? least, patienceMs) };
}

/** How long the server asks to wait: Retry-After in seconds or as a date, or GitHub's end of the rate limit. */
function askedPause(headers: Reply["headers"], now: number): number | undefined {
  const after = headers["retry-after"];
  if (after !== undefined) {
    const until = /^\d+$/.test(after) ? now + Number(after) * 1000 : Date.parse(after);
    if (Number.isFinite(until)) return Math.max(0, until - now);
  }
  const reset = Number(headers["x-ratelimit-reset"]);
  if (headers["x-ratelimit-remaining"] === "0" && Number.isFinite(reset)) return Math.max(0, reset * 1000 - now);
  return undefined;
}

function pauseAfter(failures: number, random: () => number): number {
  const pause = Math.min(firstPauseMs * 2 ** (failures - 1), longestPauseMs);
  return pause * (0.8 + 0.4 * random());
}
