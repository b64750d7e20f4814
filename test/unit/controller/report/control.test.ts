import { execFile, spawnSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { askAgent } from "../../../../controller/cli/agent-client.ts";
import { controlSocket, serveControl, statusSocket, type Askable } from "../../../../controller/report/control.ts";
import type { Listening } from "../../../../controller/report/http.ts";
import { Problem } from "../../../../schemas/problem.ts";

let run: string;
let path: string;
let asked: string[];
const opened: Listening[] = [];

beforeEach(async () => {
  run = join(await mkdtemp(join(tmpdir(), "imp-run-")), "imp");
  path = controlSocket({ paths: { run } });
  asked = [];
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((server) => server.close()));
  await rm(join(run, ".."), { recursive: true, force: true });
});

const offered: readonly Askable[] = [
  { name: "status", changes: false, answer: async () => ({ machine: "fra1/r1", state: "idle" }) },
  { name: "plan", changes: false, answer: () => note("plan") },
  ...["sync", "adopt"].map((name) => ({ name, changes: true, answer: () => note(name) })),
  { name: "accept", changes: true, answer: (body) => note(`accept ${String(body["commit"]).slice(0, 3)}`) },
  {
    name: "retry",
    changes: true,
    answer: () =>
      Promise.reject(
        new Problem("HELD", "nothing is held here.", { remedy: "Push.", at: { file: "a", line: 1, column: 2 } }),
      ),
  },
];

const forever = new AbortController().signal;

async function ask(method: "GET" | "POST", url: string, body?: object): Promise<unknown> {
  return askAgent(path, { method, path: url, body }, forever);
}

async function note(what: string) {
  asked.push(what);
  return { done: what };
}

async function serve(using: readonly Askable[] = offered, at = path, group?: number): Promise<Listening> {
  const server = await serveControl(at, using, group);
  opened.push(server);
  return server;
}

/** A request as no client of ours would send it. */
async function raw(method: string, url: string, body: string | Buffer): Promise<readonly [number, string]> {
  const { promise, resolve, reject } = Promise.withResolvers<readonly [number, string]>();
  const outgoing = request({ socketPath: path, method, path: url, agent: false }, (response) => {
    let text = "";
    response.on("data", (chunk: Buffer) => (text += chunk.toString()));
    response.on("end", () => resolve([response.statusCode ?? 0, text]));
  });
  outgoing.once("error", reject);
  outgoing.end(body);
  return promise;
}

describe("the control socket", () => {
  it("passes each question to the agent and its answer back", async () => {
    await serve();

    expect(await ask("GET", "/status")).toEqual({ machine: "fra1/r1", state: "idle" });
    expect(await ask("GET", "/plan")).toEqual({ done: "plan" });
    for (const url of ["/sync", "/adopt"]) await ask("POST", url);
    await askAgent(path, { method: "POST", path: "/accept", body: { commit: "a".repeat(40) } }, forever);
    expect(asked).toEqual(["plan", "sync", "adopt", "accept aaa"]);
  });

  it("gives the agent's Problem as it was", async () => {
    await serve();

    await expect(ask("POST", "/retry", { reason: "repaired" })).rejects.toMatchObject({
      code: "HELD",
      message: "nothing is held here.",
      remedy: "Push.",
    });
  });

  it("can be opened by this user alone", async () => {
    const mask = process.umask(0o022);
    await serve();

    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(run)).mode & 0o777).toBe(0o700);
    expect(process.umask(mask)).toBe(0o022);
  });

  it("is not made where other users could replace it", async () => {
    await mkdir(run, { recursive: true });
    await chmod(run, 0o777);

    await expect(serve()).rejects.toMatchObject({ code: "SETTINGS", message: /other users can write/ });
  });

  it("is not made over something that is no socket, or where no socket fits", async () => {
    await mkdir(run, { recursive: true, mode: 0o700 });
    await writeFile(path, "precious");

    await expect(serve()).rejects.toMatchObject({ code: "SETTINGS", message: /is no socket/ });
    await expect(serve(offered, `${run}/${"x".repeat(100)}`)).rejects.toMatchObject({ message: /too long/ });
  });

  it("keeps a second agent away, and lets the first one be", async () => {
    await serve();

    await expect(serve()).rejects.toMatchObject({ code: "AGENT_BUSY" });
    expect(await ask("POST", "/sync")).toEqual({ done: "sync" });
  });

  it("is taken by one of many that start at once after a crash", async () => {
    await leaveStaleSocket();

    const starts = await Promise.allSettled(Array.from({ length: 6 }, () => serve()));

    expect(starts.filter((start) => start.status === "fulfilled")).toHaveLength(1);
    expect(starts.filter((start) => start.status === "rejected").map((start) => start.reason.code)).toEqual(
      Array.from({ length: 5 }, () => "AGENT_BUSY"),
    );
    expect(await ask("POST", "/sync")).toEqual({ done: "sync" });
    expect(await readdir(run)).toEqual(["agent.sock"]);
  });

  it("refuses what it does not know, and what is too large or no JSON object", async () => {
    await serve();
    const code = async (...args: Parameters<typeof raw>) => {
      const [status, text] = await raw(...args);
      return `${status} ${JSON.parse(text).problem.code}`;
    };

    expect(await code("GET", "/sync", "")).toBe("404 USAGE");
    expect(await code("POST", "/../sync", "")).toBe("404 USAGE");
    expect(await code("DELETE", "/status", "")).toBe("404 USAGE");
    expect(await code("POST", "/accept", "{")).toBe("400 USAGE");
    expect(await code("POST", "/accept", "[]")).toBe("400 USAGE");
    expect(await code("POST", "/sync", `{"x":"${"x".repeat(70_000)}"}`)).toBe("400 USAGE");
    expect(asked).toEqual([]);
  });

  it("answers one question a connection, however many are written ahead", async () => {
    await serve();
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    const socket = connect({ path }).on("error", () => undefined);
    socket.once("close", () => resolve());

    socket.write("GET /plan HTTP/1.1\r\nHost: a\r\n\r\n".repeat(1000));
    await closed;

    expect(asked).toEqual(["plan"]);
  });

  it("aborts an operation when the asker goes away", async () => {
    const started = Promise.withResolvers<void>();
    const aborted = Promise.withResolvers<unknown>();
    await serve([
      {
        name: "plan",
        changes: false,
        answer: (_asked, signal) => {
          signal.addEventListener("abort", () => aborted.resolve(signal.reason));
          started.resolve();
          return new Promise(() => undefined);
        },
      },
    ]);
    const gone = new AbortController();
    const asking = askAgent(path, { method: "GET", path: "/plan" }, gone.signal);
    await started.promise;

    gone.abort();

    await expect(asking).rejects.toMatchObject({ code: "AGENT_UNREACHABLE" });
    expect(await aborted.promise).toMatchObject({ code: "AGENT_UNREACHABLE" });
  });
});

const group = 54_321;
const isRoot = process.getuid?.() === 0;

/** What node prints for another user. The server of the test answers meanwhile. */
async function ranAs(uid: number, gid: number, argv: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, argv, { uid, gid, cwd: "/", timeout: 20_000 }, (fault, stdout) =>
      fault ? reject(fault) : resolve(stdout),
    );
  });
}

/** What somebody with this user and group gets: one word for each thing that is tried. */
async function tried(uid: number, gid: number): Promise<unknown> {
  const script = `
    const fs = require("fs"), { request } = require("http"), run = process.argv[1];
    const attempt = (work) => { try { work(); return "done"; } catch (fault) { return fault.code; } };
    const ask = (name, method, path) => new Promise((resolve) => request({ socketPath: run + "/" + name, method, path, agent: false },
      (answer) => resolve(answer.statusCode)).on("error", (fault) => resolve(fault.code)).end());
    (async () => console.log(JSON.stringify({
      look: await ask("status.sock", "GET", "/status"),
      change: await ask("status.sock", "POST", "/sync"),
      changeAtAll: await ask("agent.sock", "POST", "/sync"),
      list: attempt(() => fs.readdirSync(run)),
      remove: attempt(() => fs.unlinkSync(run + "/status.sock")),
      replace: attempt(() => fs.renameSync(run + "/status.sock", run + "/agent.sock")),
      add: attempt(() => fs.writeFileSync(run + "/other.sock", "")),
    })))();`;
  return JSON.parse(await ranAs(uid, gid, ["-e", script, run]));
}

describe("the socket for those who may only look", () => {
  const looking = offered.filter(({ changes }) => !changes);

  it("is this user's alone where no group is named, and takes nothing that changes anything", async () => {
    await serve();
    await serve(looking, statusSocket({ paths: { run } }));

    path = statusSocket({ paths: { run } });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await ask("GET", "/status")).toEqual({ machine: "fra1/r1", state: "idle" });
    await expect(ask("POST", "/sync")).rejects.toMatchObject({ code: "USAGE" });
    expect(asked).toEqual([]);
  });

  it.skipIf(!isRoot)("lets a group look, but not change, list or replace anything (needs root)", async () => {
    await chmod(join(run, ".."), 0o711);
    await serve();
    await serve(looking, statusSocket({ paths: { run } }), group);

    const nothing = { list: "EACCES", remove: "EACCES", replace: "EACCES", add: "EACCES" };
    expect(await tried(65_534, group)).toEqual({ look: 200, change: 404, changeAtAll: "EACCES", ...nothing });
    expect(await tried(65_534, group + 1)).toEqual({
      look: "EACCES",
      change: "EACCES",
      changeAtAll: "EACCES",
      ...nothing,
    });
    expect(asked).toEqual([]);
  });

  it.skipIf(!isRoot)("leaves a folder as it is through which everybody may pass (needs root)", async () => {
    await chmod(join(run, ".."), 0o711);
    await mkdir(run);
    await serve();
    await serve(looking, statusSocket({ paths: { run } }), group);

    expect((await stat(run)).mode & 0o777).toBe(0o755);
    expect(await tried(65_534, group)).toMatchObject({
      look: 200,
      changeAtAll: "EACCES",
      replace: "EACCES",
      add: "EACCES",
    });
    expect(await tried(65_534, group + 1)).toMatchObject({ look: "EACCES", remove: "EACCES" });
  });

  it.skipIf(!isRoot)("is asked by the command line where the other one may not be opened (needs root)", async () => {
    await chmod(join(run, ".."), 0o711);
    await serve();
    await serve(looking, statusSocket({ paths: { run } }), group);
    const client = new URL("../../../../controller/cli/agent-client.ts", import.meta.url).pathname;
    const script = `import { askAgent } from ${JSON.stringify(client)};
      for (const [method, path] of [["GET", "/status"], ["POST", "/sync"]])
        console.log(JSON.stringify(await askAgent(${JSON.stringify(path)}, { method, path }, new AbortController().signal).catch((fault) => fault)));`;

    const printed = await ranAs(65_534, group, ["--input-type=module", "-e", script]);

    const [seen, refused] = printed
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(seen).toEqual({ machine: "fra1/r1", state: "idle" });
    expect(refused).toMatchObject({ code: "AGENT_UNREACHABLE", remedy: "Run the command as root." });
  });
});

describe("asking an agent", () => {
  it("that does not run is AGENT_UNREACHABLE, also when its socket is still there", async () => {
    const failure = { code: "AGENT_UNREACHABLE", message: /No agent runs here/, transient: true };
    await expect(ask("GET", "/status")).rejects.toMatchObject(failure);
    await leaveStaleSocket();
    await expect(ask("GET", "/status")).rejects.toMatchObject(failure);
  });

  it("that does not answer ends at the deadline", async () => {
    await mkdir(run, { recursive: true });
    const mute = createServer((socket) => socket.resume());
    await new Promise<void>((done) => mute.listen(path, done));

    await expect(askAgent(path, { method: "GET", path: "/status", timeoutMs: 30 }, forever)).rejects.toMatchObject({
      code: "AGENT_UNREACHABLE",
    });
    await new Promise((done) => mute.close(done));
  });
});

/** A socket whose server was killed: the file stays, nobody answers. */
async function leaveStaleSocket(): Promise<void> {
  await mkdir(run, { recursive: true, mode: 0o700 });
  const script = `require("net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
  spawnSync(process.execPath, ["-e", script]);
  expect(await readdir(run)).toEqual(["agent.sock"]);
}
