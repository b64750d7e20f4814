/**
 * Incus's REST API on its unix socket: a request a connection, operations followed to their end. What cannot
 * be reached is a transient Problem, what is refused is not, but while something else is done to the same object.
 */
import { Problem } from "../../schemas/problem.ts";
import type { Connection, Host } from "../core.ts";
import { type Answered, parsed, readAll, record, type Reply, request, textOf, unreachable } from "./http.ts";

/** Where its objects are. */
export const base = "/1.0";

/** What is sent of an object. */
export type Sent = Readonly<Record<string, unknown>>;

export interface Incus {
  /** What stands at a path; undefined: nothing. */
  get(path: string, signal: AbortSignal): Promise<unknown>;
  /** Asks for a change, and waits until the operation that comes of it ended well. Rejects with INCUS_REFUSED otherwise. */
  change(request: Change, signal: AbortSignal): Promise<unknown>;
  /** As `change`, but resolves with what Incus answered that it refused. Rejects where nobody knows what comes of it. */
  attempt(request: Change, signal: AbortSignal): Promise<Outcome>;
  /**
   * Waits until an instance is let alone by what was asked for before, and somebody gave up waiting for. `isEnding`: who waits is
   * to stop it, which makes an end of a stop that hangs.
   */
  quiet(path: string, isEnding: boolean, signal: AbortSignal): Promise<void>;
}

export type Outcome = { readonly metadata: unknown } | { readonly refused: Problem };

export interface Change {
  readonly method: "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly body?: unknown;
  /** For an operation; two minutes unless given. */
  readonly limitMs?: number;
  /** Incus can end it: who gives up waiting has it do so. */
  readonly isCancellable?: boolean;
}

/** One answer to who has it do something. A daemon that systemd starts for it takes its time. */
const usualAnswerMs = 60_000;
const operationMs = 120_000;
/** How long what was asked for before may go on with an instance. */
const quietMs = 900_000;
/** How long Incus holds a question about an operation that is under way. */
const waitSeconds = 15;
/** For the word that nobody waits any more. */
const leaveMs = 5000;

/** `answerMs`: how long an answer is waited for; a minute unless given. */
export function openIncus(host: Host, socket: string, answerMs = usualAnswerMs): Incus {
  async function ask(method: string, path: string, body: unknown, signal: AbortSignal): Promise<Reply> {
    return withLimit(host, answerMs, `Incus did not answer ${method} ${path}`, signal, async (limited) => {
      const connection = await connect(host, socket, limited);
      try {
        await connection.write(request(method, path, body));
        return parsed(await readAll(connection, limited));
      } finally {
        connection.close();
      }
    });
  }
  async function get(path: string, signal: AbortSignal): Promise<unknown> {
    const reply = await ask("GET", path, undefined, signal);
    if (reply.status === 404) return undefined;
    if (reply.error !== undefined) throw refused(`GET ${path}`, reply.error);
    return reply.metadata;
  }
  /** How an operation ended; undefined: it goes on. */
  async function ended(operation: string, what: string, signal: AbortSignal): Promise<Outcome | undefined> {
    const waited = await ask("GET", `${operation}/wait?timeout=${waitSeconds}`, undefined, signal);
    // 6.0.4 answers with an error not only where it failed, but also where the seconds are over (operationWaitGet).
    const now = waited.error === undefined ? record(waited.metadata) : record(await get(operation, signal));
    const { status_code: code, err, metadata } = now;
    if (code === 200) return { metadata };
    if (typeof code !== "number") throw forgotten(what);
    if (code < 400) return undefined;
    return { refused: refused(what, textOf(err) || (waited.error ?? `status ${code}`)) };
  }
  async function settled(operation: string, limitMs: number, what: string, signal: AbortSignal): Promise<Outcome> {
    const until = host.uptime() + limitMs;
    while (host.uptime() < until) {
      const outcome = await ended(operation, what, signal);
      if (outcome) return outcome;
    }
    throw new Problem("INCUS_REFUSED", `Incus did not end within ${limitMs / 1000} s: ${what}.`, {
      remedy: "See `incus operation list`: it may still go on, and what it did is seen at the next try.",
      transient: true,
    });
  }
  /** Whatever comes of it: what goes on all the same is seen by who is next. */
  async function cancel(operation: string): Promise<void> {
    const { signal } = new AbortController();
    const leave = (limited: AbortSignal) => ask("DELETE", operation, undefined, limited);
    await withLimit(host, leaveMs, "Incus did not answer", signal, leave).catch(() => undefined);
  }
  async function attempt(
    { method, path, body, limitMs = operationMs, isCancellable }: Change,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const what = `${method} ${path}`;
    const reply = await ask(method, path, body, signal);
    if (reply.error !== undefined) return { refused: refused(what, reply.error) };
    const { operation, metadata } = reply;
    if (operation === undefined) return { metadata };
    try {
      return await settled(operation, limitMs, what, signal);
    } catch (thrown) {
      if (isCancellable) await cancel(operation);
      throw thrown;
    }
  }
  return {
    get,
    attempt,
    async change(asked, signal) {
      const outcome = await attempt(asked, signal);
      if ("refused" in outcome) throw outcome.refused;
      return outcome.metadata;
    },
    async quiet(path, isEnding, signal) {
      const byStatus = record(await get(`${base}/operations?recursion=1`, signal));
      for (const operation of underWay(Object.values(byStatus).flat().map(record), path, isEnding)) {
        await settled(operation, quietMs, `what goes on with ${path}`, signal);
      }
    },
  };
}

/** As Incus says what it does with an instance, of what is asked of it here: nobody waits for people's shells and backups. */
const ours = /^(Creating|Rebuilding|Deleting|Updating|Starting|Stopping|Restarting) instance$/;
/** Whether it runs, and no more. */
const turning = /^(Starting|Stopping|Restarting) /;

function underWay(operations: readonly Answered[], path: string, isEnding: boolean): readonly string[] {
  return operations.flatMap(({ id, status_code: code, description, resources }) => {
    const about = Object.values(record(resources)).flat().map(textOf);
    const isAbout = about.some((one) => one.replace(/\?.*$/, "") === path);
    const doing = textOf(description);
    const counts = ours.test(doing) && !(isEnding && turning.test(doing));
    return isAbout && counts && Number(code) < 200 ? [`${base}/operations/${textOf(id)}`] : [];
  });
}

async function connect(host: Host, socket: string, signal: AbortSignal): Promise<Connection> {
  try {
    return await host.connect(socket, signal);
  } catch (cause) {
    signal.throwIfAborted();
    throw unreachable(`Incus does not answer at ${socket}.`, cause);
  }
}

/** It keeps what came of an operation for 5 s, and nothing of it over an end of its own. */
function forgotten(what: string): Problem {
  return unreachable(`Incus does not know any more what came of ${what}.`);
}

const busy = /\bbusy\b|already (?:running|in progress)|operation is running/i;
/** As Go says that a server of images does not answer, and as the kernel says that the box is full. */
const elsewhere =
  /no such host|name resolution|server misbehaving|connection (?:refused|reset)|unreachable|no route to host|time(?:d )?out|deadline exceeded|\bEOF\b|\b50[0234] |no space left|out of space|quota exceeded/i;

/** What does not pass by itself is wrong with what was asked. */
function refused(what: string, why: string): Problem {
  const transient = busy.test(why) || elsewhere.test(why);
  return new Problem("INCUS_REFUSED", `Incus refused ${what}: ${why.replaceAll(/\s+/g, " ").slice(0, 400)}`, {
    remedy: transient
      ? "It is tried again."
      : "Correct what is asked of it, or what stands in its way: docs/services.md.",
    transient,
  });
}

async function withLimit<T>(
  host: Host,
  ms: number,
  what: string,
  signal: AbortSignal,
  task: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const [late, done] = [new AbortController(), new AbortController()];
  const over = async (): Promise<void> => {
    try {
      await host.sleep(ms, AbortSignal.any([signal, done.signal]));
      late.abort(unreachable(`${what} within ${ms / 1000} s.`));
    } catch {
      // It ended in time.
    }
  };
  void over();
  try {
    return await task(AbortSignal.any([signal, late.signal]));
  } finally {
    done.abort();
  }
}
