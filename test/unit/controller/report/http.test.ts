import { mkdtempSync, rmSync } from "node:fs";
import { connect, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { afterEach, describe, expect, it } from "vitest";
import { limits, listen, type Limits, type Listening, type Pages } from "../../../../controller/report/http.ts";
import { linuxHost } from "../../../../controller/host/linux.ts";
import { openStatusKey } from "../../../../controller/report/tls.ts";
import { hasOpenssl } from "../../../lab/openssl.ts";
import { pulse } from "../../../../controller/report/pulse.ts";

const healthy: Pages = {
  metrics: async () => "imp_held 0\n",
  status: () => ({ machine: "fra1/r1" }),
  late: () => undefined,
};

let opened: Listening | undefined;
afterEach(async () => {
  await opened?.close();
  opened = undefined;
});

async function serve(pages: Partial<Pages> = {}, bounds: Limits = limits): Promise<number> {
  opened = await listen("127.0.0.1:0", { ...healthy, ...pages }, bounds);
  return (opened.address as AddressInfo).port;
}

/** Sends bytes as they are and gives everything that came back until the server hung up. */
async function raw(port: number, ...pieces: readonly string[]): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let received = "";
  const socket = connect({ port, host: "127.0.0.1" });
  socket.on("data", (chunk: Buffer) => (received += chunk.toString("latin1")));
  socket.on("error", () => undefined);
  socket.once("close", () => resolve(received));
  for (const piece of pieces) socket.write(piece);
  return promise;
}

const head = (first: string, ...more: readonly string[]) =>
  `${[first, ...(more.length ? more : ["Host: 127.0.0.1"]), "Connection: close"].join("\r\n")}\r\n\r\n`;
const firstLine = (answer: string) => answer.split("\r\n", 1)[0];

describe.skipIf(!hasOpenssl())("the pages over TLS (needs openssl)", () => {
  it("make room for who asks by ending idle connections, and none on which something is being answered", async () => {
    const folder = mkdtempSync(join(tmpdir(), "imp-pages-"));
    const host = linuxHost({ seal: () => "", reveal: () => undefined });
    const key = await openStatusKey(host, `${folder}/status.pem`, new AbortController().signal);
    rmSync(folder, { recursive: true });
    const { promise: asked, resolve: isAsked } = Promise.withResolvers<void>();
    const { promise: metrics, resolve: answer } = Promise.withResolvers<string>();
    const slow = {
      ...healthy,
      metrics: () => {
        isAsked();
        return metrics;
      },
    };
    opened = await listen("127.0.0.1:0", slow, { ...limits, connections: 2 }, key);
    const { port } = opened.address as AddressInfo;
    const door = () => connectTls({ host: "127.0.0.1", port, rejectUnauthorized: false }).on("error", () => undefined);

    const busy = door();
    busy.write(head("GET /metrics HTTP/1.1"));
    await asked;
    const idle = [];
    for (let number = 0; number < 4; number++) {
      const one = door();
      await new Promise((resolve) => one.once("secureConnect", resolve));
      idle.push(new Promise((resolve) => one.once("close", resolve)));
    }
    await Promise.all(idle.slice(0, 3));
    answer("imp_held 0\n");
    let received = "";
    for await (const chunk of busy as AsyncIterable<Buffer>) received += chunk.toString();

    expect(received).toMatch(/^HTTP\/1\.1 200 OK[^]*imp_held 0\n$/);
  });
});

describe("the pages", () => {
  it("are metrics, health and status", async () => {
    const port = await serve();
    const get = async (path: string) => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`);
      return [response.status, response.headers.get("content-type"), await response.text()];
    };

    expect(await get("/metrics")).toEqual([200, "text/plain; version=0.0.4; charset=utf-8", "imp_held 0\n"]);
    expect(await get("/healthz")).toEqual([200, "text/plain; charset=utf-8", "ok\n"]);
    expect(await get("/status")).toEqual([200, "application/json", '{\n  "machine": "fra1/r1"\n}\n']);
    expect((await get("/status?pretty=1"))[0]).toBe(200);
  });

  it("answer HEAD with the same head and nothing else", async () => {
    const answer = await raw(await serve(), head("HEAD /metrics HTTP/1.1"));

    expect(answer).toMatch(/^HTTP\/1.1 200 OK\r\n/);
    expect(answer).toMatch(/content-length: 11\r\n/);
    expect(answer.endsWith("\r\n\r\n")).toBe(true);
  });

  it("say 503 and why while the loop is stuck or there is no status yet", async () => {
    const port = await serve({ late: () => "the loop was last heard of 90 s ago", status: () => undefined });

    const health = await fetch(`http://127.0.0.1:${port}/healthz`);
    const status = await fetch(`http://127.0.0.1:${port}/status`);

    expect([health.status, await health.text()]).toEqual([503, "the loop was last heard of 90 s ago\n"]);
    expect(status.status).toBe(503);
  });

  it("say 500 without details when a page cannot be made, and go on", async () => {
    let calls = 0;
    const metrics = async () => (calls++ === 0 ? Promise.reject(new Error("secret detail")) : "fine\n");
    const port = await serve({ metrics });

    const first = await raw(port, head("GET /metrics HTTP/1.1"));
    const second = await raw(port, head("GET /metrics HTTP/1.1"));

    expect(firstLine(first)).toBe("HTTP/1.1 500 Internal Server Error");
    expect(first).not.toContain("secret detail");
    expect(firstLine(second)).toBe("HTTP/1.1 200 OK");
  });
});

describe("a hostile request", () => {
  it.each([
    ["another method", head("POST /metrics HTTP/1.1"), 405],
    ["a method that changes things", head("DELETE /status HTTP/1.1"), 405],
    ["an unknown page", head("GET / HTTP/1.1"), 404],
    ["a path with dots", head("GET /../../etc/shadow HTTP/1.1"), 404],
    ["an encoded path", head("GET /%2e%2e/status HTTP/1.1"), 404],
    ["a doubled slash", head("GET //metrics HTTP/1.1"), 404],
    ["a whole URL as path", head("GET http://127.0.0.1/metrics HTTP/1.1"), 404],
    ["a name that may have been rebound to loopback", head("GET /status HTTP/1.1", "Host: evil.example.net"), 421],
    ["no host", "GET /status HTTP/1.1\r\nConnection: close\r\n\r\n", 400],
    ["two hosts", head("GET /status HTTP/1.1", "Host: 127.0.0.1", "Host: evil.example.net"), 400],
    ["a body", `${head("GET /status HTTP/1.1", "Host: 127.0.0.1", "Content-Length: 1")}x`, 413],
    ["an endless body", `${head("GET /status HTTP/1.1", "Host: 127.0.0.1", "Transfer-Encoding: chunked")}5\r\n`, 413],
    ["both kinds of length", head("GET / HTTP/1.1", "Host: a", "Content-Length: 5", "Transfer-Encoding: chunked"), 400],
    ["no HTTP", "\u0016\u0003\u0001\u0002\u0000\r\n\r\n", 400],
    ["a head that is too large", head("GET /status HTTP/1.1", `X: ${"x".repeat(20_000)}`), 400],
    ["a path that is too large", head(`GET /${"x".repeat(20_000)} HTTP/1.1`), 400],
  ])("with %s is refused and the connection closed", async (_what, request, status) => {
    const port = await serve();

    const answer = await raw(port, request);

    expect(firstLine(answer)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer.toLowerCase()).toContain("connection: close\r\n");
    expect(answer).not.toContain("fra1/r1");
  });

  it("that asks for a tunnel or another protocol gets neither", async () => {
    const port = await serve();

    const tunnel = await raw(port, "CONNECT 192.0.2.1:22 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    const upgrade = await raw(port, head("GET /status HTTP/1.1", "Host: 127.0.0.1", "Upgrade: h2c"));

    expect(tunnel).toBe("");
    expect(firstLine(upgrade)).toBe("HTTP/1.1 200 OK");
  });

  it("that never ends is cut off while others are served", async () => {
    const port = await serve({}, { ...limits, requestMs: 40 });
    const slow = [raw(port, "GET /metrics HTTP/1.1\r\nHost: "), raw(port, "GET /metr")];

    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
    expect((await Promise.all(slow)).map((answer) => firstLine(answer))).toEqual([
      "HTTP/1.1 400 Bad Request",
      "HTTP/1.1 400 Bad Request",
    ]);
  });

  it("that is only an open connection is cut off", async () => {
    const port = await serve({}, { ...limits, idleMs: 40 });

    expect(await raw(port)).toBe("");
  });

  it("does not shut others out by holding connections open", async () => {
    const port = await serve({}, { ...limits, connections: 8 });
    const holding = Array.from({ length: 30 }, () => raw(port, "GET /metr"));

    for (let i = 0; i < 5; i += 1) {
      expect(firstLine(await raw(port, head("GET /healthz HTTP/1.1")))).toBe("HTTP/1.1 200 OK");
    }

    expect((await Promise.all(holding.slice(0, 22))).every((answer) => answer === "")).toBe(true);
    await opened?.close();
    opened = undefined;
    await Promise.all(holding);
  });

  it("that is one of many written ahead makes no more than one page, and is cut off", async () => {
    let made = 0;
    const metrics = async () => `made ${(made += 1)}\n`;
    const port = await serve({ metrics });

    await raw(port, "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".repeat(1000));

    expect(made).toBe(1);
  });

  it("does not cut off one that is being answered, and finds no more connections than there may be", async () => {
    const asked = Promise.withResolvers<void>();
    const answered = Promise.withResolvers<string>();
    const metrics = async () => {
      asked.resolve();
      return answered.promise;
    };
    const port = await serve({ metrics }, { ...limits, connections: 1 });
    const slow = raw(port, head("GET /metrics HTTP/1.1"));
    await asked.promise;

    expect(await raw(port, head("GET /healthz HTTP/1.1"))).toBe("");

    answered.resolve("imp_held 1\n");
    expect(await slow).toContain("imp_held 1");
    expect(firstLine(await raw(port, head("GET /healthz HTTP/1.1")))).toBe("HTTP/1.1 200 OK");
  });
});

describe("listening", () => {
  it("says in a Problem that the port is taken", async () => {
    const port = await serve();

    await expect(listen(`127.0.0.1:${port}`, healthy)).rejects.toMatchObject({
      code: "SETTINGS",
      transient: true,
      message: `cannot listen on 127.0.0.1:${port}: another program listens there.`,
    });
  });

  it("says in a Problem that the address is not there", async () => {
    await expect(listen("192.0.2.1:0", healthy)).rejects.toMatchObject({
      code: "SETTINGS",
      message: "cannot listen on 192.0.2.1:0: this box has no such address (yet).",
    });
  });

  it("answers to any host name on an address that is not loopback", async () => {
    opened = await listen("0.0.0.0:0", healthy);
    const { port } = opened.address as AddressInfo;

    const answer = await raw(port, head("GET /healthz HTTP/1.1", "Host: r1.fra1.example.net:9709"));

    expect(firstLine(answer)).toBe("HTTP/1.1 200 OK");
  });

  it("ends with every connection", async () => {
    const port = await serve();
    const open = raw(port, "GET /metr");
    await fetch(`http://127.0.0.1:${port}/healthz`);

    await opened?.close();
    opened = undefined;

    expect(await open).toBe("");
  });
});

describe("the pulse", () => {
  it("is late when the loop did not say by when it will be heard of, or did not keep it", () => {
    let now = 0;
    const { observer, late } = pulse(() => now, 60_000);

    expect(late()).toBeUndefined();
    now = 61_000;
    expect(late()).toBe("the loop was last heard of 61 s ago and is 1 s late");
    observer.event?.({ type: "alive", withinMs: 30_000 });
    now = 91_000;
    expect(late()).toBeUndefined();
    observer.event?.({ type: "polled", result: "unchanged" });
    now = 100_000;
    expect(late()).toBe("the loop was last heard of 39 s ago and is 9 s late");
  });
});
