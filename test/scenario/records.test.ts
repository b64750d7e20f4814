import { describe, expect, it } from "vitest";
import { ask } from "../lab/ask.ts";
import type { Answer } from "../../controller/operations/operation.ts";
import type { Status } from "../../controller/report/status.ts";
import { Problem } from "../../schemas/problem.ts";
import { generation, shown, story, type Story } from "../lab/story.ts";

const base = generation(["router bgp 64500", "neighbor 192.0.2.1"]);
const better = generation(["router bgp 64500", "neighbor 192.0.2.1", "ip route 198.51.100.0/24"]);
const state = "/persistent/config/imp";
const current = `${state}/journal/current.json`;
const candidate = `${state}/generations/${better.digest}/candidate.json`;
const { signal } = new AbortController();

/** A box on which `base` is committed, with its session up. */
async function committed(observer: (status: Status) => void = () => undefined): Promise<Story> {
  const s = story({ observer });
  s.answering.add("192.0.2.1");
  s.push("one", base);
  s.start();
  await s.rest();
  return s;
}

describe("a journal that was damaged", () => {
  it.each(["xx", '{"format":1,"to":{"at":"applying","since":1}}'])(
    "freezes the box, whoever asks for a plan hears why, and removing it helps: %s",
    async (damage) => {
      const s = await committed();
      await s.close();
      s.sim.files.set(current, { text: damage, mode: 0o600 });
      s.push("two", better);
      const agent = s.start();
      await s.sim.pass(120_000);

      expect(s.status()).toMatchObject({ problems: [{ code: "JOURNAL" }], inSync: false });
      expect(s.status().frozen).toMatch(/current\.json is damaged/);
      await expect(agent.plan(signal)).rejects.toMatchObject({
        code: "JOURNAL",
        remedy: expect.stringContaining("`impctl plan --live`"),
      });
      let answer: Answer | undefined;
      void ask(agent, "sync").then((given) => (answer = given as Answer));
      await s.sim.until(() => answer !== undefined, "answered", 60_000);
      expect(answer?.["reason"]).toBe(s.status().frozen);

      s.sim.files.delete(current);
      await s.rest();
      expect(s.status()).toMatchObject({ inSync: true, committed: { generation: better.digest } });
      expect(s.status().frozen).toBeUndefined();
    },
  );
});

describe("a state folder that became read-only", () => {
  it("is told of while nothing is wanted, until it can be written again", async () => {
    const s = await committed();
    s.sim.freeBytes = new Problem("HOST_FILE", "/persistent/config/imp: EROFS: read-only file system");
    await s.sim.until(() => !s.status().inSync, "told");

    expect(s.status().state).toBe("idle");
    expect(s.status().problems).toMatchObject([
      {
        code: "JOURNAL",
        message: "Nothing can be recorded here: /persistent/config/imp: EROFS: read-only file system.",
      },
    ]);

    s.sim.freeBytes = 2 ** 40;
    await s.sim.until(() => s.status().inSync, "well again");
  });
});

describe("a candidate that vanished from the disk", () => {
  it("does not keep the box from going back to what it committed, and somebody is told", async () => {
    const problems = new Set<string>();
    const s = await committed((status) => {
      for (const { message, remedy } of status.problems) problems.add(`${message} ${remedy}`);
    });
    s.push("two", better);
    await s.sim.until(() => s.status().state === "proving", "proving");
    s.sim.kill();
    s.sim.files.delete(candidate);
    s.plane.live.delete("router bgp 64500");
    s.outage = new Problem("GIT_UNREACHABLE", "No remote answers.", { transient: true });
    s.start();
    await s.rest();

    expect(s.status()).toMatchObject({ state: "idle", lastDeployment: { outcome: "rolled-back", trigger: "crash" } });
    expect(shown(s.plane.live)).toContain("router bgp 64500");
    expect(s.status().planes.frr?.foreign).toBe(1);
    expect([...problems].join("\n")).toMatch(/Rolling back without the candidate.*listed as foreign/);
  });

  it("is rolled back when it was proven, and finished when it is committed already", async () => {
    for (const link of ["before", "after"]) {
      const undisturbed = await committed();
      undisturbed.push("two", better);
      undisturbed.start();
      await undisturbed.rest();
      const renamed = undisturbed.sim.effects().indexOf(`rename ${state}/committed.d/default`) + 1;
      const s = await committed();
      s.push("two", better);
      s.start({ killAt: link === "before" ? renamed : renamed + 1 });
      await s.rest();
      expect(s.sim.files.delete(candidate)).toBe(true);
      s.outage = new Problem("GIT_UNREACHABLE", "No remote answers.", { transient: true });
      const problems = new Set<string>();
      s.start();
      await s.sim.until(() => {
        for (const { message } of s.status().problems) problems.add(message);
        return s.status().state === "idle" && s.status().committed !== undefined;
      }, "at rest");

      const ended = s.status().committed?.generation;
      expect([link, ended]).toEqual([link, link === "before" ? base.digest : better.digest]);
      expect(shown(s.plane.live)).toContain("neighbor 192.0.2.1");
      await s.sim.until(() => s.status().planes.frr !== undefined, "observed");
      expect([link, s.status().planes.frr]).toMatchObject([link, { drift: 0, foreign: link === "before" ? 1 : 0 }]);
      expect([...problems].join("\n")).toMatch(/candidate\.json is missing or damaged/);
    }
  });

  it("strands a box where nothing was ever committed: what was there before is not known", async () => {
    const s = story({ lines: [] });
    s.push("one", better);
    s.start();
    await s.sim.until(() => s.status().state === "proving", "proving");
    s.sim.kill();
    s.sim.files.delete(candidate);
    s.start();
    await s.sim.pass(120_000);

    expect(s.status()).toMatchObject({ state: "stranded", problems: [{ code: "STRANDED" }] });
    expect(s.status().reason).toMatch(/candidate\.json is missing or damaged\. Nothing was ever committed here/);
    expect(s.failsafe.history).not.toContain("restore frr");
  });
});
