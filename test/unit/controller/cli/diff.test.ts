import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { impctl } from "./terminal.ts";

const hasGit = spawnSync("git", ["--version"]).status === 0;
const example = join(import.meta.dirname, "../../../../sites");

describe.skipIf(!hasGit)("what a change does (needs git)", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "impctl-diff-"));
    cpSync(example, join(folder, "sites"), { recursive: true });
    git("init", "--quiet", "--initial-branch=main");
    commit();
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function git(...argv: readonly string[]): void {
    const who = ["-c", "user.name=Nora Operator", "-c", "user.email=nora@example.net"];
    const env = { PATH: process.env["PATH"], HOME: folder, GIT_CONFIG_NOSYSTEM: "1" };
    execFileSync("git", [...who, ...argv], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
  }

  function commit(): void {
    git("add", "--all");
    git("commit", "--quiet", "--message", "change");
  }

  function edit(file: string, from: string | RegExp, to: string): void {
    const path = join(folder, "sites", file);
    const text = readFileSync(path, "utf8");
    expect(text).toMatch(from);
    writeFileSync(path, text.replace(from, to));
  }

  it("says so when no rendered byte changes", async () => {
    edit("fleet.yaml", /$/, "\n# a comment\n");
    commit();

    const ran = await impctl(folder, "diff", "HEAD~1", "HEAD");

    expect(ran).toEqual({ exitCode: 0, out: "this change touches no rendered byte of any appliance\n", err: "" });
  });

  it("says who goes first where two change, and nothing of it where one does", async () => {
    const out = async () => (await impctl(folder, "diff", "HEAD~1", "HEAD")).out;
    edit("fra1/site.yaml", "management:", "policy: { prefix-tolerance: 0.2 }\nmanagement:");
    commit();
    expect(await out()).toMatch(/^fra1\/r2: .*; goes after fra1\/r1$/m);
    expect(await out()).not.toMatch(/^fra1\/r1: .*goes after/m);

    edit("fra1/r2.yaml", "remote-as: 64497, group: transit }\n", "remote-as: 64498, group: transit }\n");
    commit();
    expect(await out()).not.toContain("goes after");
  });

  it("shows the steps, their impact and the rendered difference of the appliance that changes", async () => {
    edit("fra1/r2.yaml", "address: 192.0.2.5, remote-as: 64497", "address: 192.0.2.5, remote-as: 64511");
    commit();

    const text = await impctl(folder, "diff", "HEAD~1", "HEAD");
    const markdown = await impctl(folder, "diff", "HEAD~1", "HEAD", "--format", "markdown");
    const json = await impctl(folder, "diff", "HEAD~1", "HEAD", "--json");

    expect([text.exitCode, markdown.exitCode, json.exitCode]).toEqual([2, 2, 2]);
    expect(text.out).toMatch(/^fra1\/r2: 12 steps, worst impact session-reset$/m);
    expect(text.out).toMatch(/^ {4}\+ neighbor 192\.0\.2\.5 remote-as 64511$/m);
    expect(markdown.out).toContain("### impctl: 1 appliance affected, worst impact session-reset, 2 untouched");
    expect(JSON.parse(json.out)).toMatchObject({ machines: [{ name: "fra1/r2", kind: "changed" }], untouched: 2 });
  });

  it("tells a section that nobody carries out yet from one that nobody touched", async () => {
    edit("fra1/r2.yaml", "interfaces:", "services: { bird.service: {} }\ninterfaces:");
    commit();

    const ran = await impctl(folder, "diff", "HEAD~1", "HEAD");

    expect(ran.out).toContain("fra1/r2: touches no rendered byte; not managed yet: services\n");
  });

  it("shows what becomes of VPP, object by object", async () => {
    edit("fra1/r2.yaml", "mtu: 9000", "mtu: 8000");
    commit();

    const ran = await impctl(folder, "diff", "HEAD~1", "HEAD");

    expect(ran.out).toMatch(/^ {2}vpp {2}\S+ +core: set mtu of backbone from 9000 to 8000, for which it may go down$/m);
    expect(ran.out).toMatch(/^ {4}\+ {2}settings of backbone: up, mtu 8000$/m);
  });

  it("shows a changed secret as a change, and never what it is", async () => {
    writeFileSync(join(folder, "sites/secrets/bgp-ibgp.yaml"), "local: true\nboxes: []\n");
    commit();

    const ran = await impctl(folder, "diff", "HEAD~1", "HEAD");

    expect(ran.out).toMatch(/^ {4}\+ neighbor \S+ password <secret:[0-9a-f]{16}>$/m);
  });

  it("counts an appliance that is not valid any more, shows why, and fails", async () => {
    edit("fra1/r2.yaml", "remote-as: 64497", "remote-as: nonsense");
    commit();

    const ran = await impctl(folder, "diff", "HEAD~1", "HEAD");

    expect(ran.exitCode).toBe(1);
    expect(ran.out).toMatch(/^sites\/fra1\/r2\.yaml:\d+:\d+: routing\.bgp/m);
    expect(ran.out).toContain("fra1/r2: not valid any more, so it stays where it is");
  });

  it("plans what edited files would change, against the last commit", async () => {
    const before = await impctl(folder, "plan", "fra1/r2");
    edit("fra1/r2.yaml", "remote-as: 64497", "remote-as: 64511");

    const after = await impctl(folder, "plan", "fra1/r2");
    const other = await impctl(folder, "plan", "fra1/r1");

    expect([before.exitCode, after.exitCode, other.exitCode]).toEqual([0, 2, 0]);
    expect(after.out).toContain("worst impact session-reset");
  });

  it("renders an appliance with its secrets sealed, now and as it was", async () => {
    edit("fra1/r2.yaml", "remote-as: 64497", "remote-as: 64511");

    const now = await impctl(folder, "render", "fra1/r2");
    const then = await impctl(folder, "render", "fra1/r2", "--rev", "HEAD");

    expect(now.out).toMatch(/^ neighbor 192\.0\.2\.5 remote-as 64511$/m);
    expect(then.out).toMatch(/^ neighbor 192\.0\.2\.5 remote-as 64497$/m);
    expect(now.out).toMatch(/password <secret:[0-9a-f]{16}>/);
  });

  it("names the revisions and appliances that there are not", async () => {
    expect((await impctl(folder, "diff", "nowhere")).exitCode).toBe(64);
    expect((await impctl(folder, "diff", "--", "--output=/tmp/x")).exitCode).toBe(64);
    expect((await impctl(folder, "plan", "fra1/r9")).err).toContain("ber1/r1, fra1/r1, fra1/r2");
  });
});
