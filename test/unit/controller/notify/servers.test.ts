import { execFileSync, spawnSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { forge } from "../../../../controller/notify/forge.ts";
import { startNotifications, type Notifications } from "../../../../controller/notify/notify.ts";
import { post } from "../../../../controller/notify/post.ts";
import { webhook, type Envelope } from "../../../../controller/notify/webhook.ts";
import { maskTexts } from "../../../../controller/mask.ts";
import { Notify } from "../../../../schemas/notify.ts";
import { forgeServer, type ForgeOptions, type ForgeServer } from "../../../lab/forge-server.ts";
import { commit, deployment, generation, status } from "../../../lab/status.ts";

const token = "correct-horse-battery";
const older = { commit: "0".repeat(40), generation: "0".repeat(64), at: 1 };
const never = new AbortController().signal;
const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;
const mask = (text: string) => maskTexts(text, ["bgp-password"]);

let top: string;
let server: ForgeServer;
const servers: ForgeServer[] = [];
const running: Notifications[] = [];
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), "imp-notify-"));
  writeFileSync(join(top, "token"), `${token}\n`, { mode: 0o600 });
});
afterEach(async () => {
  for (const one of running.splice(0)) one.close();
  await Promise.all(servers.splice(0).map((one) => one.close()));
  rmSync(top, { recursive: true });
});

async function serve(more: Partial<ForgeOptions> = {}): Promise<ForgeServer> {
  server = await forgeServer({ kind: "github", token, repository: "noc/sites", commits: [commit], ...more });
  servers.push(server);
  return server;
}

/** Notifications as the agent has them, but for pauses, which end at once; `pauses` are those that were wanted, in seconds. */
function start(settings: object, timeoutMs = 10_000) {
  const pauses: number[] = [];
  const logged: string[] = [];
  const log = (message: string, fields?: object) => void logged.push(`${message} ${JSON.stringify(fields)}`);
  let uptime = 0;
  const notifications = startNotifications({
    settings: { machine: "fra1/r1", notify: Notify.parse(settings) },
    version: "0.0.0",
    host: {
      now: () => Date.now(),
      uptime: () => uptime,
      sleep: async (ms, signal) => {
        pauses.push(Math.round(ms / 1000));
        uptime += ms;
        await new Promise((resolve) => setImmediate(resolve));
        signal.throwIfAborted();
      },
    },
    log: { warn: log, info: log },
    mask,
    random: () => 0.5,
    post: (letter, _timeout, signal) => post(letter, timeoutMs, signal),
  });
  running.push(notifications);
  return {
    pauses,
    logged,
    tell: (...all: Parameters<typeof status>) => notifications.observer.status?.(status(...all)),
  };
}

async function until(claim: () => boolean): Promise<void> {
  while (!claim()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe.each(["github", "gitea"] as const)("the status of a commit on %s", (kind) => {
  const settings = () => ({
    "commit-status": [{ kind, api: server.url, repository: "noc/sites", "token-file": join(top, "token") }],
  });

  it("goes from pending to success, and names who says so", async () => {
    await serve({ kind });
    const { tell } = start(settings());

    tell({ committed: older, state: "armed", deployment: deployment() });
    await until(() => server.statuses.length === 1);
    tell({ committed: older, state: "proving", deployment: deployment() });
    tell();
    tell();
    await until(() => server.statuses.length === 2);

    const context = "imp/fra1/r1";
    expect(server.statuses).toEqual([
      { commit, context, state: "pending", description: "being deployed, impact session-reset" },
      { commit, context, state: "success", description: "proven and committed" },
    ]);
    const path = `${kind === "gitea" ? "/api/v1" : ""}/repos/noc/sites/statuses/${commit}`;
    expect(server.requests).toEqual([`POST ${path}`, `POST ${path}`]);
  });

  it("says in one line why it failed, without secrets", async () => {
    await serve({ kind });
    const { tell } = start(settings());
    const reason = `FRR rejected "neighbor 192.0.2.1 password bgp-password":\n${"x".repeat(300)}`;

    tell({ committed: older, state: "rolling-back", deployment: deployment({ trigger: "apply", reason }) });
    await until(() => server.statuses.length === 1);

    const { state, description = "" } = server.statuses[0] ?? {};
    expect(state).toBe("failure");
    expect(description).toMatch(
      /^rolled back \(apply\): FRR rejected "neighbor 192\.0\.2\.1 password <masked>":\\u\{a\}x+…$/,
    );
    expect(description.length).toBeLessThanOrEqual(140);
  });

  it("takes a token that was replaced, and never shows one", async () => {
    await serve({ kind });
    writeFileSync(join(top, "token"), "expired-token\n");
    const { tell, logged, pauses } = start(settings());
    tell();
    await until(() => server.requests.length > 2);
    expect(pauses[0]).toBe(600);

    writeFileSync(join(top, "token"), token);
    await until(() => server.statuses.length === 1);

    expect(logged.join("\n")).toMatch(/HTTP 401/);
    expect(logged.join("\n")).not.toMatch(/expired-token|correct-horse/);
  });

  it("survives a server that fails, and tells it the newest state when it is back", async () => {
    await serve({ kind });
    server.fault = { status: 502, body: "<h1>Bad gateway</h1>" };
    const { tell, logged } = start(settings());
    tell({ committed: older, state: "proving", deployment: deployment() });
    await until(() => server.requests.length > 3);
    tell();
    server.fault = undefined;
    const isTold = (): boolean => server.statuses.at(-1)?.state === "success";
    await until(() => isTold() && logged.some((line) => line.includes("arrive again")));

    expect(logged.filter((line) => line.includes("does not arrive"))).toHaveLength(1);
  });

  it.each(["hang", "cut"] as const)("goes on after a server that would %s", async (fault) => {
    await serve({ kind });
    server.fault = fault;
    const { tell, logged } = start(settings(), 100);
    tell();
    await until(() => server.requests.length > 1);
    server.fault = undefined;
    await until(() => server.statuses.length > 0);

    expect(logged[0]).toMatch(fault === "hang" ? /no answer within/ : /ECONNRESET/);
  });
});

it("gives up a commit that GitHub does not have, and goes on with the next", async () => {
  await serve();
  const settings = { kind: "github", api: server.url, repository: "noc/sites", "token-file": join(top, "token") };
  const { tell, logged } = start({ "commit-status": [settings] });

  tell({ desired: { commit: "e".repeat(40), generation }, committed: { ...older, generation } });
  tell();
  await until(() => server.statuses.length === 1);

  expect(server.statuses).toMatchObject([{ commit, state: "success" }]);
  expect(logged[0]).toMatch(/given up: HTTP 422.*No commit found/);
});

it("waits as long as the server asks for", async () => {
  await serve();
  const settings = { kind: "github", api: server.url, repository: "noc/sites", "token-file": join(top, "token") };
  server.fault = { status: 429, headers: { "retry-after": "77" } };
  const { tell, pauses } = start({ "commit-status": [settings] });
  tell();
  await until(() => pauses.length > 0);

  expect(pauses[0]).toBe(77);
});

it("says of a commit that a newer one replaced before it was done", async () => {
  const newer = "e".repeat(40);
  await serve({ commits: [commit, newer] });
  const settings = { kind: "github", api: server.url, repository: "noc/sites", "token-file": join(top, "token") };
  const { tell } = start({ "commit-status": [settings] });
  const waiting = { why: "window", reason: "At night.", unblock: "It opens." } as const;
  tell({ committed: older, state: "waiting", waiting });
  await until(() => server.statuses.length === 1);
  tell({ committed: older, state: "waiting", waiting, desired: { commit: newer, generation: "e".repeat(64) } });
  await until(() => server.statuses.length === 3);

  const said = (of: string) => server.statuses.filter((one) => one.commit === of).map((one) => one.description);
  expect(said(commit)).toEqual(["waits (window): At night.", "superseded by eeeeeeeeeeee"]);
  expect(said(newer)).toEqual(["waits (window): At night."]);
});

describe("a webhook", () => {
  it("gets a signed document for each event that it wants", async () => {
    await serve();
    const [all, some] = ["/hook/all", "/hook/some"].map((path) => `${server.url}${path}?key=in-the-address`);
    const { tell } = start({
      webhooks: [
        { url: all, "secret-file": join(top, "token") },
        { url: some, events: ["held"] },
      ],
    });
    tell({ committed: older, state: "idle" });
    tell({ committed: older, state: "armed", deployment: deployment() });
    const reason = "neighbor 192.0.2.1 password bgp-password is down.";
    const lastDeployment = deployment({ outcome: "rolled-back", trigger: "health", reason });
    tell({ committed: older, state: "held", lastDeployment, held: { generation, reason } });
    await until(() => server.hooks.length === 4);

    const first = server.hooks.find(({ headers }) => headers["x-imp-event"] === "rolled-back");
    expect(JSON.parse(first?.body ?? "")).toEqual({
      format: 1,
      id: first?.headers["x-imp-delivery"],
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      machine: "fra1/r1",
      event: "rolled-back",
      commit,
      generation,
      deployment: "d1",
      trigger: "health",
      reason: "neighbor 192.0.2.1 password <masked> is down.",
      text: "fra1/r1: rolled-back cccccccccccc (health): neighbor 192.0.2.1 password <masked> is down.",
    });
    const hmac = createHmac("sha256", token)
      .update(first?.body ?? "")
      .digest("hex");
    expect(first?.headers["x-imp-signature-256"]).toBe(`sha256=${hmac}`);
    expect(server.hooks.map(({ headers }) => String(headers["x-imp-event"])).sort()).toEqual([
      "held",
      "held",
      "rolled-back",
      "started",
    ]);
    expect(server.hooks.some(({ body }) => body.includes(token))).toBe(false);
  });

  it("is named in the log without what may be secret in its address", async () => {
    await serve();
    server.fault = { status: 500 };
    const { tell, logged } = start({ webhooks: [{ url: `${server.url}/hook/T00/s3cret?key=s3cret` }] });
    tell();
    tell({ paused: { reason: "Power work." } });
    await until(() => logged.length > 0);

    expect(logged[0]).toContain(`"to":"${server.url}"`);
    expect(logged.join("\n")).not.toContain("s3cret");
  });

  it("gets no more than is bounded, and nothing that would move a cursor", async () => {
    const envelope: Envelope = {
      id: "1",
      at: 0,
      machine: "fra1/r1",
      news: { event: "held", reason: `\u001B[31m${"y".repeat(100_000)}` },
    };
    const { body } = await webhook({ url: "https://chat.example.net/hooks" }, mask, "impctl/0").letter(envelope, 3);

    expect(body.length).toBeLessThan(2000);
    expect(body).not.toContain("\u001B");
    expect(JSON.parse(body)).toMatchObject({ lost: 3, reason: expect.stringMatching(/^\\u\{1b\}\[31my+…$/) });
  });
});

describe("keys and tokens", () => {
  const letter = (file: string) =>
    forge({ kind: "github", repository: "noc/sites", "token-file": file }, "fra1/r1", mask, "impctl/0").letter(
      { commit, state: "success", description: "", key: "" },
      0,
    );

  it("are not read from a file that others can read, that is empty or not there", async () => {
    expect((await letter(join(top, "token"))).headers["authorization"]).toBe(`Bearer ${token}`);
    expect((await letter(join(top, "token"))).url).toBe(`https://api.github.com/repos/noc/sites/statuses/${commit}`);
    chmodSync(join(top, "token"), 0o644);
    await expect(letter(join(top, "token"))).rejects.toMatchObject({ code: "SETTINGS" });
    writeFileSync(join(top, "empty"), "\n", { mode: 0o600 });
    await expect(letter(join(top, "empty"))).rejects.toMatchObject({ message: /holds no key/ });
    await expect(letter(join(top, "missing"))).rejects.toMatchObject({ message: /is not there/ });
  });

  it.skipIf(!hasOpenssl)("are sent only to a server of an authority that is trusted (needs openssl)", async () => {
    const [key, cert] = [join(top, "key.pem"), join(top, "cert.pem")];
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
    execFileSync("openssl", ["req", "-x509", ...curve, "-nodes", "-keyout", key, "-out", cert, ...subject], {
      stdio: "ignore",
    });
    await serve({ tls: { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") } });
    const settings = { kind: "github", api: server.url, repository: "noc/sites", "token-file": join(top, "token") };

    const unknown = start({ "commit-status": [settings] });
    unknown.tell();
    await until(() => unknown.logged.length > 0);
    expect(unknown.logged[0]).toContain("DEPTH_ZERO_SELF_SIGNED_CERT");
    expect(server.requests).toEqual([]);

    start({ "commit-status": [{ ...settings, "ca-file": cert }] }).tell();
    await until(() => server.statuses.length === 1);
  });
});

it("reads no endless answer", async () => {
  await serve();
  server.fault = { status: 200, body: "z".repeat(10 << 20) };

  const reply = await post({ url: `${server.url}/hook`, headers: {}, body: "{}" }, 10_000, never);

  expect(reply).toMatchObject({ status: 200, text: "z".repeat(200) });
});

describe("settings", () => {
  it("refuse what would send a token in the clear, and addresses with a password", () => {
    const one = (api: string) =>
      Notify.safeParse({ "commit-status": [{ kind: "gitea", api, repository: "noc/sites", "token-file": "/t" }] })
        .success;
    const hook = (url: string) => Notify.safeParse({ webhooks: [{ url }] }).success;

    expect(["https://git.example.net/api/v1", "http://127.0.0.1:3000/api/v1", "http://[::1]/x"].map(one)).toEqual([
      true,
      true,
      true,
    ]);
    expect(
      ["http://git.example.net/api/v1", "http://127.0.0.1.evil.net/x", "https://a:b@c/x", "ftp://x"].map(one),
    ).toEqual([false, false, false, false]);
    expect(["https://chat.example.net/x?y=z", "http://192.0.2.1:8080/hook"].map(hook)).toEqual([true, true]);
    expect(["https://a:b@chat.example.net/x", "chat.example.net", "https://x y", "https://[zz]/"].map(hook)).toEqual([
      false,
      false,
      false,
      false,
    ]);
    expect(
      Notify.safeParse({ "commit-status": [{ kind: "gitea", repository: "a/b", "token-file": "/t" }] }).success,
    ).toBe(false);
  });
});
