/**
 * Incus's REST API on its unix socket: a request a connection, operations followed to their end. What cannot
 * be reached is a transient Problem, what is refused is not, but while something else is done to the same object.
 */
import { Problem } from "../../schemas/problem.ts";
import type { Connection, Host } from "../core.ts";
import { parsed, readAll, record, type Reply, request, unreachable } from "./http.ts";

/** Where its objects are. */
export const base = "/1.0";

/** What is sent of an object. */
export type Sent = Readonly<Record<string, unknown>>;

export interface Incus {
  /** What stands at a path; undefined: nothing. */
  get(path: string, signal: AbortSignal): Promise<unknown>;
  /** Asks for a change, and waits until the operation that comes of it ended well. Rejects with INCUS_REFUSED otherwise. */
  change(request: Change, signal: AbortSignal): Promise<unknown>;
}

export interface Change {
  readonly method: "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly body?: unknown;
  /** For an operation; two minutes unless given. */
  readonly limitMs?: number;
}

/** One answer to who has it do something. A daemon that systemd starts for it takes its time. */
const usualAnswerMs = 60_000;
const operationMs = 120_000;
/** How long Incus holds a question about an operation that is under way. */
const waitSeconds = 15;

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
  async function settled(operation: string, limitMs: number, what: string, signal: AbortSignal): Promise<unknown> {
    const until = host.uptime() + limitMs;
    while (host.uptime() < until) {
      const reply = await ask("GET", `${operation}/wait?timeout=${waitSeconds}`, undefined, signal);
      if (reply.error !== undefined) throw refused(what, reply.error);
      const { status_code: code, err, metadata } = record(reply.metadata);
      if (code === 200) return metadata;
      if (typeof code === "number" && code >= 400)
        throw refused(what, typeof err === "string" ? err : `status ${code}`);
    }
    throw new Problem("INCUS_REFUSED", `Incus did not end within ${limitMs / 1000} s: ${what}.`, {
      remedy: "See `incus operation list`: it may still go on, and what it did is seen at the next try.",
      transient: true,
    });
  }
  return {
    async get(path, signal) {
      const reply = await ask("GET", path, undefined, signal);
      if (reply.status === 404) return undefined;
      if (reply.error !== undefined) throw refused(`GET ${path}`, reply.error);
      return reply.metadata;
    },
    async change({ method, path, body, limitMs = operationMs }, signal) {
      const what = `${method} ${path}`;
      const reply = await ask(method, path, body, signal);
      if (reply.error !== undefined) throw refused(what, reply.error);
      return reply.operation === undefined ? reply.metadata : settled(reply.operation, limitMs, what, signal);
    },
  };
}

async function connect(host: Host, socket: string, signal: AbortSignal): Promise<Connection> {
  try {
    return await host.connect(socket, signal);
  } catch (cause) {
    signal.throwIfAborted();
    throw unreachable(`Incus does not answer at ${socket}.`, cause);
  }
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
