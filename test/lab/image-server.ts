/** An HTTP server on loopback that has the files of a folder, knows ranges, counts what it sends, and can be broken. */
import { openSync, readSync, closeSync, statSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** What goes wrong with a request; "status" answers with that number. */
export type ImageFault =
  /** Closes the connection after so many bytes of the answer. */
  | { readonly kind: "cut"; readonly after: number }
  /** Sends nothing more after so many bytes, and does not end. */
  | { readonly kind: "stall"; readonly after: number }
  /** Says that it sends all, and ends after so many bytes as if that were it. */
  | { readonly kind: "short"; readonly after: number }
  /** Changes the byte at this offset of the file. */
  | { readonly kind: "lie"; readonly at: number }
  /** Always sends all, with 200. */
  | { readonly kind: "no-ranges" }
  /** Another range than it was asked for. */
  | { readonly kind: "other-range" }
  | { readonly kind: "status"; readonly status: number }
  /** Sends to this address. */
  | { readonly kind: "redirect"; readonly to: string };

export interface ImageServer {
  readonly url: string;
  /** "GET /file bytes=5-", in order. */
  readonly requests: string[];
  /** With which Authorization headers. */
  readonly credentials: (string | undefined)[];
  /** Bytes of bodies that were given to the network. */
  sent(): number;
  /** For each request from now on whose line it picks; undefined: well again. */
  breakWith(fault: ImageFault | undefined, picked?: (request: string) => boolean): void;
  close(): Promise<void>;
}

export async function imageServer(
  folder: string,
  options: {
    readonly tls?: { readonly key: string; readonly cert: string };
    /** Bytes a second of each answer, as over a link of that rate; undefined: as fast as it goes. */
    readonly rate?: number;
  } = {},
): Promise<ImageServer> {
  const requests: string[] = [];
  const credentials: (string | undefined)[] = [];
  let sent = 0;
  let broken: { readonly fault: ImageFault; readonly picked: (request: string) => boolean } | undefined;
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const { range, authorization } = request.headers;
    const line = [`${request.method} ${request.url}`, range].filter((part) => part !== undefined).join(" ");
    requests.push(line);
    credentials.push(authorization);
    const fault = broken?.picked(line) === true ? broken.fault : undefined;
    if (fault?.kind === "status") return void response.writeHead(fault.status).end();
    if (fault?.kind === "redirect") return void response.writeHead(302, { location: fault.to + request.url }).end();
    const path = join(folder, new URL(request.url ?? "/", "http://x").pathname);
    const pace = paced(options.rate);
    void sendFile(path, range, response, fault, (bytes) => {
      sent += bytes;
      return pace(bytes);
    });
  };
  const server = options.tls ? createSecureServer(options.tls, answer) : createServer(answer);
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `${options.tls ? "https" : "http"}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    credentials,
    sent: () => sent,
    breakWith(fault, picked = () => true) {
      broken = fault && { fault, picked };
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

async function sendFile(
  path: string,
  range: string | undefined,
  response: ServerResponse,
  fault: ImageFault | undefined,
  count: (bytes: number) => Promise<void> | undefined,
): Promise<void> {
  const size = sizeOf(path);
  if (size === undefined) return void response.writeHead(404).end();
  const asked = fault?.kind === "no-ranges" ? 0 : Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1] ?? 0);
  if (asked >= size) return void response.writeHead(416, { "content-range": `bytes */${size}` }).end();
  const from = fault?.kind === "other-range" && asked > 0 ? asked - 1 : asked;
  const isPart = range !== undefined && fault?.kind !== "no-ranges";
  response.writeHead(isPart ? 206 : 200, {
    // One that ends early as if whole does not say how much it sends.
    ...(fault?.kind === "short" ? {} : { "content-length": size - from }),
    ...(isPart && { "content-range": `bytes ${from}-${size - 1}/${size}` }),
  });
  const limit = fault && "after" in fault ? fault.after : size;
  const file = openSync(path, "r");
  try {
    for (let at = from; at < size && at - from < limit;) {
      const piece = Buffer.alloc(Math.min(65_536, size - at, limit - (at - from)));
      readSync(file, piece, 0, piece.length, at);
      const lied = fault?.kind === "lie" ? fault.at - at : -1;
      if (lied >= 0 && lied < piece.length) piece.writeUInt8(piece.readUInt8(lied) ^ 1, lied);
      await count(piece.length);
      if (!response.write(piece)) await writable(response);
      if (response.destroyed) return;
      at += piece.length;
    }
  } finally {
    closeSync(file);
  }
  // What was written is on its way before the connection goes.
  if (fault?.kind === "cut") response.write("", () => setImmediate(() => response.destroy()));
  else if (fault?.kind !== "stall") response.end();
}

/** Waits until so many bytes more may have gone at this rate. */
function paced(rate: number | undefined): (bytes: number) => Promise<void> | undefined {
  const begun = performance.now();
  let total = 0;
  return (bytes) => {
    if (rate === undefined) return undefined;
    total += bytes;
    const early = begun + (1000 * total) / rate - performance.now();
    // Shorter waits than a timer can keep are made up for by the next one.
    return early < 2 ? undefined : sleep(early);
  };
}

function writable(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off("drain", done).off("close", done);
      resolve();
    };
    response.on("drain", done).on("close", done);
  });
}

function sizeOf(path: string): number | undefined {
  try {
    return statSync(path).size;
  } catch {
    return undefined;
  }
}

/** `node image-server.ts FOLDER [RATE]`: as a process of its own, so that it does not share a core's turn with who fetches. */
if (import.meta.main) {
  const [folder = ".", rate] = process.argv.slice(2);
  const { url } = await imageServer(folder, rate === undefined ? {} : { rate: Number(rate) });
  process.stdout.write(`${url}\n`);
}
