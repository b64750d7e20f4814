import { mkdtempSync, rmSync } from "node:fs";
import { createServer as createPlainServer } from "node:http";
import { createServer, type ServerOptions } from "node:https";
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { IncomingMessage, ServerResponse } from "node:http";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { linuxHost } from "../../../../controller/host/linux.ts";
import { limits, listen } from "../../../../controller/report/http.ts";
import { fingerprintOf, openStatusKey, type StatusKey } from "../../../../controller/report/tls.ts";
import { askStatus } from "../../../../controller/rollout/ask.ts";
import { hasOpenssl } from "../../../lab/openssl.ts";

const status = { machine: "fra1/r1", state: "idle", good: { since: 1, soaked: true } };
const { signal } = new AbortController();

describe.skipIf(!hasOpenssl())("asking for a status over TLS (needs openssl)", () => {
  let folder: string;
  let key: StatusKey;
  let close: (() => Promise<unknown> | undefined) | undefined;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "imp-ask-"));
    const host = linuxHost({ seal: () => "", reveal: () => undefined });
    key = await openStatusKey(host, `${folder}/status.pem`, signal);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  afterEach(async () => {
    await close?.();
    close = undefined;
  });

  async function serve(server: Server): Promise<{ readonly address: string; readonly fingerprint: string }> {
    const open = new Set<Socket>();
    server.on("connection", (socket) => void open.add(socket));
    await new Promise<void>((resolve) => server.listen({ host: "127.0.0.1", port: 0 }, resolve));
    close = async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    };
    return placeOf((server.address() as AddressInfo).port);
  }
  const placeOf = (port: number) => ({ address: `127.0.0.1:${port}`, fingerprint: fingerprintOf(key.cert) });
  const secure = async (
    answer: (request: IncomingMessage, response: ServerResponse) => void,
    more: ServerOptions = {},
  ) => serve(createServer({ ...key, ...more }, answer));
  const failure = async (place: { address: string; fingerprint: string }, limit = signal) =>
    askStatus(place, limit).then(
      () => "no failure",
      (thrown: Error) => thrown.message.replaceAll(place.address, "it"),
    );

  it("gives what the agent's own pages say", async () => {
    const pages = { metrics: async () => "", status: () => ({ ...status, planes: {} }), late: () => undefined };
    const opened = await listen("127.0.0.1:0", pages, limits, key);
    close = async () => opened.close();

    expect(await askStatus(placeOf((opened.address as AddressInfo).port), signal)).toEqual(status);
  });

  it("sends nothing to whoever shows another key", async () => {
    let requests = 0;
    const place = await secure((_, response) => {
      requests += 1;
      response.end(JSON.stringify(status));
    });
    const other = `SHA256:${"A".repeat(43)}`;

    expect(await failure({ ...place, fingerprint: other })).toBe(
      `it has the key ${place.fingerprint}, and the repository says ${other}.`,
    );
    expect(requests).toBe(0);
  });

  it.each<[string, string | RegExp, (request: IncomingMessage, response: ServerResponse) => void]>([
    ["an error", "it answers with 503.", (_, response) => response.writeHead(503).end("starting")],
    [
      "a page that leads elsewhere",
      "it answers with 302.",
      (_, response) => response.writeHead(302, { location: "/x" }).end(),
    ],
    ["no status", "it answers with a status that is none: it is no JSON.", (_, response) => response.end("<html>")],
    [
      "an answer without end",
      "it answers with more than 1048576 bytes.",
      (_, response) => {
        const more = (): void => void response.write("x".repeat(65_536), (fault) => fault ?? more());
        more();
      },
    ],
    [
      "a head without end",
      /^it breaks off: Parse Error: Header overflow/,
      (_, response) => response.writeHead(200, { x: "x".repeat(20_000) }).end(),
    ],
    [
      "half an answer",
      "it breaks off: aborted.",
      (_, response) => {
        response.writeHead(200, { "content-length": 100 });
        response.write("{", () => response.destroy());
      },
    ],
  ])("takes %s for a failure", async (_, expected, answer) => {
    expect(await failure(await secure(answer))).toMatch(expected);
  });

  it("takes no older TLS, and none at all for a failure", async () => {
    expect(await failure(await secure(() => undefined, { maxVersion: "TLSv1.2" }))).toMatch(
      /^it does not answer: .*version/,
    );
    await close?.();

    expect(await failure(await serve(createPlainServer()))).toMatch(/^it does not answer: /);
  });

  it("tells that nobody listens there", async () => {
    const place = await secure(() => undefined);
    await close?.();
    close = undefined;

    expect(await failure(place)).toMatch(/^it does not answer: connect ECONNREFUSED/);
  });

  it("ends with its signal, whether the other side is silent before or after the handshake", async () => {
    const soon = () => AbortSignal.timeout(100);
    expect(await failure(await serve(createTcpServer()), soon())).toMatch(/timeout/);
    await close?.();

    expect(await failure(await secure(() => undefined), soon())).toMatch(/timeout/);
  });
});
