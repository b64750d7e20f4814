import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sampleEvents, sampleStates } from "../../../lab/machine-samples.ts";
import { impctl } from "./terminal.ts";

let folder: string;
let settings: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "impctl-history-"));
  settings = join(folder, "agent.yaml");
  await writeFile(
    settings,
    [
      "machine: fra1/r1",
      "repository: { remotes: [{ url: https://git.example.net/sites.git }] }",
      `paths: { state: ${folder}/state }`,
      `secrets: { seal-key: ${folder}/seal.key }`,
    ].join("\n"),
  );
  const at = Date.UTC(2026, 0, 5, 12);
  const stamp = (n: number) => ({ at: at + 1000 * n, uptime: 1000 * n, boot: "b" });
  const deployment = { ...sampleStates.proving.deployment, id: `${at}-candidate`, startedAt: at };
  const records = [
    { ...stamp(0), event: sampleEvents.armed, from: "staging", to: { ...sampleStates.armed, deployment } },
    { ...stamp(3), event: sampleEvents.failed, from: "proving", to: { ...sampleStates["rolling-back"], deployment } },
    { ...stamp(4), event: sampleEvents["rolled-back"], from: "rolling-back", to: sampleStates.held },
    { ...stamp(9), asked: "retry", details: { reason: "evil \u001B[2J" } },
  ];
  await mkdir(`${folder}/state/journal`, { recursive: true });
  await writeFile(`${folder}/state/journal/history.jsonl`, records.map((one) => `${JSON.stringify(one)}\n`).join(""));
});
afterEach(() => rm(folder, { recursive: true }));

describe("what happened on a box whose agent is dead", () => {
  const dead = () => ["--socket", join(folder, "agent.sock"), "--settings", settings];

  it("is read from the disk, and it says so", async () => {
    const ran = await impctl(folder, "history", ...dead());

    expect(ran.err).toBe("No agent runs here; this is what stands on the disk.\n");
    expect(ran.out.split("\n")).toEqual([
      "2026-01-05 12:00:00  rolled back after 4.0 s: commit cccccccccccc, 2 steps (hitless), health: The session with 192.0.2.1 is down.  [1767614400000-candidate]",
      String.raw`2026-01-05 12:00:09  an operator: retry: evil \u{1b}[2J`,
      "",
    ]);
    expect((await impctl(folder, "history", "-n", "1", ...dead())).out).not.toContain("rolled back");
    expect((await impctl(folder, "show", ...dead())).out).toContain("read back and verified 1.0 s after the failure");
    expect(await impctl(folder, "show", "none", ...dead())).toMatchObject({ exitCode: 64, out: "" });
  });

  it("is JSON with --json, and nothing else", async () => {
    const ran = await impctl(folder, "show", "--json", ...dead());

    expect(ran.err).toBe("");
    expect(JSON.parse(ran.out)).toMatchObject({ story: { id: "1767614400000-candidate", outcome: "rolled-back" } });
  });

  it("cannot be told where the settings are not known either", async () => {
    const ran = await impctl(folder, "history", "--socket", join(folder, "none.sock"), "--settings", "/none.yaml");

    expect(ran).toMatchObject({ exitCode: 1, err: expect.stringContaining("No agent runs here") });
  });

  it("is not asked for a number that is none", async () => {
    expect(await impctl(folder, "history", "-n", "0")).toMatchObject({ exitCode: 64 });
  });
});

describe("what happened on a box with an agent", () => {
  let server: Server;
  let asked: string[];

  beforeEach(async () => {
    asked = [];
    server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString()));
      request.on("end", () => {
        asked.push(`${request.method} ${request.url} ${body}`);
        response.writeHead(200).end(JSON.stringify({ entries: [] }));
      });
    });
    await new Promise<void>((resolve) => server.listen(join(folder, "agent.sock"), resolve));
  });
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  it("is asked of the agent", async () => {
    const ran = await impctl(folder, "history", "-n", "3", "--socket", join(folder, "agent.sock"));

    expect(ran).toEqual({ exitCode: 0, out: "Nothing happened here yet.\n", err: "" });
    expect(asked).toEqual(['GET /history {"limit":3}']);
  });
});
