/**
 * The HTTP client under isomorphic-git: time limits, own authorities, no redirects (credentials go only where the
 * settings say), and answers taken whole, so that a connection cut in the middle is an error and never half a pack.
 */
import type http from "node:http";
import type { GitHttpRequest, GitHttpResponse, HttpClient } from "isomorphic-git";
import { Problem } from "../../schemas/problem.ts";
import { ask, httpAgent, isOfCertificate } from "../http-client.ts";
import type { Remote } from "./remote.ts";

export interface HttpLimits {
  /** Milliseconds without a byte. */
  readonly idleMs: number;
  /** Bytes of one answer. */
  readonly maxBytes: number;
}

export interface GitHttp extends HttpClient {
  /** Closes the connections that are kept between requests. */
  close(): void;
}

/** Requests reject with GIT_UNREACHABLE (transient) or GIT_AUTH. */
export function gitHttp(
  remote: Extract<Remote, { readonly kind: "http" }>,
  limits: HttpLimits,
  signal: AbortSignal,
): GitHttp {
  const agent = httpAgent(remote.url, remote.ca);
  return {
    close: () => agent.destroy(),
    async request(request: GitHttpRequest): Promise<GitHttpResponse> {
      const body = await collect(request.body ?? []);
      const headers = {
        ...request.headers,
        ...(remote.authorization !== undefined && { authorization: remote.authorization }),
        ...(request.method === "POST" && { "content-length": String(body.length) }),
      };
      const { idleMs } = limits;
      const silent = (): Problem => unreachable(remote.label, `was silent for ${idleMs / 1000} s`);
      const { url, method } = request;
      const asked = { url, headers, body, ...(method !== undefined && { method }) };
      const response = await ask(asked, { agent, idleMs, signal, silent }).catch((error: unknown) => {
        throw toProblem(error, remote.label);
      });
      const bytes = await collectAnswer(response, remote.label, limits);
      refuseStatus(response, remote.label);
      return {
        url: request.url,
        method: request.method ?? "GET",
        statusCode: 200,
        statusMessage: "OK",
        headers: Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, String(value)])),
        body: once(bytes),
      };
    },
  };
}

async function collectAnswer(response: http.IncomingMessage, label: string, limits: HttpLimits): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of response as AsyncIterable<Uint8Array>) {
      size += chunk.length;
      if (size > limits.maxBytes) {
        throw new Problem("GIT_UNREACHABLE", `${label} sent more than ${limits.maxBytes >> 20} MiB in one answer`, {
          remedy:
            "Check the address; a sites repository has few branches and holds text: remove large files from its history.",
        });
      }
      chunks.push(chunk);
    }
  } catch (error) {
    throw toProblem(error, label);
  }
  if (!response.complete) throw unreachable(label, "closed the connection in the middle of an answer");
  return Buffer.concat(chunks);
}

function refuseStatus(response: http.IncomingMessage, label: string): void {
  const status = response.statusCode ?? 0;
  if (status === 200) return;
  // Azure DevOps answers 203 with its sign-in page.
  if (status === 401 || status === 403 || status === 203) {
    throw new Problem("GIT_AUTH", `${label} refused the credentials (HTTP ${status})`, {
      remedy: "Check username and token-file of this remote in agent.yaml, and that the token may read the repository.",
    });
  }
  if (status >= 300 && status < 400) {
    const host = URL.parse(String(response.headers.location))?.origin ?? "another address";
    throw new Problem("GIT_UNREACHABLE", `${label} redirects to ${host}; redirects are not followed`, {
      remedy: "Write the repository's present address into agent.yaml.",
    });
  }
  if (status === 404) {
    throw new Problem("GIT_UNREACHABLE", `${label} has no such repository (HTTP 404)`, {
      remedy: "Check the address; many forges also say this when the token may not read the repository.",
    });
  }
  throw unreachable(label, `answered HTTP ${status}`);
}

function unreachable(label: string, what: string, cause?: unknown): Problem {
  return new Problem("GIT_UNREACHABLE", `${label} ${what}`, {
    transient: true,
    remedy: "The agent keeps trying; it goes on with the last accepted commit.",
    ...(cause !== undefined && { cause }),
  });
}

function toProblem(error: unknown, label: string): unknown {
  if (error instanceof Problem || (error instanceof Error && error.name === "AbortError")) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (isOfCertificate(code)) {
    return new Problem("GIT_UNREACHABLE", `${label}: its certificate is not trusted here (${code})`, {
      transient: true,
      remedy:
        "Name the authority's certificate as ca-file of this remote, once you know that it is the right one; see also the box's clock.",
      cause: error,
    });
  }
  return unreachable(label, `cannot be reached: ${code ?? message}`, error);
}

async function collect(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

async function* once(bytes: Uint8Array): AsyncIterableIterator<Uint8Array> {
  yield bytes;
}
