import { execFileSync, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { gitSource, type GitTuning } from "../../controller/git.ts";
import { fetchProgram } from "../../controller/git/child.ts";
import type { FetchJob } from "../../controller/git/job.ts";
import { linuxHost } from "../../controller/host/linux.ts";
import { noOverrides } from "../../controller/source.ts";
import { Problem, type ProblemCode } from "../../schemas/problem.ts";
import { Settings } from "../../schemas/settings.ts";
import { gitServer, type GitServer, type GitServerOptions } from "../lab/git-server.ts";
import { makeSitesRepository, type SitesRepository } from "../lab/sites-repository.ts";

const hasGit = spawnSync("git", ["--version"]).status === 0;
const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;
const isRoot = process.getuid?.() === 0;
const never = new AbortController().signal;
const host = linuxHost({ seal: (text) => text, reveal: () => undefined });
const text = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString("utf8");

describe.skipIf(!hasGit)("following a sites repository (needs git)", () => {
  let top: string;
  let sites: SitesRepository;
  let first: string;
  const servers: GitServer[] = [];

  beforeEach(() => {
    top = mkdtempSync(join(tmpdir(), "imp-git-"));
    sites = makeSitesRepository(top);
    first = sites.push("Start", {
      "fleet.yaml": "defaults: 1\n",
      "fra1/site.yaml": "{}\n",
      "fra1/r1.yaml": "one\n",
      "fra1/r2.yaml": "other\n",
      "ams1/r1.yaml": "far\n",
      "customers/acme.yaml": "acme\n",
    });
  });
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.close()));
    rmSync(top, { recursive: true, force: true });
  });

  async function serve(options: GitServerOptions = {}, bare = sites.bare): Promise<GitServer> {
    const server = await gitServer(bare, options);
    servers.push(server);
    return server;
  }

  type Remotes = NonNullable<Settings["repository"]["remotes"]>;
  function source(remotes: Remotes, tuning: GitTuning = {}, cache = join(top, "cache"), machine = "fra1/r1") {
    const settings = Settings.parse({ machine, repository: { remotes }, paths: { cache } });
    return gitSource(settings, host, tuning);
  }

  async function refusal(work: Promise<unknown>): Promise<Problem> {
    const thrown = await work.then(
      () => undefined,
      (error: unknown) => error,
    );
    if (thrown instanceof Problem) return thrown;
    throw new Error("was not refused", { cause: thrown });
  }

  async function code(work: Promise<unknown>): Promise<ProblemCode> {
    return (await refusal(work)).code;
  }

  /** Serves, accepts the first commit and pushes a second one. */
  async function followed(tuning: GitTuning = {}) {
    const server = await serve();
    const followed = source([{ url: server.url }], tuning);
    await followed.accept(first, undefined, noOverrides, never);
    const second = sites.push("Change", { "fra1/r1.yaml": "two\n" });
    return { server, followed, second };
  }

  const deleteBranch = () => execFileSync("git", ["-C", sites.bare, "update-ref", "-d", "refs/heads/main"]);
  const packs = () => join(top, "cache/git/repo/objects/pack");

  it("gives the tree of this machine at the newest commit", async () => {
    const server = await serve();
    const followed = source([{ url: server.url }]);

    const head = await followed.head(never);
    const tree = await followed.accept(head.commit, undefined, noOverrides, never);

    expect(head).toEqual({ commit: first, remote: server.url, failed: [], tags: [] });
    expect(tree.revision).toMatchObject({
      commit: first,
      subject: "Start",
      author: "Nora Operator <nora@example.net>",
    });
    expect(text(await tree.read("fra1/r1.yaml"))).toBe("one\n");
    expect(text(await tree.read("customers/acme.yaml"))).toBe("acme\n");
    expect(await tree.read("fra1/r3.yaml")).toBeUndefined();
    expect(await tree.list("")).toEqual([
      { name: "ams1", kind: "folder" },
      { name: "customers", kind: "folder" },
      { name: "fleet.yaml", kind: "file", size: 12 },
      { name: "fra1", kind: "folder" },
    ]);
    expect((await tree.list("fra1")).map(({ name }) => name)).toEqual(["r1.yaml", "r2.yaml", "site.yaml"]);
  });

  it("asks at most two requests when nothing is new, and starts no fetch", async () => {
    const server = await serve();
    const agent = source([{ url: server.url }]);
    await agent.accept(first, undefined, noOverrides, never);
    server.requests.length = 0;

    await agent.head(never);

    expect(server.requests).toEqual([
      "GET /sites.git/info/refs?service=git-upload-pack",
      "POST /sites.git/git-upload-pack",
    ]);
  });

  it("needs no network for the accepted commit after a restart", async () => {
    const server = await serve();
    await source([{ url: server.url }]).accept(first, undefined, noOverrides, never);
    await server.close();

    const tree = await source([{ url: server.url }]).accept(first, first, noOverrides, never);

    expect(text(await tree.read("fra1/r1.yaml"))).toBe("one\n");
  });

  it("needs no network for an older commit, however many were accepted since", async () => {
    const server = await serve();
    const agent = source([{ url: server.url }]);
    const accepted = [first];
    await agent.accept(first, undefined, noOverrides, never);
    for (let count = 0; count < 5; count++) {
      const next = sites.push(`Wait ${count}`, { "fra1/r1.yaml": `${count}\n` });
      await agent.accept(next, accepted.at(-1), noOverrides, never);
      accepted.push(next);
    }
    await server.close();
    const newest = accepted.at(-1) ?? "";

    const [tree, again] = await Promise.all([
      agent.accept(first, first, noOverrides, never),
      agent.accept(newest, newest, noOverrides, never),
    ]);
    expect(text(await tree.read("fra1/r1.yaml"))).toBe("one\n");
    expect(text(await again.read("fra1/r1.yaml"))).toBe("4\n");
  });

  it("gives a box that is to be another machine that one's files, without a remote", async () => {
    const server = await serve();
    await source([{ url: server.url }]).accept(first, undefined, noOverrides, never);
    await server.close();

    const renamed = source([{ url: server.url }], {}, join(top, "cache"), "ams1/r1");
    const tree = await renamed.accept(first, first, noOverrides, never);

    expect(text(await tree.read("ams1/r1.yaml"))).toBe("far\n");
  });

  it("takes no older commit when its cache is deleted", async () => {
    const { followed: agent, second } = await followed();
    await agent.accept(second, first, noOverrides, never);
    rmSync(join(top, "cache"), { recursive: true });

    expect(await code(agent.accept(first, second, noOverrides, never))).toBe("GIT_BEHIND");
  });

  it("fetches a new commit into the cache, and adds one small pack for it", async () => {
    const { followed: agent, second } = await followed();

    const tree = await agent.accept(second, first, noOverrides, never);

    expect(text(await tree.read("fra1/r1.yaml"))).toBe("two\n");
    expect(readdirSync(packs()).filter((name) => name.endsWith(".pack"))).toHaveLength(2);
  });

  it("reports links as links and refuses to hand out files above a mebibyte", async () => {
    sites.git("config", "core.symlinks", "true");
    execFileSync("ln", ["-s", "/etc/passwd", join(sites.clone, "policies")]);
    mkdirSync(join(sites.clone, "secrets"));
    const commit = sites.push("Trick", { "secrets/big.yaml": "x".repeat((1 << 20) + 1) });
    const server = await serve();

    const tree = await source([{ url: server.url }]).accept(commit, first, noOverrides, never);

    expect(await tree.list("")).toContainEqual({ name: "policies", kind: "link" });
    expect(await tree.read("policies")).toBeUndefined();
    expect(await tree.list("secrets")).toEqual([{ name: "big.yaml", kind: "file", size: (1 << 20) + 1 }]);
    expect(await code(tree.read("secrets/big.yaml"))).toBe("YAML_HOSTILE");
  });

  it("writes the same content once, whatever the names are", async () => {
    const policies = Array.from({ length: 100 }, (_, at) => [`policies/p${at}.yaml`, `# ${"x".repeat(1_000_000)}\n`]);
    const commit = sites.push("Many", Object.fromEntries(policies) as Record<string, string>);
    const server = await serve();

    const tree = await source([{ url: server.url }]).accept(commit, first, noOverrides, never);

    expect(await tree.read("policies/p99.yaml")).toHaveLength(1_000_003);
    expect(statSync(join(top, `cache/git/snapshots/${commit}.snapshot`)).size).toBeLessThan(1_100_000);
  });

  it("refuses a commit with more than can be meant, and asks for it only once", async () => {
    const { server, followed: agent, second } = await followed();
    await agent.accept(second, first, noOverrides, never);
    const filler = (at: number) => `# ${at} ${"x".repeat(1_000_000)}\n`;
    const policies = Array.from({ length: 34 }, (_, at) => [`policies/p${at}.yaml`, filler(at)]);
    const big = sites.push("Big", Object.fromEntries(policies) as Record<string, string>);

    const problem = await refusal(agent.accept(big, second, noOverrides, never));
    server.requests.length = 0;

    expect(problem).toMatchObject({
      code: "YAML_HOSTILE",
      message: `commit ${big.slice(0, 12)} has more than 32 MiB to read`,
      transient: false,
    });
    expect(await refusal(agent.accept(big, second, noOverrides, never))).toBe(problem);
    expect(server.requests).toEqual([]);
    expect(readdirSync(join(top, "cache/git/snapshots"))).toEqual(
      expect.arrayContaining([`${first}.snapshot`, `${second}.snapshot`]),
    );
  });

  it("refuses a commit whose folders hold one another a million times", async () => {
    const bomb = (input: string) =>
      execFileSync("git", ["-C", sites.clone, "mktree"], { input, encoding: "utf8" }).trim();
    const empty = execFileSync("git", ["-C", sites.clone, "hash-object", "-w", "--stdin"], {
      input: "",
      encoding: "utf8",
    });
    let tree = bomb(`100644 blob ${empty.trim()}\ta\n`);
    for (let depth = 0; depth < 6; depth++) {
      tree = bomb(Array.from({ length: 10 }, (_, at) => `040000 tree ${tree}\tf${at}\n`).join(""));
    }
    const commit = sites.git("commit-tree", "-p", first, "-m", "Bomb", bomb(`040000 tree ${tree}\tpolicies\n`)).trim();
    sites.git("push", "--quiet", "origin", `${commit}:main`);
    const server = await serve();

    const problem = await refusal(source([{ url: server.url }]).accept(commit, first, noOverrides, never));

    expect(problem).toMatchObject({
      code: "YAML_HOSTILE",
      message: `commit ${commit.slice(0, 12)} has more than 50000 files and folders to read`,
    });
  });

  it("keeps the accepted commit's snapshot, however many follow it", async () => {
    const server = await serve();
    const agent = source([{ url: server.url }]);
    await agent.accept(first, undefined, noOverrides, never);
    for (let count = 0; count < 4; count++) {
      await agent.accept(sites.push(`Try ${count}`, { "fra1/r1.yaml": `${count}\n` }), first, noOverrides, never);
    }
    await server.close();

    const tree = await source([{ url: server.url }]).accept(first, first, noOverrides, never);

    expect(text(await tree.read("fra1/r1.yaml"))).toBe("one\n");
  });

  it("refuses a forced push until an operator accepts it", async () => {
    const { followed: agent, second } = await followed();
    await agent.accept(second, first, noOverrides, never);
    sites.git("reset", "--quiet", "--hard", first);
    writeFileSync(join(sites.clone, "fleet.yaml"), "defaults: 1 # new\n");
    sites.git("commit", "--quiet", "-am", "Rewrite");
    sites.git("push", "--quiet", "--force", "origin", "HEAD:main");
    const { commit } = await agent.head(never);

    expect(await code(agent.accept(commit, second, noOverrides, never))).toBe("GIT_REWRITTEN");
    const tree = await agent.accept(commit, second, { rewrite: true, commits: new Set() }, never);
    expect(text(await tree.read("fleet.yaml"))).toBe("defaults: 1 # new\n");
  });

  it("asks nothing of the network for a commit that it refused before", async () => {
    const { server, followed: agent, second } = await followed();
    await agent.accept(second, first, noOverrides, never);
    expect(await code(agent.accept(first, second, noOverrides, never))).toBe("GIT_BEHIND");
    server.requests.length = 0;

    expect(await code(agent.accept(first, second, noOverrides, never))).toBe("GIT_BEHIND");

    expect(server.requests).toEqual([]);
  });

  it("takes the second remote when the first is down, but never an older head from it", async () => {
    const mirror = join(top, "mirror.git");
    execFileSync("git", ["clone", "--quiet", "--mirror", sites.bare, mirror]);
    const { server, second } = await followed();
    const spare = await serve({}, mirror);
    const agent = source([{ url: server.url }, { url: spare.url }]);
    await agent.accept((await agent.head(never)).commit, first, noOverrides, never);
    server.breakWith("error");

    const head = await agent.head(never);

    expect(head).toMatchObject({ commit: first, remote: spare.url, failed: [{ code: "GIT_UNREACHABLE" }] });
    expect(await code(agent.accept(head.commit, second, noOverrides, never))).toBe("GIT_BEHIND");
  });

  it("looks for the accepted commit beyond a bounded clone before it refuses", async () => {
    for (let count = 0; count < 30; count++)
      sites.push(`Change ${count}`, { "fleet.yaml": `defaults: 1 # ${count}\n` });
    const server = await serve();
    const notes: string[] = [];
    const limits = { ...tiny, depths: [2, 5] as const };
    const agent = source([{ url: server.url }], { limits, note: (note) => notes.push(note) });
    const { commit } = await agent.head(never);

    const tree = await agent.accept(commit, first, noOverrides, never);

    expect(tree.revision?.commit).toBe(commit);
    expect(notes).toEqual([
      "cloning with 2 commits of history",
      "cloning with 5 commits of history",
      "cloning with the whole history",
    ]);
  });

  it("clones anew when the cache has too many packs", async () => {
    const server = await serve();
    const agent = source([{ url: server.url }], { limits: { packs: 3 } });
    let accepted = first;
    await agent.accept(first, undefined, noOverrides, never);
    for (let count = 0; count < 4; count++) {
      const next = sites.push(`Change ${count}`, { "fra1/r1.yaml": `${count}\n` });
      await agent.accept(next, accepted, noOverrides, never);
      accepted = next;
    }

    expect(readdirSync(packs()).filter((name) => name.endsWith(".pack")).length).toBeLessThan(4);
  });

  it.each([
    ["a torn pack", (name: string) => name.endsWith(".pack"), 30],
    ["a truncated index", (name: string) => name.endsWith(".idx"), 100],
    ["an empty index", (name: string) => name.endsWith(".idx"), 0],
  ])("makes the cache anew after %s", async (_, picked, size) => {
    const { followed: agent, second } = await followed();
    for (const name of readdirSync(packs()).filter(picked)) {
      chmodSync(join(packs(), name), 0o644);
      truncateSync(join(packs(), name), size);
    }

    const tree = await agent.accept(second, first, noOverrides, never);

    expect(text(await tree.read("fra1/r1.yaml"))).toBe("two\n");
  });

  it("gets over an empty ref, a lost repository and a damaged snapshot", async () => {
    const { followed: agent, second, server } = await followed();
    writeFileSync(join(top, "cache/git/repo/refs/remotes/origin/main"), "");
    expect((await agent.accept(second, first, noOverrides, never)).revision?.commit).toBe(second);

    const third = sites.push("Third", { "fra1/r1.yaml": "three\n" });
    rmSync(join(top, "cache/git/repo"), { recursive: true });
    expect((await agent.accept(third, second, noOverrides, never)).revision?.commit).toBe(third);

    truncateSync(join(top, `cache/git/snapshots/${third}.snapshot`), 400);
    const restarted = source([{ url: server.url }]);
    expect(text(await (await restarted.accept(third, third, noOverrides, never)).read("fra1/r1.yaml"))).toBe("three\n");
  });

  it.each(["cut", "torn", "error", "html", "redirect"] as const)(
    "stays on the accepted commit while answers are broken (%s), and goes on afterwards",
    async (fault) => {
      const { server, followed: agent, second } = await followed();
      server.breakWith(fault, (request) => request.startsWith(fault === "cut" || fault === "torn" ? "POST" : "GET"));

      const problem = await refusal(agent.accept(second, first, noOverrides, never));
      server.breakWith(undefined);

      expect(["GIT_UNREACHABLE", "GIT_CACHE"]).toContain(problem.code);
      expect((await agent.accept(first, first, noOverrides, never)).revision?.commit).toBe(first);
      expect((await agent.accept(second, first, noOverrides, never)).revision?.commit).toBe(second);
    },
  );

  it("gives up on a server that hangs", async () => {
    const { server, followed: agent, second } = await followed({ limits: { idleMs: 300, headMs: 300 } });
    server.breakWith("hang");

    expect(await refusal(agent.head(never))).toMatchObject({ code: "GIT_UNREACHABLE", transient: true });
    expect(await refusal(agent.accept(second, first, noOverrides, never))).toMatchObject({
      code: "GIT_UNREACHABLE",
      transient: true,
    });
  });

  it("reads no endless answer of a server about its branches", async () => {
    const { server, followed: agent } = await followed();
    server.breakWith("flood");

    expect(await refusal(agent.head(never))).toMatchObject({
      code: "GIT_UNREACHABLE",
      message: `${server.url} sent more than 2 MiB in one answer`,
    });
  });

  it("reads no endless answer over ssh either", async () => {
    const ssh = join(top, "ssh");
    const packet = `${"a".repeat(40)} refs/x/refs/heads/main\n`;
    const length = (packet.length + 4).toString(16).padStart(4, "0");
    writeFileSync(ssh, `#!/bin/sh\nyes '${length}${packet.trimEnd()}' | head -n 100000\nprintf 0000\n`);
    chmodSync(ssh, 0o755);
    process.env["GIT_SSH_COMMAND"] = ssh;
    try {
      expect(await refusal(source([{ url: "git.example.net:sites.git" }]).head(never))).toMatchObject({
        code: "HOST_COMMAND",
        message: "git printed too much.",
      });
    } finally {
      delete process.env["GIT_SSH_COMMAND"];
    }
  });

  it("ends the child at its deadline", async () => {
    const { server, second } = await followed();
    const agent = source([{ url: server.url }], { limits: { fetchMs: 300 } });
    server.breakWith("hang");

    expect(await refusal(agent.accept(second, first, noOverrides, never))).toMatchObject({
      code: "GIT_UNREACHABLE",
      transient: true,
    });
  });

  it("recovers from a child that was killed in the middle of a fetch, when the agent stopped waiting", async () => {
    const { server, followed: agent, second } = await followed();
    const stop = new AbortController();
    const reason = new Error("enough");
    server.breakWith("hang", (request) => {
      if (request.startsWith("POST")) stop.abort(reason);
      return request.startsWith("POST");
    });

    await expect(agent.accept(second, first, noOverrides, stop.signal)).rejects.toBe(reason);
    server.breakWith(undefined);

    expect(existsSync(join(top, "cache/git/fetching"))).toBe(true);
    const again = source([{ url: server.url }]);
    expect((await again.accept(second, first, noOverrides, never)).revision?.commit).toBe(second);
    expect(existsSync(join(top, "cache/git/fetching"))).toBe(false);
  });

  it("leaves no child behind when the agent is killed", async () => {
    const { server, second } = await followed();
    const job: FetchJob = {
      folder: join(top, "cache/git"),
      remote: { kind: "http", label: server.url, url: server.url },
      branch: "main",
      commit: second,
      accepted: first,
      rewrite: false,
      give: { snapshot: true },
      wanted: [],
      limits: { ...tiny, depths: [200, 5000], idleMs: 60_000, maxBytes: 1 << 20 },
    };
    const [program, ...argv] = fetchProgram();
    const child = spawn(program, argv, { stdio: ["pipe", "ignore", "ignore"] });
    // What a killed parent leaves is a closed pipe.
    server.breakWith("hang", () => {
      child.stdin.destroy();
      return true;
    });
    child.stdin.write(`${JSON.stringify(job)}\n`);

    expect(await new Promise((resolve) => child.once("close", resolve))).toBe(1);
  });

  it("says so when the branch is deleted", async () => {
    const { followed: agent } = await followed();
    sites.git("push", "--quiet", "origin", "HEAD:refs/heads/main2");
    deleteBranch();

    expect(await code(agent.head(never))).toBe("GIT_REF_MISSING");
  });

  it("is not misled by a tag with the branch's name", async () => {
    const second = sites.push("Change", { "fra1/r1.yaml": "two\n" });
    sites.git("tag", "main", first);
    sites.git("push", "--quiet", "origin", "refs/tags/main");
    const server = await serve();
    const agent = source([{ url: server.url }]);

    const { commit } = await agent.head(never);

    expect(commit).toBe(second);
    expect((await agent.accept(commit, first, noOverrides, never)).revision?.commit).toBe(second);
  });

  it("sends a token at once, and never shows it when it is refused", async () => {
    const server = await serve({ credentials: { username: "x-access-token", password: "correct-horse" } });
    const token = join(top, "token");
    writeFileSync(token, "correct-horse\n", { mode: 0o600 });
    const agent = source([{ url: server.url, "token-file": token }]);

    expect((await agent.head(never)).commit).toBe(first);
    expect(server.requests).toHaveLength(2);
    expect((await agent.accept(first, undefined, noOverrides, never)).revision?.commit).toBe(first);

    const wrong = server.url.replace("//", "//nora:battery-staple@");
    const agentWithWrong = source([{ url: wrong }], {}, join(top, "other"));
    const problem = await refusal(agentWithWrong.head(never));
    expect(problem.code).toBe("GIT_AUTH");
    expect(JSON.stringify(problem)).not.toMatch(/battery-staple|nora/);
    expect(JSON.stringify(await refusal(agentWithWrong.accept(first, undefined, noOverrides, never)))).not.toMatch(
      /battery-staple|nora/,
    );
    const written = readdirSync(join(top, "cache"), { recursive: true, withFileTypes: true }).filter((one) =>
      one.isFile(),
    );
    for (const { parentPath, name } of written) {
      expect(readFileSync(join(parentPath, name), "latin1")).not.toContain("correct-horse");
    }
  });

  it("follows a bare repository on disk without a server", async () => {
    const agent = source([{ url: sites.bare }]);
    const head = await agent.head(never);
    await agent.accept(head.commit, undefined, noOverrides, never);
    const second = sites.push("Change", { "fra1/r1.yaml": "two\n" });
    execFileSync("git", ["-C", sites.bare, "gc", "--quiet"]);

    const tree = await agent.accept((await agent.head(never)).commit, first, noOverrides, never);

    expect(tree.revision?.commit).toBe(second);
    expect(text(await tree.read("fra1/r1.yaml"))).toBe("two\n");
    expect(await code(source([{ url: join(top, "nowhere") }]).head(never))).toBe("GIT_UNREACHABLE");
  });

  it("shows the server its own key, and believes only the host keys that the settings name", async () => {
    const ssh = join(top, "ssh");
    const record = 'echo "$*" >>"${0%/*}/said"';
    writeFileSync(
      ssh,
      `#!/bin/sh\n${record}\nwhile [ "$1" != git.example.net ]; do shift; done; shift; exec sh -c "$*"\n`,
    );
    chmodSync(ssh, 0o755);
    process.env["GIT_SSH_COMMAND"] = ssh;
    const remote = { url: `ssh://git.example.net${sites.bare}`, "key-file": "/k/id", "known-hosts-file": "/k/known" };
    const settings = Settings.parse({
      machine: "fra1/r1",
      repository: { remotes: [remote] },
      paths: { cache: join(top, "cache-ssh") },
    });
    try {
      const source = gitSource(settings, host);
      await source.accept((await source.head(never)).commit, undefined, noOverrides, never);
    } finally {
      delete process.env["GIT_SSH_COMMAND"];
    }
    const said = readFileSync(join(top, "said"), "utf8").trim().split("\n");

    expect(said.length).toBeGreaterThan(1);
    for (const line of said) expect(line).toContain("-i /k/id -o IdentitiesOnly=yes -o UserKnownHostsFile=/k/known ");
  });

  it("follows a repository over ssh through the system's git", async () => {
    const ssh = join(top, "ssh");
    // Stands for ssh: runs the remote command here.
    writeFileSync(ssh, '#!/bin/sh\nwhile [ "$1" != git.example.net ]; do shift; done; shift; exec sh -c "$*"\n');
    chmodSync(ssh, 0o755);
    process.env["GIT_SSH_COMMAND"] = ssh;
    try {
      const agent = source([{ url: `git.example.net:${sites.bare}` }]);
      await agent.accept((await agent.head(never)).commit, undefined, noOverrides, never);
      const second = sites.push("Change", { "fra1/r1.yaml": "two\n" });

      const tree = await agent.accept((await agent.head(never)).commit, first, noOverrides, never);

      expect(tree.revision?.commit).toBe(second);
      expect(text(await tree.read("fra1/r1.yaml"))).toBe("two\n");
      deleteBranch();
      expect(await code(agent.head(never))).toBe("GIT_REF_MISSING");
    } finally {
      delete process.env["GIT_SSH_COMMAND"];
    }
  });

  it.skipIf(!hasOpenssl)("trusts an authority of its own, and no unknown one (needs openssl)", async () => {
    const [key, cert] = [join(top, "key.pem"), join(top, "cert.pem")];
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
    execFileSync("openssl", ["req", "-x509", ...curve, "-nodes", "-keyout", key, "-out", cert, ...subject], {
      stdio: "ignore",
    });
    const server = await serve({ tls: { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") } });

    const agent = source([{ url: server.url, "ca-file": cert }]);
    expect((await agent.accept((await agent.head(never)).commit, undefined, noOverrides, never)).revision?.commit).toBe(
      first,
    );
    const refused = await refusal(source([{ url: server.url }]).head(never));
    expect(refused.code).toBe("GIT_UNREACHABLE");
    expect(refused.message).toContain("DEPTH_ZERO_SELF_SIGNED_CERT");
  });

  it.skipIf(!isRoot || spawnSync("unshare", ["--mount", "true"]).status !== 0)(
    "keeps the cache when the disk is full, and says so (needs root)",
    async () => {
      const server = await serve();
      const disk = join(top, "disk");
      mkdirSync(disk);
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=256k", "imp-git-test", disk]);
      try {
        const agent = source([{ url: server.url }], {}, disk);
        await agent.accept(first, undefined, noOverrides, never);
        const filler = randomBytes(200_000).toString("hex");
        const big = sites.push("Big", { "customers/big.yaml": filler });

        const problem = await refusal(agent.accept(big, first, noOverrides, never));

        expect(problem).toMatchObject({ code: "GIT_CACHE", transient: true });
        expect(problem.message).toContain("no space is left");
        const restarted = await source([{ url: server.url }], {}, disk).accept(first, first, noOverrides, never);
        expect(text(await restarted.read("fra1/r1.yaml"))).toBe("one\n");
      } finally {
        execFileSync("umount", [disk]);
      }
    },
  );
});

const tiny = { packs: 200, growth: 4 };
