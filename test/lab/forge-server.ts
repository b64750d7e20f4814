/**
 * A server on loopback that takes commit statuses as GitHub and Gitea do, with their answers to what is wrong; and webhooks
 * (everything below /hook). Remembers what it took, and can be broken.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";

export interface ForgeServer {
  readonly url: string;
  /** Statuses that were made, in order. */
  readonly statuses: {
    readonly commit: string;
    readonly state: string;
    readonly context: string;
    readonly description: string;
  }[];
  /** Webhooks that arrived. */
  readonly hooks: { readonly headers: IncomingMessage["headers"]; readonly body: string }[];
  /** "POST /repos/…", all of them. */
  readonly requests: string[];
  /** What happens to each request from now on: never answered, cut off, or answered with a status of HTTP. */
  fault:
    | "hang"
    | "cut"
    | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
    | undefined;
  close(): Promise<void>;
}

export interface ForgeOptions {
  readonly kind: "github" | "gitea";
  readonly token: string;
  readonly repository: string;
  /** Commits that the forge has. */
  readonly commits: readonly string[];
  readonly tls?: { readonly key: string; readonly cert: string };
}

export async function forgeServer(options: ForgeOptions): Promise<ForgeServer> {
  const sockets = new Set<Socket>();
  const server = options.tls ? createSecureServer(options.tls, answer) : createServer(answer);
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const self: ForgeServer = {
    url: `${options.tls ? "https" : "http"}://127.0.0.1:${port}${options.kind === "gitea" ? "/api/v1" : ""}`,
    statuses: [],
    hooks: [],
    requests: [],
    fault: undefined,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
  return self;

  function answer(request: IncomingMessage, response: ServerResponse): void {
    self.requests.push(`${request.method} ${request.url}`);
    const { fault } = self;
    if (fault === "hang") return;
    if (fault === "cut") return void request.socket.destroy();
    if (fault) return void response.writeHead(fault.status, fault.headers).end(fault.body);
    void readBody(request).then((body) => {
      if (request.url?.startsWith("/hook") || request.url?.startsWith("/api/v1/hook")) {
        self.hooks.push({ headers: request.headers, body });
        return response.writeHead(204).end();
      }
      const { status, message } = take(request, body);
      return response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify({ message }));
    });
  }

  /** As the documentation of both has it: POST …/repos/{owner}/{repo}/statuses/{sha}, 201 when it was made. */
  function take(request: IncomingMessage, body: string): { readonly status: number; readonly message: string } {
    const scheme = options.kind === "github" ? "Bearer" : "token";
    if (request.headers.authorization !== `${scheme} ${options.token}`)
      return { status: 401, message: "Bad credentials" };
    const path = new RegExp(`^(?:/api/v1)?/repos/${options.repository}/statuses/([0-9a-f]{40})$`);
    const commit = path.exec(request.url ?? "")?.[1];
    if (commit === undefined || request.method !== "POST") return { status: 404, message: "Not Found" };
    if (options.kind === "github" && request.headers["user-agent"] === undefined)
      return { status: 403, message: "no agent" };
    if (!options.commits.includes(commit)) {
      return options.kind === "github"
        ? { status: 422, message: `No commit found for SHA: ${commit}` }
        : { status: 500, message: "object does not exist" };
    }
    const { state, context, description } = JSON.parse(body) as Record<string, string>;
    const isOne = ["pending", "success", "error", "failure"].includes(state ?? "");
    if (
      !isOne ||
      state === undefined ||
      context === undefined ||
      description === undefined ||
      description.length > 140
    ) {
      return { status: 422, message: "Validation Failed" };
    }
    self.statuses.push({ commit, state, context, description });
    return { status: 201, message: "" };
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
