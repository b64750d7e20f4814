import { describe, expect, it } from "vitest";
import { historyText } from "../../controller/report/history-text.ts";
import type { Entry } from "../../controller/story.ts";
import { ask } from "../lab/ask.ts";
import { committedStory, generation, story, type Story, type StoryOptions } from "../lab/story.ts";

const policy = { "probation-hours": 24, "grace-seconds": 40, "soak-seconds": 60, "deadline-seconds": 300 };
const base = generation(["router bgp 64500", "neighbor 192.0.2.1", "neighbor 192.0.2.2"], { policy });
const better = generation([...base.desired.frr.config.trim().split("\n"), "ip route 198.51.100.0/24"], { policy });
const hour = 3_600_000;

/** A box on which `base` is committed; one of its sessions is up, the other never was. */
const committed = async (options: StoryOptions = {}): Promise<Story> => committedStory(base, options);

async function happened(s: Story): Promise<readonly string[]> {
  const { entries } = (await ask(s.agent(), "history")) as { readonly entries: readonly Entry[] };
  return historyText(entries.filter(({ kind }) => kind === "news")).map((line) => line.slice(21));
}

const reason = "Well at the commit and not now: bgp-session 192.0.2.1 (not Established).";

describe("probation after a commit", () => {
  it("raises a hold when what was green is red for the grace time, and not before", async () => {
    const s = await committed();
    expect(s.status()).toMatchObject({ inSync: true, probation: { watched: 1 }, checks: { green: 1 } });
    expect(s.status().checks?.red).toEqual(["bgp-session 192.0.2.2: not Established"]);

    s.answering.delete("192.0.2.1");
    await s.sim.pass(35_000);
    expect(s.status().held).toBeUndefined();

    await s.sim.pass(70_000);
    expect(s.status()).toMatchObject({
      state: "idle",
      reason,
      held: { generation: base.digest, why: "regressed", reason },
      probation: { regressed: { checks: ["bgp-session 192.0.2.1"] } },
    });
    expect(await happened(s)).toEqual([reason]);
    expect(s.plane.live.has("neighbor 192.0.2.1")).toBe(true);
  });

  it("lets the hold go by itself once it is well again for the soak time, and says so", async () => {
    const s = await committed();
    s.answering.delete("192.0.2.1");
    await s.sim.pass(120_000);
    s.answering.add("192.0.2.1");
    await s.sim.pass(40_000);
    expect(s.status().held?.why).toBe("regressed");

    await s.sim.pass(70_000);
    expect(s.status().held).toBeUndefined();
    expect(await happened(s)).toEqual([reason, "What was well at the commit is well again: bgp-session 192.0.2.1."]);
  });

  it("counts the soak anew when it is red in between", async () => {
    const s = await committed();
    s.answering.delete("192.0.2.1");
    await s.sim.pass(120_000);
    for (let n = 0; n < 4; n++) {
      s.answering.add("192.0.2.1");
      await s.sim.pass(45_000);
      s.answering.delete("192.0.2.1");
      await s.sim.pass(45_000);
    }
    expect(s.status().held?.why).toBe("regressed");
    expect(await happened(s)).toHaveLength(1);
  });

  it("lets a newer commit go ahead, which begins a probation of its own with what is green then", async () => {
    const s = await committed();
    s.answering.delete("192.0.2.1");
    await s.sim.pass(120_000);
    s.answering.add("192.0.2.2");
    s.push("two", better);
    await s.rest();
    await s.sim.pass(120_000);

    expect(s.status()).toMatchObject({
      committed: { generation: better.digest },
      inSync: true,
      probation: { watched: 1 },
    });
    expect(s.status().held).toBeUndefined();
    s.answering.delete("192.0.2.2");
    await s.sim.pass(120_000);
    expect(s.status().held).toMatchObject({ why: "regressed", generation: better.digest });
  });

  it("is no longer held against it when an operator takes it as it is", async () => {
    const s = await committed();
    s.answering.delete("192.0.2.1");
    await s.sim.pass(120_000);
    await ask(s.agent(), "retry", { reason: "the peer is gone for good" });
    await s.sim.pass(300_000);

    expect(s.status().held).toBeUndefined();
    expect(s.status().probation).toMatchObject({ watched: 0 });
    await expect(ask(s.agent(), "retry", { reason: "again" })).rejects.toMatchObject({ code: "USAGE" });
  });

  it("does not count what the other side took down itself", async () => {
    const s = await committed();
    s.answering.delete("192.0.2.1");
    s.ceased.add("192.0.2.1");
    await s.sim.pass(600_000);

    expect(s.status().held).toBeUndefined();
  });

  it("goes on over a restart and a reboot, and ends when its time is over", async () => {
    const s = await committed();
    await s.sim.pass(10 * hour);
    s.sim.kill();
    s.start();
    await s.sim.pass(hour);
    s.sim.reboot();
    s.start();
    await s.sim.pass(hour);
    expect(s.status().probation).toMatchObject({ watched: 1 });

    await s.sim.pass(12.1 * hour);
    expect(s.status().probation).toBeUndefined();
    s.answering.delete("192.0.2.1");
    await s.sim.pass(600_000);
    expect(s.status().held).toBeUndefined();
    expect(s.status().checks).toMatchObject({ green: 0 });
  });

  it("keeps a hold over a restart and beyond its time, until it is well again", async () => {
    const s = await committed();
    s.answering.delete("192.0.2.1");
    await s.sim.pass(120_000);
    await s.close();
    s.start();
    await s.sim.pass(25 * hour);
    expect(s.status().held?.why).toBe("regressed");

    s.answering.add("192.0.2.1");
    await s.sim.pass(150_000);
    expect(s.status().held).toBeUndefined();
    expect(s.status().probation).toBeUndefined();
  });

  it("is not judged while something is in flight", async () => {
    const s = await committed();
    s.push("two", generation([...better.desired.frr.config.trim().split("\n"), "slow"], { policy }));
    await s.sim.until(() => s.status().state === "proving", "proving");
    s.answering.delete("192.0.2.1");
    await s.rest();

    expect(s.status()).toMatchObject({ committed: { generation: base.digest }, lastDeployment: { trigger: "health" } });
    expect(s.status().held?.why).toBe("failed");
    expect(await happened(s)).toEqual([]);
  });

  describe("where policy says to go back", () => {
    const goBack = { policy: { ...policy, "on-regression": "roll-back" } };
    const lines = better.desired.frr.config.trim().split("\n");
    const newer = generation(lines, goBack);

    /** `newer` is committed above `base`, and gets worse. */
    async function regressed(): Promise<Story> {
      const s = await committed();
      s.push("two", newer);
      await s.rest();
      expect(s.status()).toMatchObject({ committed: { generation: newer.digest }, probation: { watched: 1 } });
      s.answering.delete("192.0.2.1");
      return s;
    }

    it("leads back to what was committed before, which is not left in turn", async () => {
      const s = await regressed();
      await s.sim.pass(600_000);

      expect(s.status()).toMatchObject({
        state: "held",
        committed: { generation: base.digest },
        held: { generation: newer.digest, why: "failed", reason: `Rolled back by policy: ${reason}` },
        lastDeployment: { purpose: "roll-back", outcome: "committed", trigger: "probation" },
      });
      expect(s.plane.live.has("ip route 198.51.100.0/24")).toBe(false);
      expect(s.events.filter(({ type }) => type === "deployment-ended").at(-1)).toMatchObject({ trigger: "probation" });

      s.answering.add("192.0.2.1");
      await s.sim.pass(120_000);
      s.answering.delete("192.0.2.1");
      await s.sim.pass(600_000);
      expect(s.status().committed?.generation).toBe(base.digest);
      expect(s.events.filter(({ type }) => type === "deployment-ended")).toHaveLength(3);
    });

    it("waits while an operator paused it", async () => {
      const s = await regressed();
      await ask(s.agent(), "pause", { for: "1h", reason: "hands off" });
      await s.sim.pass(600_000);
      expect(s.status()).toMatchObject({ committed: { generation: newer.digest }, waiting: { why: "paused" } });

      await s.sim.pass(hour);
      expect(s.status().committed?.generation).toBe(base.digest);
    });

    it("stays where an operator takes it as it is meanwhile", async () => {
      const s = await regressed();
      await ask(s.agent(), "pause", { for: "1h", reason: "hands off" });
      await s.sim.pass(600_000);
      await ask(s.agent(), "retry", { reason: "the peer is gone for good" });
      await s.sim.pass(2 * hour);
      expect(s.status()).toMatchObject({ state: "idle", committed: { generation: newer.digest } });
    });

    it("stays where it is well again meanwhile", async () => {
      const s = await regressed();
      await ask(s.agent(), "pause", { for: "1h", reason: "hands off" });
      await s.sim.pass(600_000);
      s.answering.add("192.0.2.1");
      await s.sim.pass(2 * hour);
      expect(s.status()).toMatchObject({ state: "idle", committed: { generation: newer.digest } });
    });

    it("waits for what somebody changed by hand", async () => {
      const s = await regressed();
      s.plane.live.delete("neighbor 192.0.2.2");
      await s.sim.pass(600_000);
      expect(s.status()).toMatchObject({ committed: { generation: newer.digest }, waiting: { why: "drift" } });

      await ask(s.agent(), "discard-drift", { reason: "left over" });
      await s.sim.pass(120_000);
      expect(s.status().committed?.generation).toBe(base.digest);
    });

    it("is tried again when the agent dies in the middle", async () => {
      const s = await regressed();
      await s.sim.until(() => s.status().deployment?.purpose === "roll-back", "going back");
      s.start();
      await s.sim.until(() => s.status().committed?.generation === base.digest, "back");
      expect(s.status().lastDeployment).toMatchObject({ trigger: "probation", outcome: "committed" });
    });

    it("goes nowhere where nothing was committed before", async () => {
      const s = await committedStory(newer);
      s.answering.delete("192.0.2.1");
      await s.sim.pass(600_000);

      expect(s.status()).toMatchObject({ committed: { generation: newer.digest }, held: { why: "regressed" } });
    });
  });

  it("is none where policy has none", async () => {
    const s = story();
    s.answering.add("192.0.2.1");
    s.push("one", generation(["router bgp 64500", "neighbor 192.0.2.1"], { policy: { "probation-hours": 0 } }));
    s.start();
    await s.rest();
    s.answering.delete("192.0.2.1");
    await s.sim.pass(600_000);

    expect(s.status().probation).toBeUndefined();
    expect(s.status().held).toBeUndefined();
  });

  it("is not judged while an operator works by hand", async () => {
    const s = await committed();
    await ask(s.agent(), "breakglass", { for: "30m", reason: "the cable" });
    s.answering.delete("192.0.2.1");
    await s.sim.pass(20 * 60_000);
    expect(s.status().held).toBeUndefined();
    s.answering.add("192.0.2.1");
    await s.sim.pass(hour);
    expect(s.status().held).toBeUndefined();
    expect(s.status().probation?.regressed).toBeUndefined();
  });

  it("knows what was green although the power was cut before the commit was over", async () => {
    let isCut = false;
    const s = await committed({
      observer({ state, deployment }) {
        if (state !== "committing" || deployment?.commit !== "two" || isCut) return;
        isCut = true;
        s.answering.delete("192.0.2.1");
        s.sim.reboot();
      },
    });
    s.push("two", better);
    await s.sim.until(() => s.sim.isKilled(), "cut");
    s.start();
    await s.sim.until(() => s.status().committed?.generation === better.digest, "committed");
    await s.sim.pass(120_000);
    expect(s.status()).toMatchObject({ probation: { watched: 1 }, held: { why: "regressed" } });
  });

  it("takes what is green at the first look where a crash left nobody who knew", async () => {
    const killAt = (await committed()).sim.effects().findIndex((one) => one.includes("/committed.d/")) + 1;
    expect(killAt).toBeGreaterThan(0);
    const s = story();
    s.answering.add("192.0.2.1");
    s.push("one", base);
    s.start({ killAt });
    await s.rest();
    expect(s.sim.isKilled()).toBe(true);
    s.start();
    await s.rest();
    await s.sim.pass(40_000);

    expect(s.status().probation).toMatchObject({ watched: 1 });
  });
});
