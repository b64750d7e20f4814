/** Requests and answers of Incus as bytes: what is sent is whole, what is not said whole is a transient Problem. */
import { Problem } from "../../schemas/problem.ts";
import { joined } from "../bytes.ts";
import type { Connection } from "../core.ts";

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
  | ("id" | "resources" | "expanded_devices")
  | ("environment" | "server_version");

/** An object's fields; none where it is no object. */
export function record(value: unknown): Answered {
  return typeof value === "object" && value !== null ? value : {};
}

/** A field's text; empty where it is none. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** Nothing that Incus says is longer. */
const mostBytes = 64 * 2 ** 20;

/** A request after which the connection ends. */
export function request(method: string, path: string, body: unknown): Uint8Array {
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

/** Until Incus closes the connection. */
export async function readAll(connection: Connection, signal: AbortSignal): Promise<Uint8Array> {
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

export interface Reply {
  readonly status: number;
  readonly error?: string;
  /** Path of the operation that goes on. */
  readonly operation?: string;
  readonly metadata: unknown;
}

/** Rejects what is no whole answer. */
export function parsed(bytes: Uint8Array): Reply {
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

export function unreachable(message: string, cause?: unknown): Problem {
  return new Problem("INCUS_UNREACHABLE", message, {
    remedy: "See `systemctl status incus` and `journalctl -u incus`.",
    transient: true,
    ...(cause !== undefined && { cause }),
  });
}
