import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Problem } from "../../../../schemas/problem.ts";
import { impctl } from "./terminal.ts";

const status = {
  machine: "fra1/r1",
  state: "held",
  planes: {},
  notManaged: [],
  problems: [],
  warnings: [],
  git: {},
  inSync: false,
};

describe("the commands for operators", () => {
  let folder: string;
  let socket: string;
  let server: Server;
  let asked: string[];
  let answer: { readonly status: number; readonly body: unknown };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "impctl-operate-"));
    socket = join(folder, "agent.sock");
    asked = [];
    answer = { status: 200, body: {} };
    server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString()));
      request.on("end", () => {
        asked.push(`${request.method} ${request.url} ${body}`.trim());
        response.writeHead(answer.status).end(JSON.stringify(answer.body));
      });
    });
    await new Promise<void>((resolve) => server.listen(socket, resolve));
  });
  afterEach(async () => {
    await new Promise((resolve) => server.close(resolve));
    await rm(folder, { recursive: true });
  });

  it("shows the status for people, and exits with 2 when it is not in sync, with 3 when somebody must look", async () => {
    for (const [state, exitCode] of [
      ["waiting", 2],
      ["held", 3],
      ["stranded", 3],
    ] as const) {
      answer = { status: 200, body: { ...status, state } };

      const ran = await impctl(folder, "status", "--socket", socket);

      expect(ran.exitCode).toBe(exitCode);
      expect(ran.out).toContain("in sync      no\n");
    }
  });

  it("says what a plan is of: a commit, or files that are none yet", async () => {
    const plan = { generation: "1".repeat(64), plans: {}, problems: [], notManaged: [] };
    const about = async (commit: string) => {
      answer = { status: 200, body: { ...plan, commit } };
      return (await impctl(folder, "plan", "--socket", socket)).out.split("\n")[0];
    };

    expect(await about("a".repeat(40))).toBe("commit aaaaaaaaaaaa, generation 111111111111");
    expect(await about("")).toBe("the files as they are, generation 111111111111");
  });

  it("shows the status as the agent wrote it with --json", async () => {
    answer = { status: 200, body: { ...status, state: "idle", inSync: true } };

    const ran = await impctl(folder, "status", "--socket", socket, "--json");

    expect(ran.exitCode).toBe(0);
    expect(JSON.parse(ran.out)).toEqual({ ...status, state: "idle", inSync: true });
  });

  it("asks the agent what each command stands for", async () => {
    const commit = "c".repeat(40);
    for (const argv of [
      ["sync"],
      ["accept", commit],
      ["accept-rewrite"],
      ["adopt", "--accept"],
      ["retry", "--reason", "fixed"],
      ["sync", "--now"],
      ["sync", "--now", "--reason", "attack"],
      ["approve", "c0ffee", "--reason", "seen"],
      ["pause", "--reason", "fibre work", "--for", "4h"],
      ["resume"],
      ["drift", "discard", "--reason", "left over"],
      ["drain", "--peer", "transit-a", "--for", "2h", "--reason", "their maintenance"],
      ["undrain", "--all"],
      ["apply", "--local", "--end"],
      ["breakglass", "--for", "2h", "--reason", "a flood"],
      ["breakglass", "--end"],
    ]) {
      expect(await impctl(folder, ...argv, "--socket", socket)).toMatchObject({ exitCode: 0, err: "" });
    }

    expect(asked).toEqual([
      "POST /sync {}",
      `POST /accept {"commit":"${commit}"}`,
      "POST /accept-rewrite",
      "POST /adopt",
      'POST /retry {"reason":"fixed"}',
      'POST /sync {"now":true}',
      'POST /sync {"now":true,"reason":"attack"}',
      'POST /approve {"generation":"c0ffee","reason":"seen"}',
      'POST /pause {"reason":"fibre work","for":"4h"}',
      "POST /resume",
      'POST /discard-drift {"reason":"left over"}',
      'POST /drain {"peer":"transit-a","for":"2h","reason":"their maintenance"}',
      'POST /undrain {"all":true}',
      "POST /end-local",
      'POST /breakglass {"for":"2h","reason":"a flood"}',
      "POST /end-breakglass",
    ]);
  });

  it("shows drift line by line, why it stays, and exits with 2", async () => {
    const frr = {
      cause: "somebody",
      fate: "accepted",
      steps: ["set router bgp 64500/neighbor 192.0.2.1: description a"],
      decision: { reason: "the outage of Monday", at: 0 },
      foreign: 1,
      difference: [
        "  router bgp 64500",
        "-   neighbor 192.0.2.1 description a",
        "+   neighbor 192.0.2.1 description b",
      ],
    };
    answer = { status: 200, body: { commit: "a".repeat(40), generation: "1".repeat(64), planes: { frr } } };

    const ran = await impctl(folder, "drift", "show", "--socket", socket);

    expect(ran.exitCode).toBe(2);
    expect(ran.out.trimEnd().split("\n")).toEqual([
      "against commit aaaaaaaaaaaa",
      "frr: somebody changed it; accepted: it stays until the repository has it (the outage of Monday); 1 foreign",
      "    router bgp 64500",
      "  -   neighbor 192.0.2.1 description a",
      "  +   neighbor 192.0.2.1 description b",
      "  back: set router bgp 64500/neighbor 192.0.2.1: description a",
    ]);
  });

  it("approves what it showed, where no generation is named", async () => {
    const generation = "1".repeat(64);
    const desired = { commit: "c".repeat(40), generation };
    answer = { status: 200, body: { ...status, desired, waiting: { reason: "Its impact is restart." } } };

    const ran = await impctl(folder, "approve", "--socket", socket);

    expect(asked).toEqual(["GET /status", `POST /approve {"generation":"${generation}"}`]);
    expect(ran.out).toContain("commit cccccccccccc, generation 111111111111: Its impact is restart.\n");
  });

  it("has nothing to approve where the newest commit asks for no generation", async () => {
    answer = { status: 200, body: { ...status, desired: { commit: "c".repeat(40) } } };

    const ran = await impctl(folder, "approve", "--socket", socket);

    expect(ran).toMatchObject({ exitCode: 64, err: expect.stringContaining("No generation is wanted") });
    expect(asked).toEqual(["GET /status"]);
  });

  it.each([
    [true, [{ why: "in-sync" }], 0],
    [false, [{ why: "window" }], 2],
    [false, [{ why: "repository" }, { why: "held" }], 3],
    [false, [{ why: "stranded" }], 3],
    [false, [{ why: "frozen" }], 3],
  ])("exits from why as status does: %s %j", async (inSync, causes, expected) => {
    answer = { status: 200, body: { inSync, causes: causes.map((cause) => ({ ...cause, reason: "It is so." })) } };

    const ran = await impctl(folder, "why", "--socket", socket);

    expect(ran).toMatchObject({ exitCode: expected, err: "" });
    expect(ran.out).toMatch(/^why .*\n +It is so\.\n/);
    expect(asked).toEqual(["GET /why"]);
  });

  it("needs to be told why and for how long to pause, before anything is asked", async () => {
    expect(await impctl(folder, "pause", "--reason", "x", "--socket", socket)).toMatchObject({ exitCode: 64 });
    expect(await impctl(folder, "pause", "--for", "4h", "--socket", socket)).toMatchObject({ exitCode: 64 });
    expect(asked).toEqual([]);
  });

  it("sends a local change with its name, and shows every problem of it with its place", async () => {
    const file = join(folder, "fix.yaml");
    await writeFile(file, "routing: {}\n");
    const problem = new Problem("SCHEMA", "unknown key", { at: { file, line: 1, column: 3 }, path: "routin" });
    answer = { status: 200, body: { applied: false, problems: [problem, problem] } };

    const ran = await impctl(folder, "apply", "--local", file, "--for", "1h", "--reason", "x", "--socket", socket);

    expect(asked).toEqual([
      `POST /apply-local ${JSON.stringify({ name: file, text: "routing: {}\n", for: "1h", reason: "x" })}`,
    ]);
    expect(ran).toMatchObject({ exitCode: 1, out: "" });
    expect(ran.err.split("\n").slice(0, 2)).toEqual(
      Array.from({ length: 2 }, () => `${file}:1:3: routin: unknown key`),
    );
    expect(await impctl(folder, "apply", "--local", file, "--socket", socket)).toMatchObject({ exitCode: 64 });
    expect(await impctl(folder, "apply", "--end", "--socket", socket)).toMatchObject({ exitCode: 64 });
  });

  it("prints the patch for each file, and tells apart what is left to do by hand", async () => {
    const files = [{ file: "fra1/r1.yaml", yaml: "routing:\n  static: null\n" }];
    answer = { status: 200, body: { files, left: ["- no bgp default ipv4-unicast"], foreign: 2 } };

    const ran = await impctl(folder, "drift", "accept", "--reason", "x", "--socket", socket);

    expect(asked).toEqual(['POST /accept-drift {"reason":"x","foreign":false}']);
    expect(ran).toEqual({
      exitCode: 2,
      out: "# fra1/r1.yaml: put this over what stands there; null takes away\nrouting:\n  static: null\n",
      err: `These have to be brought in by hand:
  - no bgp default ipv4-unicast
2 foreign objects are not in it: --foreign brings them in.
`,
    });
  });

  it("refuses an abbreviated commit, and adopting where nothing runs, before anything is asked", async () => {
    expect(await impctl(folder, "accept", "c0ffee", "--socket", socket)).toMatchObject({ exitCode: 64 });
    expect(await impctl(folder, "adopt", "--vty-dir", folder, "--core", `${folder}/core.sock`)).toMatchObject({
      exitCode: 64,
    });
    expect(asked).toEqual([]);
  });

  it("shows the agent's own problem and remedy", async () => {
    answer = { status: 409, body: new Problem("AGENT_BUSY", "A deployment is in flight.", { remedy: "Wait." }) };

    const ran = await impctl(folder, "sync", "--socket", socket);

    expect(ran).toEqual({ exitCode: 1, out: "", err: "impctl: A deployment is in flight. Wait.\n" });
  });

  it("says so when no agent runs, also as JSON", async () => {
    const ran = await impctl(folder, "status", "--socket", join(folder, "none.sock"), "--json");

    expect(ran.exitCode).toBe(1);
    expect(JSON.parse(ran.out)).toMatchObject({ problems: [{ code: "AGENT_UNREACHABLE" }] });
  });

  it("shows the boot environments, and changes one, as the agent says", async () => {
    const environment = { name: "a\u001b[2J", guid: "1", roles: ["running", "next"], committed: true };
    const sizes = { usedBytes: 2 ** 30, referencedBytes: 3 * 2 ** 29, createdAt: 0 };
    const pool = { name: "tank", health: "ONLINE", usedBytes: 1, availableBytes: 2 ** 33 };
    answer = { status: 200, body: { pool, bootfs: "tank/ROOT/a", environments: [{ ...environment, ...sizes }] } };
    const list = await impctl(folder, "be", "list", "--socket", socket);
    expect([list.exitCode, list.out.split("\n")]).toEqual([
      0,
      [
        "pool tank ONLINE, 8.0 GiB free",
        "   NAME        ROLES          COMMITTED  SIZE     OWN      MADE        FROM",
        "*  a\\u{1b}[2J  running, next  yes        1.5 GiB  1.0 GiB  1970-01-01  -",
        "",
      ],
    ]);
    expect(JSON.parse((await impctl(folder, "be", "list", "--json", "--socket", socket)).out)).toMatchObject({ pool });

    answer = { status: 200, body: { message: "a is kept until it is unpinned." } };
    const pinned = await impctl(folder, "be", "pin", "a", "--reason", "why", "--socket", socket);
    expect([pinned.exitCode, pinned.out]).toEqual([0, "a is kept until it is unpinned.\n"]);
    expect(asked.at(-1)).toBe('POST /boot-environment {"verb":"pin","name":"a","reason":"why"}');

    const problem = new Problem("BOOT_ENVIRONMENT", "a stays: it is booted.", { remedy: "Boot another one first." });
    answer = { status: 409, body: { problem } };
    const removed = await impctl(folder, "be", "rm", "a", "--socket", socket);
    expect([removed.exitCode, removed.err]).toEqual([1, "impctl: a stays: it is booted. Boot another one first.\n"]);
    expect((await impctl(folder, "be", "pin", "a", "--socket", socket)).exitCode).toBe(64);
  });

  const isOnZfs = / \/ \/ .* - zfs /.test(readFileSync("/proc/self/mountinfo", "utf8"));
  it.skipIf(isOnZfs)(
    `asks the pool itself where no agent runs, bootstrapped or not (${isOnZfs ? "this machine has one" : "this machine has none"})`,
    async () => {
      const settings = join(folder, "agent.yaml");
      await writeFile(settings, "machine: fra1/r1\nrepository: { folder: /nowhere }\n", { mode: 0o600 });
      // Before a bootstrap there are none.
      for (const file of [settings, join(folder, "none.yaml")]) {
        const alone = ["--settings", file, "--socket", join(folder, "nobody.sock")];
        const { exitCode, err } = await impctl(folder, "be", "list", ...alone);
        expect([exitCode, err]).toEqual([
          1,
          "impctl: The root of this box is no ZFS dataset: it has no boot environments.\n",
        ]);
      }
    },
  );
});
