/**
 * The agent's pages for monitoring: /metrics, /healthz and /status. Read-only, and hostile clients are expected: every
 * wait, size and number is bounded, so that nobody can make the agent keep anything for them.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { isIP, type AddressInfo, type ListenOptions, type Socket } from "node:net";
import { Problem } from "../../schemas/problem.ts";
import type { StatusKey } from "./tls.ts";

/** What the pages show; asked at each request. */
export interface Pages {
  metrics(): Promise<string>;
  /** The status document, or undefined until there is one. */
  status(): unknown;
  /** Why the agent is not healthy, or undefined when it is. */
  late(): string | undefined;
}

export interface Limits {
  /** For the head of a request, and for the whole of it. */
  readonly requestMs: number;
  /** Without a byte in either direction. */
  readonly idleMs: number;
  readonly headBytes: number;
  /** How many may be open; one more takes the place of the oldest on which nothing is being answered. */
  readonly connections: number;
}

/** Prometheus needs one connection and a second; a person with curl another. */
export const limits: Limits = { requestMs: 2_000, idleMs: 10_000, headBytes: 8_192, connections: 32 };

export interface Listening {
  /** Where it listens: with port 0 the system chose one. */
  readonly address: AddressInfo | string | null;
  close(): Promise<void>;
}

const text = "text/plain; charset=utf-8";
/** https://prometheus.io/docs/instrumenting/exposition_formats/ */
const exposition = "text/plain; version=0.0.4; charset=utf-8";

/** Serves the pages at "<address>:<port>", with a key over TLS alone. Rejects with SETTINGS when that is not possible here. */
export async function listen(at: string, pages: Pages, bounds: Limits = limits, tls?: StatusKey): Promise<Listening> {
  const [, host = "", port = ""] = /^\[?([^\]]*)\]?:(\d+)$/.exec(at) ?? [];
  const local = isLoopback(host);
  const server = boundedServer(
    bounds,
    (request, response) => {
      void answerPage(request, response, pages, local).catch(() => respond(response, 500, text, "internal error\n"));
    },
    tls,
  );
  await open(server, { host, port: Number(port) }, (cause) => cannotListen(at, cause));
  return { address: server.address(), close: () => close(server) };
}

async function answerPage(request: IncomingMessage, response: ServerResponse, pages: Pages, local: boolean) {
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.setHeader("allow", "GET, HEAD");
    return respond(response, 405, text, "only GET and HEAD\n");
  }
  if (hasBody(request)) return respond(response, 413, text, "no body, please\n");
  if (request.headersDistinct["host"]?.length !== 1) return respond(response, 400, text, "one host, please\n");
  // A page in a browser on the box may name any host that resolves to loopback; it must not read our pages by that.
  if (local && !isLoopback(hostOf(request))) return respond(response, 421, text, "not this host\n");
  switch (request.url?.split("?", 1)[0]) {
    case "/metrics":
      return respond(response, 200, exposition, await pages.metrics());
    case "/healthz": {
      const late = pages.late();
      return late === undefined ? respond(response, 200, text, "ok\n") : respond(response, 503, text, `${late}\n`);
    }
    case "/status": {
      const status = pages.status();
      return status === undefined
        ? respond(response, 503, text, "starting\n")
        : respond(response, 200, "application/json", `${JSON.stringify(status, undefined, 2)}\n`);
    }
    default:
      return respond(response, 404, text, "/metrics, /healthz or /status\n");
  }
}

/** A server on which slow, large and many requests are cut off. */
export function boundedServer(
  bounds: Limits,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  tls?: StatusKey,
): Server {
  const options = {
    headersTimeout: bounds.requestMs,
    requestTimeout: bounds.requestMs,
    // How late the two before may be noticed.
    connectionsCheckingInterval: Math.min(bounds.requestMs, 500),
    maxHeaderSize: bounds.headBytes,
  };
  // Whoever asks over TLS is an agent of our own, never a browser of long ago.
  const server: Server = tls
    ? createSecureServer({ ...options, ...tls, minVersion: "TLSv1.3", handshakeTimeout: bounds.requestMs }, answer)
    : createServer(options, answer);
  makeRoom(server, bounds.connections);
  // What is written ahead would all be answered at once, and kept for whoever reads none of it.
  server.maxRequestsPerSocket = 1;
  server.on("dropRequest", (_request, socket) => socket.destroy());
  // Each socket that is silent for longer is destroyed, whatever it is in the middle of.
  server.timeout = bounds.idleMs;
  server.on("clientError", (fault: NodeJS.ErrnoException, socket) => {
    if (fault.code === "ECONNRESET" || !socket.writable) socket.destroy();
    else
      socket.end("HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n", () => socket.destroy());
  });
  return server;
}

/** Told by `close`. */
const ending = "imp-ending";

/** Whoever holds connections open and asks nothing must not shut out those who do. */
function makeRoom(server: Server, connections: number): void {
  const open = new Map<string | Socket, Socket>(); // oldest first
  const answering = new Set<string | Socket>();
  // Over TLS a request has another socket than its connection, with the same ends; over a unix socket there are none.
  const nameOf = (socket: Socket): string | Socket =>
    socket.remotePort === undefined ? socket : `${socket.remoteAddress} ${socket.remotePort}`;
  server.on("connection", (socket) => {
    const name = nameOf(socket);
    open.set(name, socket);
    if (open.size > connections) {
      const leaving = [...open.keys()].find((one) => !answering.has(one)) ?? name;
      open.get(leaving)?.destroy();
      open.delete(leaving);
    }
    socket.once("close", () => {
      if (open.get(name) === socket) open.delete(name);
      answering.delete(name);
    });
  });
  // A handshake that is under way is no connection that the server itself would end.
  server.once(ending, () => {
    for (const socket of open.values()) socket.destroy();
  });
  server.on("request", ({ socket }, response) => {
    const name = nameOf(socket);
    answering.add(name);
    response.once("close", () => answering.delete(name));
  });
}

/** Opens a server; what goes wrong becomes the Problem that `describe` makes. Later faults of the server are ignored. */
export async function open(
  server: Server,
  where: ListenOptions,
  describe: (cause: NodeJS.ErrnoException) => Problem,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", (cause: NodeJS.ErrnoException) => reject(describe(cause)));
  server.listen(where, resolve);
  await promise;
  server.on("error", () => undefined);
}

/** Closes the server and every connection to it. */
export async function close(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  server.closeAllConnections();
  server.emit(ending);
  await promise;
}

/** Ends the response, and the connection with it. Nothing may be cached or sniffed. */
export function respond(response: ServerResponse, status: number, type: string, body: string): void {
  if (response.headersSent || response.destroyed) return;
  const bytes = Buffer.from(body);
  response.writeHead(status, {
    connection: "close",
    "content-type": type,
    "content-length": bytes.length,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  });
  response.end(response.req.method === "HEAD" ? undefined : bytes);
}

function hasBody(request: IncomingMessage): boolean {
  return request.headers["transfer-encoding"] !== undefined || Number(request.headers["content-length"] ?? 0) !== 0;
}

function hostOf(request: IncomingMessage): string {
  return /^\[?([^\]]*?)\]?(:\d+)?$/.exec(request.headers.host ?? "")?.[1] ?? "";
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

function cannotListen(at: string, cause: NodeJS.ErrnoException): Problem {
  const why: Record<string, string> = {
    EADDRINUSE: "another program listens there",
    EADDRNOTAVAIL: "this box has no such address (yet)",
    EACCES: "this user may not use that port",
  };
  return new Problem("SETTINGS", `cannot listen on ${at}: ${why[cause.code ?? ""] ?? cause.message}.`, {
    cause,
    transient: cause.code === "EADDRINUSE" || cause.code === "EADDRNOTAVAIL",
    remedy: `Change where it listens in the agent's settings, or see who has it: ss -ltnp.`,
  });
}
