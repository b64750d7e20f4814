import { describe, expect, it } from "vitest";
import { bannerText, keepBanner } from "../../../../controller/report/banner.ts";
import type { Status } from "../../../../controller/report/status.ts";
import { Problem } from "../../../../schemas/problem.ts";
import { simHost, type Sim } from "../../../lab/host.ts";
import { status } from "../../../lab/status.ts";

const idle = status();
const deployment = {
  id: "1764000000000-bbbbbbbbbbbb",
  commit: "d".repeat(40),
  generation: "b".repeat(64),
  startedAt: 0,
  steps: 3,
  stepsDone: 3,
};
const noon = Date.UTC(2026, 10, 23, 12, 0, 7, 450);
const runs = "fra1/r1: generation aaaaaaaaaaaa (commit cccccccccccc)";

describe("the banner", () => {
  it.each<[string, Partial<Status>, string]>([
    ["runs what it is to run", {}, `${runs}, in sync\nNext: impctl status\n`],
    ["differs", { inSync: false }, `${runs}\nNext: impctl status\n`],
    [
      "tries something",
      { inSync: false, state: "proving", deployment: { ...deployment, until: noon } },
      `${runs}
Proving generation bbbbbbbbbbbb (commit dddddddddddd): rolled back at 2026-11-23 12:00:07 UTC unless it proves well.
Next: impctl status
`,
    ],
    [
      "goes back",
      { inSync: false, state: "rolling-back", reason: "A session is down.", deployment },
      `${runs}\nRolling back: A session is down.\nNext: impctl status\n`,
    ],
    [
      "holds",
      { state: "held", inSync: false, reason: "A session stayed down.", lastDeployment: deployment },
      `${runs}\nHeld: A session stayed down.\nNext: impctl show 1764000000000-bbbbbbbbbbbb\n`,
    ],
    [
      "waits",
      { state: "waiting", inSync: false, reason: "The window opens at 2:00." },
      `${runs}\nWaiting: The window opens at 2:00.\nNext: impctl why\n`,
    ],
    [
      "is paused",
      { paused: { reason: "exchange of the line card", until: noon } },
      `${runs}, in sync\nPaused until 2026-11-23 12:00:07 UTC: exchange of the line card\nNext: impctl why\n`,
    ],
    [
      "is stranded",
      { state: "stranded", inSync: false, reason: "Nothing helped." },
      `${runs}\nSTRANDED: Nothing helped.\nNext: impctl rollback\n`,
    ],
    [
      "is frozen",
      { frozen: "current.json is damaged.", inSync: false },
      `${runs}\nFROZEN: current.json is damaged.\nNext: impctl status\n`,
    ],
  ])("of a box that %s", (_, news, text) => {
    expect(bannerText({ ...idle, ...news })).toBe(text);
  });

  it("of a box where nothing was ever committed says so", () => {
    const { committed: _, ...empty } = idle;
    expect(bannerText({ ...empty, inSync: false })).toBe("fra1/r1: nothing committed yet\nNext: impctl status\n");
  });

  it("does what no stranger tells a terminal to do", () => {
    const text = bannerText({ ...idle, state: "waiting", reason: `\u001b[2J${"x".repeat(1000)}\n` });
    expect(text).toContain("Waiting: \\u{1b}[2Jxxx");
    expect(Math.max(...text.split("\n").map((line) => line.length))).toBe(300);
  });
});

describe("its files", () => {
  const text = (sim: Sim, path: string) => {
    const node = sim.files.get(path);
    return node && "text" in node ? [node.text, node.mode] : undefined;
  };

  it("are written for everybody to read, and only when something changed", async () => {
    const sim = simHost();
    const { observer } = keepBanner(sim.start(), "/run", () => undefined);
    observer.status?.(idle);
    observer.status?.({ ...idle, since: 7 });
    observer.status?.({ ...idle, state: "waiting", reason: "a\\b" });
    await sim.pass(1000);
    expect(text(sim, "/run/issue.d/imp.issue")).toEqual([
      `${runs}, in sync\nWaiting: a\\\\b\nNext: impctl why\n`,
      0o644,
    ]);
    expect(text(sim, "/run/motd.d/imp")).toEqual([`${runs}, in sync\nWaiting: a\\b\nNext: impctl why\n`, 0o644]);
    expect(sim.effects().filter((effect) => effect.startsWith("rename "))).toHaveLength(4);
  });

  it("say in the end that the agent was stopped, if they ever said anything", async () => {
    const sim = simHost();
    const quiet = keepBanner(sim.start(), "/run", () => undefined);
    await quiet.close();
    expect(sim.effects()).toEqual([]);
    const banner = keepBanner(sim.start(), "/run", () => undefined);
    banner.observer.status?.(idle);
    await Promise.all([banner.close(), sim.pass(1000)]);
    expect(text(sim, "/run/motd.d/imp")?.[0]).toBe(
      "fra1/r1: the agent was stopped.\nNext: systemctl start imp-agent\n",
    );
  });

  it("may be unwritable: that is told, and nothing else happens", async () => {
    const sim = simHost();
    const faults: unknown[] = [];
    const { observer } = keepBanner(sim.start(), "/run", (fault) => faults.push(fault));
    const full = new Problem("HOST_FILE", "the disk is full");
    sim.fail("write", "issue.d", full);
    observer.status?.(idle);
    observer.status?.({ ...idle, inSync: false });
    await sim.pass(1000);
    expect(faults).toEqual([full]);
    expect(text(sim, "/run/issue.d/imp.issue")?.[0]).toBe(`${runs}\nNext: impctl status\n`);
  });
});
