/**
 * The bytes of one file of a place, from some byte on. Over HTTP by a range, and whatever a server makes of that is checked: one that
 * knows no ranges sends all, one whose file has another length is not listened to.
 */
import type http from "node:http";
import { open } from "node:fs/promises";
import { printable } from "../../schemas/printable.ts";
import { Problem } from "../../schemas/problem.ts";
import { ask, httpAgent, isOfCertificate } from "../http-client.ts";
import type { Pace } from "./pace.ts";
import type { Place } from "./place.ts";

export interface Reader {
  /** Fills `room` with the next bytes, and gives it. Rejects with IMAGE_UNREACHABLE, transient where asking again may help. */
  take(room: Buffer): Promise<Buffer>;
  /** Whatever comes next; undefined: that was all. Rejects like take. */
  next(): Promise<Buffer | undefined>;
  close(): Promise<void>;
}

/** What a reader is made of. */
type Pieces = Pick<Reader, "next" | "close">;

export interface Reading {
  readonly signal: AbortSignal;
  /** Milliseconds without a byte. */
  readonly idleMs: number;
  readonly pace: Pace;
}

export interface WantedBytes {
  readonly file: string;
  /** First byte; the rest of the file follows. */
  readonly from: number;
  /** Bytes of the whole file; another length is refused. undefined: whatever it has. */
  readonly size?: number;
}

const mostRedirects = 5;
const pieceBytes = 1 << 20;

/** Rejects with IMAGE_UNREACHABLE, or with IMAGE_CORRUPT where the file has another length than it must have. */
export async function openReader(place: Place, wanted: WantedBytes, reading: Reading): Promise<Reader> {
  return place.kind === "path" ? openFile(`${place.folder}/${wanted.file}`, wanted) : openHttp(place, wanted, reading);
}

async function openFile(path: string, { from, size }: WantedBytes): Promise<Reader> {
  const failed = (cause: unknown): Problem => {
    const why = cause instanceof Error ? cause.message : String(cause);
    return new Problem("IMAGE_UNREACHABLE", `${path} cannot be read: ${why}`, { cause });
  };
  const file = await open(path).catch((cause: unknown) => {
    throw failed(cause);
  });
  let at = from;
  const found = await file.stat();
  if (size !== undefined && found.size !== size) {
    await file.close();
    throw otherLength(path, found.size, size);
  }
  const next = async (): Promise<Buffer | undefined> => {
    const { buffer, bytesRead } = await file
      .read(Buffer.allocUnsafe(pieceBytes), 0, pieceBytes, at)
      .catch((cause: unknown) => {
        throw failed(cause);
      });
    at += bytesRead;
    return bytesRead === 0 ? undefined : buffer.subarray(0, bytesRead);
  };
  return readerOf({ next, close: () => file.close() }, path);
}

/** Pieces, cut as they are wanted. */
function readerOf({ next, close }: Pieces, label: string): Reader {
  let rest: Buffer = Buffer.alloc(0);
  return {
    async take(room) {
      for (let filled = 0; filled < room.length;) {
        if (rest.length === 0) {
          const piece = await next();
          if (!piece) throw unreachable(label, "ends early");
          rest = piece;
        }
        const copied = rest.copy(room, filled);
        filled += copied;
        const left = rest.subarray(copied);
        if (left.length === 0) giveBack(rest);
        rest = left;
      }
      return room;
    },
    async next() {
      const piece = rest.length > 0 ? rest : await next();
      rest = Buffer.alloc(0);
      return piece;
    },
    close,
  };
}

/** Frees what the piece lies in, where it has that for itself: left to the garbage collector, a stream costs half as much work again. */
function giveBack({ buffer, byteLength }: Buffer): void {
  if (buffer instanceof ArrayBuffer && byteLength === buffer.byteLength) buffer.transfer(0);
}

async function openHttp(
  place: Extract<Place, { readonly kind: "http" }>,
  wanted: WantedBytes,
  reading: Reading,
): Promise<Reader> {
  const { response, label, close } = await follow(place, wanted, reading);
  try {
    const skipped = mustAnswer(response, label, wanted);
    const reader = readerOf({ next: piecesOf(response, label, reading), close: async () => close() }, label);
    // A server that knows no ranges sends what is here already once more.
    const room = Buffer.allocUnsafe(skipped > 0 ? pieceBytes : 0);
    for (let rest = skipped; rest > 0;) rest -= (await reader.take(room.subarray(0, rest))).length;
    return reader;
  } catch (thrown) {
    close();
    throw thrown;
  }
}

interface Answered {
  readonly response: http.IncomingMessage;
  readonly label: string;
  readonly close: () => void;
}

/** Asks, and goes where it is sent: credentials stay with the server that the owner named. */
async function follow(
  { folder, query, label: folderLabel, authorization, ca }: Extract<Place, { readonly kind: "http" }>,
  { file, from }: WantedBytes,
  { signal, idleMs }: Reading,
): Promise<Answered> {
  const first = new URL(`${folder}/${file}${query}`);
  let label = `${folderLabel}/${file}`;
  let url = first;
  for (let redirects = 0; ; redirects += 1) {
    const agent = httpAgent(url.href, ca);
    const headers = {
      "accept-encoding": "identity",
      "user-agent": "impctl",
      ...(from > 0 && { range: `bytes=${from}-` }),
      ...(authorization !== undefined && url.origin === first.origin && { authorization }),
    };
    const silent = (): Problem => unreachable(label, `was silent for ${idleMs / 1000} s`);
    const response = await ask({ url: url.href, headers }, { agent, idleMs, signal, silent }).catch(
      (thrown: unknown) => {
        agent.destroy();
        throw asUnreachable(thrown, label, signal);
      },
    );
    const close = (): void => {
      response.destroy();
      agent.destroy();
    };
    const status = response.statusCode ?? 0;
    const { location } = response.headers;
    if (![301, 302, 303, 307, 308].includes(status) || location === undefined) {
      return { response, label, close };
    }
    close();
    const next = URL.parse(location, url.href);
    const isSafe = next && (next.protocol === "https:" || next.protocol === url.protocol);
    if (!isSafe || !/^https?:$/.test(next.protocol)) throw refused(label, "redirects to what is no https address");
    if (redirects === mostRedirects) throw refused(label, "redirects again and again");
    url = next;
    label = `${folderLabel}/${file} (by way of ${printable(next.host)})`;
  }
}

/** How many bytes come before those that were asked for. */
function mustAnswer(response: http.IncomingMessage, label: string, { from, size }: WantedBytes): number {
  const status = response.statusCode ?? 0;
  const length = response.headers["content-length"];
  if (status === 200) {
    if (size !== undefined && length !== undefined && Number(length) !== size) {
      throw otherLength(label, Number(length), size);
    }
    return from;
  }
  if (status === 206) {
    const [, begin, whole] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers["content-range"] ?? "") ?? [];
    if (begin === undefined || Number(begin) !== from)
      throw refused(label, "answers with another range than it was asked for");
    if (size !== undefined && whole !== "*" && Number(whole) !== size) throw otherLength(label, Number(whole), size);
    return 0;
  }
  if (status === 416) {
    const whole = /^bytes \*\/(\d+)$/.exec(response.headers["content-range"] ?? "")?.[1];
    throw otherLength(label, whole === undefined ? `fewer than ${from}` : Number(whole), size ?? from);
  }
  if (status === 401 || status === 403) throw refused(label, `refuses (HTTP ${status})`);
  if (status === 404 || status === 410) throw refused(label, `does not exist (HTTP ${status})`);
  throw unreachable(label, `answers HTTP ${status}`);
}

function piecesOf(
  response: http.IncomingMessage,
  label: string,
  { signal, pace }: Reading,
): () => Promise<Buffer | undefined> {
  const pieces = (response as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  return async () => {
    const next = await pieces.next().catch((thrown: unknown) => {
      throw asUnreachable(thrown, label, signal);
    });
    if (next.done === true) return undefined;
    await pace(next.value.length, signal);
    return next.value;
  };
}

/** The whole of a small file. Rejects like openReader; with IMAGE_UNREACHABLE when it is larger. */
export async function readWhole(place: Place, file: string, mostBytes: number, reading: Reading): Promise<Buffer> {
  const reader = await openReader(place, { file, from: 0 }, reading);
  const pieces: Buffer[] = [];
  let size = 0;
  try {
    for (;;) {
      const piece = await reader.next();
      if (!piece) return Buffer.concat(pieces);
      pieces.push(piece);
      size += piece.length;
      if (size > mostBytes) throw refused(`${place.label}/${file}`, `has more than ${mostBytes} bytes`);
    }
  } finally {
    await reader.close();
  }
}

/** The whole of a file of any size, as `to`, which it replaces. Rejects like openReader; with IMAGE_UNREACHABLE when it is larger. */
export async function readInto(
  place: Place,
  file: string,
  to: string,
  mostBytes: number,
  reading: Reading,
): Promise<void> {
  const reader = await openReader(place, { file, from: 0 }, reading);
  try {
    const written = await open(to, "w", 0o600);
    try {
      let size = 0;
      for (let piece = await reader.next(); piece; piece = await reader.next()) {
        size += piece.length;
        if (size > mostBytes) throw refused(`${place.label}/${file}`, `has more than ${mostBytes} bytes`);
        await written.writeFile(piece);
      }
    } finally {
      await written.close();
    }
  } finally {
    await reader.close();
  }
}

function otherLength(label: string, found: number | string, size: number): Problem {
  return new Problem("IMAGE_CORRUPT", `${label} has ${found} bytes, and its manifest says ${size}.`, {
    remedy: "Copy the stream there anew.",
  });
}

function refused(label: string, what: string): Problem {
  return new Problem("IMAGE_UNREACHABLE", `${label} ${what}.`, {
    remedy: "Check the address in images.yaml, and images.mirrors in agent.yaml.",
  });
}

function unreachable(label: string, what: string, cause?: unknown): Problem {
  return new Problem("IMAGE_UNREACHABLE", `${label} ${what}.`, {
    transient: true,
    remedy: "It is gone on with from there.",
    ...(cause !== undefined && { cause }),
  });
}

function asUnreachable(thrown: unknown, label: string, signal: AbortSignal): unknown {
  if (thrown instanceof Problem || signal.aborted) return thrown;
  const { code, message } = thrown as NodeJS.ErrnoException;
  if (!isOfCertificate(code)) return unreachable(label, `breaks off: ${code ?? printable(message)}`, thrown);
  return new Problem("IMAGE_UNREACHABLE", `${label}: its certificate is not trusted here (${code}).`, {
    remedy:
      "Name the authority's certificate as images.ca-file, or as ca-file of the mirror; see also the box's clock.",
    cause: thrown,
  });
}
