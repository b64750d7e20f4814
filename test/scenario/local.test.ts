/** What an operator changes on one box for a while, above the sites repository: how it begins, what it survives, how it ends. */
import { describe, expect, it } from "vitest";
import { Problem } from "../../schemas/problem.ts";
import { ask } from "../lab/ask.ts";
import { generation, story, type Story } from "../lab/story.ts";

const [bgp, peer] = ["router bgp 64500", "neighbor 192.0.2.1"];
const fix = "ip route 198.51.100.0/24";
const base = generation([bgp, peer]);
const outage = new Problem("GIT_UNREACHABLE", "No remote answers.", { transient: true });
const hour = 3_600_000;

async function committed(): Promise<Story> {
  const s = story();
  s.answering.add("192.0.2.1");
  s.push("one", base);
  s.start();
  await s.rest();
  return s;
}

function apply(s: Story, text = fix, more: object = {}): Promise<unknown> {
  return ask(s.agent(), "apply-local", { name: "fix.yaml", text, for: "4h", reason: "the outage", ...more });
}

async function isLive(s: Story, line = fix): Promise<void> {
  await s.sim.until(() => s.plane.live.has(line) && s.status().state === "idle", `${line} is live`);
}

async function isGone(s: Story, line = fix): Promise<void> {
  await s.sim.until(() => !s.plane.live.has(line) && s.status().state === "idle", `${line} is gone`, 10 * hour);
}

function history(s: Story): string {
  const node = s.sim.files.get("/persistent/config/imp/journal/history.jsonl");
  return node && "text" in node ? node.text : "";
}

describe("a local change", () => {
  it("is deployed like a commit, and shown with its reason and its end", async () => {
    const s = await committed();
    expect(await apply(s)).toMatchObject({ applied: true, problems: [] });
    await isLive(s);

    expect(s.status()).toMatchObject({
      inSync: false,
      lastDeployment: { outcome: "committed", commit: "one" },
      overlays: [{ kind: "local", name: "fix.yaml", reason: "the outage" }],
    });
    const [overlay] = s.status().overlays ?? [];
    expect((overlay?.until ?? 0) - (overlay?.since ?? 0)).toBe(4 * hour);
    expect(history(s)).toMatch(/"asked":"apply-local","details":\{[^}]*"reason":"the outage","sha256":"[0-9a-f]{64}"/);
    expect(history(s)).not.toContain(`"text":"${fix}"`);
  });

  it("ends by itself, loudly, and the box goes back to what the repository says", async () => {
    const s = await committed();
    await apply(s);
    await isLive(s);
    await isGone(s);

    expect(s.status()).toMatchObject({ inSync: true, committed: { generation: base.digest } });
    expect(s.status().overlays).toBeUndefined();
    expect(s.status().endedOverlay).toMatchObject({ name: "fix.yaml", why: "over", reason: "the outage" });
    expect(s.events).toContainEqual(expect.objectContaining({ type: "overlay-ended", kind: "local", why: "over" }));
    expect(history(s)).toContain('"asked":"overlay-ended"');
  });

  it("ends when its time is over, not with the next poll of an hour", async () => {
    const s = story({ settings: { repository: { folder: "/srv/sites", "poll-seconds": 3600 } } });
    s.answering.add("192.0.2.1");
    s.push("one", base);
    s.start();
    await s.sim.until(() => s.status().inSync, "in sync");
    await apply(s, fix, { for: "10m" });
    await isLive(s);
    const { until = 0 } = s.status().overlays?.[0] ?? {};

    await isGone(s);
    expect(s.sim.now() - until).toBeLessThan(120_000);
  });

  it("ends when an operator says so", async () => {
    const s = await committed();
    await apply(s);
    await isLive(s);
    await ask(s.agent(), "end-local");
    await isGone(s);

    expect(s.status().endedOverlay).toMatchObject({ why: "operator" });
    await expect(ask(s.agent(), "end-local")).rejects.toThrow(/nothing was changed here/);
  });

  it("works, and ends, while the git server is down", async () => {
    const s = await committed();
    s.outage = outage;
    await apply(s);
    await isLive(s);
    await isGone(s);

    expect(s.status()).toMatchObject({ committed: { generation: base.digest }, endedOverlay: { why: "over" } });
  });

  it("survives an agent that is killed, and a reboot, also while the git server is down", async () => {
    const s = await committed();
    await apply(s);
    await isLive(s);
    const before = s.status().overlays?.[0];
    s.outage = outage;
    s.cached = true;
    for (const reboot of [false, true]) {
      if (reboot) s.sim.reboot();
      else s.sim.kill();
      s.start();
      await s.rest();

      expect(s.plane.live.has(fix)).toBe(true);
      expect(s.status().overlays?.[0]).toMatchObject({ id: before?.id, reason: "the outage" });
      expect(Math.abs((s.status().overlays?.[0]?.until ?? 0) - (before?.until ?? 0))).toBeLessThan(1000);
    }
    await isGone(s);
    expect(s.status().endedOverlay).toMatchObject({ why: "over" });
  });

  it("ends with a rollback while it is proven, as the answer says, and is not tried again", async () => {
    const s = await committed();
    await apply(s);
    await s.sim.until(() => s.status().state === "proving", "proving");

    expect(await ask(s.agent(), "rollback", { reason: "wrong" })).toEqual({
      message:
        "What is being deployed is given up. With it ends what was begun on this box, and it is not tried again: fix.yaml.",
    });
    await isGone(s);

    expect(s.status().endedOverlay).toMatchObject({ name: "fix.yaml", why: "failed" });
    expect(history(s)).not.toContain('"refused"');
  });

  it("that does not fit is refused with its place, and nothing is remembered", async () => {
    const s = await committed();
    expect(await apply(s, `${fix}\nbroken`)).toMatchObject({
      applied: false,
      problems: [{ code: "SCHEMA", file: "fix.yaml", line: 2, column: 1 }],
    });
    expect(s.status().overlays).toBeUndefined();
  });

  it("that changes nothing, lasts for ever or has no reason is refused", async () => {
    const s = await committed();
    await expect(apply(s, bgp)).rejects.toThrow(/nothing that is not so already/);
    await expect(apply(s, fix, { for: "31d" })).rejects.toThrow(/not how long/);
    await expect(apply(s, fix, { for: "soon" })).rejects.toThrow(/not how long/);
    await expect(apply(s, fix, { reason: " " })).rejects.toThrow(/reason/);
  });

  it("that turns out unhealthy is rolled back and ended, and is not tried again", async () => {
    const s = await committed();
    await apply(s, "shutdown 192.0.2.1");
    await s.sim.until(() => s.status().endedOverlay !== undefined, "ended");
    await s.rest();

    expect([...s.plane.live].sort()).toEqual([bgp, peer].sort());
    expect(s.status()).toMatchObject({
      state: "idle",
      inSync: true,
      lastDeployment: { outcome: "rolled-back", trigger: "health" },
      endedOverlay: { why: "failed", failure: expect.stringMatching(/192\.0\.2\.1/) as string },
    });
  });

  it("waits at the gate like a commit", async () => {
    const s = story();
    s.answering.add("192.0.2.1");
    s.push("one", generation([bgp, peer], { policy: { "max-impact": "hitless" } }));
    s.start();
    await s.sim.until(() => s.status().state === "waiting", "waiting");
    await ask(s.agent(), "apply-local", { name: "f", text: fix, for: "1h", reason: "x" });
    await s.sim.pass(60_000);

    expect(s.status()).toMatchObject({ state: "waiting", waiting: { why: "impact" } });
    expect(s.plane.live.size).toBe(0);
  });
});

describe("a commit that arrives while a local change lasts", () => {
  const next = generation([bgp, peer, "ip route 203.0.113.0/24"]);

  it("is applied below it", async () => {
    const s = await committed();
    await apply(s);
    await isLive(s);
    s.push("two", next);
    await isLive(s, "ip route 203.0.113.0/24");

    expect(s.plane.live.has(fix)).toBe(true);
    expect(s.status()).toMatchObject({ committed: { commit: "two" }, overlays: [{ name: "fix.yaml" }] });
    await isGone(s);
    expect(s.status()).toMatchObject({ inSync: true, committed: { generation: next.digest } });
  });

  it("waits for its end where the two do not go together, and says so", async () => {
    const s = await committed();
    await apply(s);
    await isLive(s);
    const against = generation([bgp, peer, `not ${fix}`]);
    s.push("two", against);
    await s.rest();

    expect(s.plane.live.has(fix)).toBe(true);
    expect(s.status().problems.map(({ code }) => code)).toEqual(["LOCAL", "SCHEMA"]);
    expect(s.status().problems[0]?.message).toMatch(/fix\.yaml \(the outage\).*waits/);
    await isGone(s);
    await s.rest();
    expect(s.status()).toMatchObject({ inSync: true, committed: { generation: against.digest } });
  });

  it("and fails leaves the local change as it was", async () => {
    const s = await committed();
    await apply(s);
    await isLive(s);
    s.push("two", generation([bgp, peer, "shutdown 192.0.2.1"]));
    await s.rest();

    expect(s.status()).toMatchObject({ state: "held", overlays: [{ name: "fix.yaml" }] });
    expect([...s.plane.live].sort()).toEqual([bgp, peer, fix].sort());
  });

  it("makes it needless by bringing it in: its end changes nothing", async () => {
    const s = await committed();
    await apply(s);
    await isLive(s);
    s.push("two", generation([bgp, peer, fix]));
    await s.rest();
    const { changes } = s.plane;
    await s.sim.pass(5 * hour);
    await s.rest();

    expect(s.status()).toMatchObject({ inSync: true, endedOverlay: { why: "over" } });
    expect(s.plane.changes).toBe(changes);
  });
});

describe("a drain", () => {
  it("begins, is shown, and ends by `undrain`", async () => {
    const s = await committed();
    await ask(s.agent(), "drain", { all: true, for: "2h", reason: "new power supply" });
    expect(s.status().overlays).toMatchObject([{ kind: "drain", name: "everything", reason: "new power supply" }]);
    await s.rest();

    await expect(ask(s.agent(), "undrain", { peer: "transit-a" })).rejects.toThrow(/peer transit-a was not drained/);
    await ask(s.agent(), "undrain", { all: true });
    await s.sim.until(() => s.status().overlays === undefined, "ended");
    expect(s.status().endedOverlay).toMatchObject({ kind: "drain", why: "operator" });
  });

  it("of one thing twice lasts as long as the second says", async () => {
    const s = await committed();
    await ask(s.agent(), "drain", { peer: "a", for: "1h", reason: "one" });
    await s.rest();
    await ask(s.agent(), "drain", { peer: "a", for: "3h", reason: "two" });
    expect(s.status().overlays).toMatchObject([{ name: "peer a", reason: "two" }]);
  });

  it("is of exactly one thing", async () => {
    const s = await committed();
    const more = { for: "1h", reason: "one" };
    await expect(ask(s.agent(), "drain", { ...more })).rejects.toThrow(/say what/);
    await expect(ask(s.agent(), "drain", { ...more, all: true, peer: "a" })).rejects.toThrow(/say what/);
  });
});
