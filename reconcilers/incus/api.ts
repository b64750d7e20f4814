/**
 * Incus's REST API on its unix socket: a request a connection, answers whole, operations followed to their end. What cannot
 * be reached is a transient Problem, what is refused is not, but while something else is done to the same object.
 */
import { Problem } from "../../schemas/problem.ts";
import { joined } from "../bytes.ts";
import type { Connection, Host } from "../core.ts";

/** Where its objects are. */
export const base = "/1.0";

/** What is sent of an object. */
export type Sent = Readonly<Record<string, unknown>>;

/** What is read of an object of the API; whatever else it has stays unread. */
export type Answered = Readonly<Partial<Record<Field, unknown>>>;

type Field =
  | ("name" | "description" | "type" | "driver" | "status" | "managed" | "architecture" | "project")
  | (
      | "source"
      | "path"
      | "pool"
      | "config"
      | "devices"
      | "profiles"
      | "used_by"
      | "network"
      | "addresses"
      | "scope"
      | "address"
    )
  | ("fingerprint" | "aliases")
  | ("error" | "operation" | "metadata" | "status_code" | "err" | "DependencyErrors" | "UnknownVolumes")
  | ("environment" | "server_version");

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

/** Nothing that Incus says is longer. */
const mostBytes = 64 * 2 ** 20;
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

/** An object's fields; none where it is no object. */
export function record(value: unknown): Answered {
  return typeof value === "object" && value !== null ? value : {};
}

async function connect(host: Host, socket: string, signal: AbortSignal): Promise<Connection> {
  try {
    return await host.connect(socket, signal);
  } catch (cause) {
    signal.throwIfAborted();
    throw unreachable(`Incus does not answer at ${socket}.`, cause);
  }
}

function unreachable(message: string, cause?: unknown): Problem {
  return new Problem("INCUS_UNREACHABLE", message, {
    remedy: "See `systemctl status incus` and `journalctl -u incus`.",
    transient: true,
    ...(cause !== undefined && { cause }),
  });
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

function request(method: string, path: string, body: unknown): Uint8Array {
  const content = new TextEncoder().encode(body === undefined ? "" : JSON.stringify(body));
  const head = [
    `${method} ${path} HTTP/1.1`,
    "Host: incus",
    "Connection: close",
    "Content-Type: application/json",
    `Content-Length: ${content.length}`,
  ];
  return joined([new TextEncoder().encode(`${head.join("\r\n")}\r\n\r\n`), content]);
}

async function readAll(connection: Connection, signal: AbortSignal): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const piece = await connection.read(signal);
    signal.throwIfAborted();
    if (piece === undefined) return joined(pieces);
    pieces.push(piece);
    size += piece.length;
    if (size > mostBytes) throw unreachable("Incus sends an answer without end.");
  }
}

interface Reply {
  readonly status: number;
  readonly error?: string;
  /** Path of the operation that goes on. */
  readonly operation?: string;
  readonly metadata: unknown;
}

function parsed(bytes: Uint8Array): Reply {
  const end = find(bytes, "\r\n\r\n", 0);
  const head = new TextDecoder().decode(bytes.subarray(0, Math.max(0, end)));
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? Number.NaN);
  if (end < 0 || !Number.isInteger(status)) throw unreachable("Incus closed the connection without an answer.");
  const rest = bytes.subarray(end + 4);
  const isChunked = /^transfer-encoding: *chunked *$/im.test(head);
  const length = Number(/^content-length: *(\d+) *$/im.exec(head)?.[1] ?? rest.length);
  const content = isChunked ? unchunked(rest) : rest.length < length ? undefined : rest.subarray(0, length);
  if (content === undefined) throw unreachable("Incus closed the connection in the middle of an answer.");
  const { type, error, operation, metadata } = jsonOf(content);
  if (type === "error") return { status, metadata, error: typeof error === "string" ? error : `status ${status}` };
  return { status, metadata, ...(type === "async" && typeof operation === "string" && { operation }) };
}

function jsonOf(content: Uint8Array): Answered {
  try {
    return record(JSON.parse(new TextDecoder().decode(content)));
  } catch (cause) {
    throw unreachable("What answers at Incus's socket does not speak its API.", cause);
  }
}

/** undefined: it is not whole. */
function unchunked(bytes: Uint8Array): Uint8Array | undefined {
  const pieces: Uint8Array[] = [];
  for (let at = 0; ;) {
    const line = find(bytes, "\r\n", at);
    if (line < 0) return undefined;
    const size = Number.parseInt(new TextDecoder().decode(bytes.subarray(at, line)), 16);
    if (!Number.isInteger(size) || line + 2 + size > bytes.length) return undefined;
    if (size === 0) return joined(pieces);
    pieces.push(bytes.subarray(line + 2, line + 2 + size));
    at = line + 2 + size + 2;
  }
}

function find(bytes: Uint8Array, text: string, from: number): number {
  const wanted = new TextEncoder().encode(text);
  for (let at = from; at + wanted.length <= bytes.length; at += 1) {
    if (wanted.every((byte, index) => bytes[at + index] === byte)) return at;
  }
  return -1;
}
