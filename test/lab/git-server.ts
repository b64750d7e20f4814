/** A real git server on loopback: smart HTTP by `git http-backend`. Counts requests, asks for passwords, and can be broken. */
import { spawn } from "node:child_process";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { basename, dirname } from "node:path";

export interface GitServerOptions {
  /** Everything needs this user and password. */
  readonly credentials?: { readonly username: string; readonly password: string };
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Interface address; loopback by default. */
  readonly address?: string;
  readonly port?: number;
}

/**
 * What goes wrong with a request; "hang" never answers, "cut" breaks off in the middle of a pack, "torn" ends early as if
 * whole, "flood" answers with 16 MiB of well-formed refs.
 */
export type GitFault = "hang" | "cut" | "torn" | "error" | "redirect" | "html" | "flood";

export interface GitServer {
  readonly url: string;
  /** "GET /sites.git/info/refs?service=git-upload-pack", in order. */
  readonly requests: string[];
  /** The fault of each request from now on that is picked; undefined to be well again. */
  breakWith(fault: GitFault | undefined, picked?: (request: string) => boolean): void;
  close(): Promise<void>;
}

/** Serves one bare repository for reading, until closed. */
export async function gitServer(bare: string, options: GitServerOptions = {}): Promise<GitServer> {
  const requests: string[] = [];
  let broken: { readonly fault: GitFault; readonly picked: (request: string) => boolean } | undefined;
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const line = `${request.method} ${request.url}`;
    requests.push(line);
    const fault = broken?.picked(line) === true ? broken.fault : undefined;
    if (fault === "hang") return;
    if (fault === "error") return void response.writeHead(500).end();
    if (fault === "redirect") return void response.writeHead(301, { location: "https://git.example.net/x" }).end();
    if (fault === "html") return void response.writeHead(200, { "content-type": "text/html" }).end("<h1>Sign in</h1>");
    if (fault === "flood") return void response.writeHead(200).end(manyRefs(16 << 20));
    if (!isLoggedIn(request, options)) return void response.writeHead(401).end();
    backend(bare, request, response, fault);
  };
  const server = options.tls ? createSecureServer(options.tls, answer) : createServer(answer);
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  const address = options.address ?? "127.0.0.1";
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, address, resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${options.tls ? "https" : "http"}://${address.includes(":") ? `[${address}]` : address}:${port}/${basename(bare)}`,
    requests,
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

/** So many bytes of an answer that goes on and on: one pkt-line for each ref. */
function manyRefs(bytes: number): string {
  const line = `${"a".repeat(40)} refs/heads/main000000001\n`;
  const packet = `${(line.length + 4).toString(16).padStart(4, "0")}${line}`;
  return packet.repeat(bytes / packet.length);
}

function isLoggedIn(request: IncomingMessage, { credentials }: GitServerOptions): boolean {
  if (credentials === undefined) return true;
  const expected = Buffer.from(`${credentials.username}:${credentials.password}`).toString("base64");
  return request.headers.authorization === `Basic ${expected}`;
}

function backend(bare: string, request: IncomingMessage, response: ServerResponse, fault: GitFault | undefined): void {
  const url = new URL(request.url ?? "/", "http://localhost");
  const child = spawn("git", ["http-backend"], {
    env: {
      PATH: process.env["PATH"],
      GIT_PROJECT_ROOT: dirname(bare),
      GIT_HTTP_EXPORT_ALL: "1",
      // The tests may run as root over folders of another user.
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: "safe.directory",
      GIT_CONFIG_VALUE_0: "*",
      REQUEST_METHOD: request.method,
      PATH_INFO: url.pathname,
      QUERY_STRING: url.search.slice(1),
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
      GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
    },
    stdio: ["pipe", "pipe", "ignore"],
  });
  child.stdin.on("error", () => undefined);
  request.pipe(child.stdin);
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.once("close", () => sendCgi(Buffer.concat(chunks), response, fault));
}

function sendCgi(output: Buffer, response: ServerResponse, fault: GitFault | undefined): void {
  const end = output.indexOf("\r\n\r\n");
  const headers = output
    .toString("latin1", 0, Math.max(end, 0))
    .split("\r\n")
    .map((line) => line.split(": ", 2) as [string, string]);
  const status = headers.find(([name]) => name === "Status")?.[1] ?? "200";
  const body = output.subarray(end + 4);
  response.writeHead(
    end === -1 ? 500 : Number.parseInt(status, 10),
    Object.fromEntries(headers.filter(([name]) => name !== "Status" && name !== "")),
  );
  if (fault === "torn") return void response.end(body.subarray(0, body.length >> 1));
  if (fault !== "cut") return void response.end(body);
  response.write(body.subarray(0, body.length >> 1), () => response.destroy());
}

/** `node git-server.ts BARE ADDRESS PORT`: as a process of its own, for a server in a network namespace. Prints its URL. */
if (import.meta.main) {
  const [bare = "", address = "127.0.0.1", port = "0"] = process.argv.slice(2);
  const { url } = await gitServer(bare, { address, port: Number(port) });
  process.stdout.write(`${url}\n`);
}
