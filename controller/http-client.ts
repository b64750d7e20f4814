/**
 * Requests over HTTP as the product makes them: the system's authorities and one of the owner's, a limit on silence, and nothing
 * followed, decompressed or taken for granted. For git and for images.
 */
import http from "node:http";
import https from "node:https";
import tls from "node:tls";

export interface Asked {
  readonly url: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

export interface Asking {
  readonly agent: http.Agent;
  /** Milliseconds without a byte. */
  readonly idleMs: number;
  readonly signal: AbortSignal;
  /** What it rejects with after so much silence; also in the middle of an answer. */
  readonly silent: () => Error;
}

/** An agent of our own: Node's global one gives up after 5 s of silence. `ca`: PEM, beside the system's authorities. */
export function httpAgent(url: string, ca: string | undefined): http.Agent {
  // Of a large answer so much is taken in before the other side is made to wait: half the work of Node's 64 KiB.
  const options = { keepAlive: true, highWaterMark: 1 << 20 };
  if (!url.startsWith("https:")) return new http.Agent(options);
  return new https.Agent({
    ...options,
    ...(ca !== undefined && { ca: [...tls.getCACertificates("default"), ca] }),
  });
}

/** Resolves with the head of the answer, whatever its status. Rejects with Node's own error, the signal's, or `silent`'s. */
export function ask(
  { url, method = "GET", headers = {}, body }: Asked,
  { agent, idleMs, signal, silent }: Asking,
): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    const send = url.startsWith("https:") ? https.request : http.request;
    const request = send(url, { agent, headers, signal, method });
    request.setTimeout(idleMs, () => request.destroy(silent()));
    request.once("error", reject);
    request.once("response", resolve);
    request.end(body);
  });
}

/** OpenSSL's verdicts (X509_V_ERR_…), as Node names them, and its own about names. */
export function isOfCertificate(code: string | undefined): boolean {
  return code !== undefined && /^(?:CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|ERR_TLS_CERT)/.test(code);
}
