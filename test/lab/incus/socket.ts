/** HTTP on a connection in memory: whole requests in, whole answers out, closed after each as the client asks for. */
import type { Connection } from "../../../reconcilers/core.ts";

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** `answer` gives undefined where the connection is to break; `chunked`: of how many bytes its pieces are. */
export function httpConnection(
  answer: (request: Request) => Answer | Promise<Answer> | undefined,
  chunked?: number,
): Connection {
  let received = Buffer.alloc(0);
  const replies: Buffer[] = [];
  const ended = new AbortController();
  return {
    async write(bytes) {
      received = Buffer.concat([received, bytes]);
      const request = requestIn(received);
      if (!request) return;
      const answered = answer(request);
      const end = (said: Answer | undefined): void => {
        if (said) replies.push(bytesOf(said, chunked));
        ended.abort();
      };
      if (answered instanceof Promise) void answered.then(end);
      else end(answered);
    },
    async read(signal) {
      if (!ended.signal.aborted) {
        const { promise, resolve } = Promise.withResolvers<void>();
        const wake = (): void => resolve();
        AbortSignal.any([signal, ended.signal]).addEventListener("abort", wake, { once: true });
        signal.throwIfAborted();
        await promise;
      }
      signal.throwIfAborted();
      return replies.shift();
    },
    close: () => ended.abort(),
  };
}

function requestIn(received: Buffer): Request | undefined {
  const end = received.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const head = received.subarray(0, end).toString();
  const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0);
  const content = received.subarray(end + 4);
  if (content.length < length) return undefined;
  const [, method = "", path = ""] = /^(\S+) (\S+) HTTP\/1\.1/.exec(head) ?? [];
  return { method, path, body: length === 0 ? undefined : JSON.parse(content.toString()) };
}

function bytesOf({ status, body }: Answer, chunked?: number): Buffer {
  const content = Buffer.from(`${JSON.stringify(body)}\n`);
  const head = `HTTP/1.1 ${status} Whatever\r\nContent-Type: application/json\r\n`;
  if (chunked === undefined)
    return Buffer.from(`${head}Content-Length: ${content.length}\r\n\r\n${content.toString()}`);
  const pieces = [Buffer.from(`${head}Transfer-Encoding: chunked\r\n\r\n`)];
  for (let at = 0; at < content.length; at += chunked) {
    const piece = content.subarray(at, at + chunked);
    pieces.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from("\r\n"));
  }
  return Buffer.concat([...pieces, Buffer.from("0\r\n\r\n")]);
}
