/**
 * One POST, with limits on time and size. The authorities of one destination are trusted for that one alone, which Node's
 * own fetch cannot do; redirects are not followed, so that credentials go only where the settings say.
 */
import http from "node:http";
import https from "node:https";
import tls from "node:tls";
import { printable } from "../../schemas/printable.ts";

export interface Letter {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** PEM, beside the system's authorities. */
  readonly ca?: string;
}

export interface Reply {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** The beginning of the body, one printable line. */
  readonly text: string;
}

/** Bytes of an answer that are looked at; of a longer one the connection is closed. */
const largestAnswer = 16 << 10;
const shown = 200;

/** Resolves with any answer of a server. Rejects with an Error that names neither path nor credentials. */
export async function post(letter: Letter, timeoutMs: number, signal: AbortSignal): Promise<Reply> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  try {
    const response = await exchange(letter, limited);
    const text = await beginning(response);
    return { status: response.statusCode ?? 0, headers: response.headers, text };
  } catch (error) {
    signal.throwIfAborted();
    if (limited.aborted) throw new Error(`no answer within ${timeoutMs / 1000} s`, { cause: error });
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Error(code ?? printable(message.slice(0, shown)), { cause: error });
  }
}

function exchange({ url, headers, body, ca }: Letter, signal: AbortSignal): Promise<http.IncomingMessage> {
  const isSecure = url.startsWith("https:");
  const options: https.RequestOptions = {
    method: "POST",
    signal,
    // A connection of its own: there is seldom a second one.
    agent: false,
    headers: { ...headers, "content-type": "application/json", "content-length": Buffer.byteLength(body) },
    ...(isSecure && ca !== undefined && { ca: [...tls.getCACertificates("default"), ca] }),
  };
  return new Promise((resolve, reject) => {
    const request = isSecure ? https.request(url, options) : http.request(url, options);
    request.once("error", reject);
    request.once("response", resolve);
    request.end(body);
  });
}

async function beginning(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    // Leaving the loop closes the connection.
    if (size > largestAnswer) break;
  }
  return printable(Buffer.concat(chunks).toString("utf8", 0, largestAnswer).trim().slice(0, shown));
}
