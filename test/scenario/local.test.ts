/** What an operator changes on one box for a while, above the sites repository: how it begins, what it survives, how it ends. */
import { describe, expect, it } from "vitest";
import type { Wanted } from "../../controller/turn.ts";
import { Problem } from "../../schemas/problem.ts";
import { ask } from "../lab/ask.ts";
import { committedStory, generation, restartPlane, shown, story, type Story, textOf } from "../lab/story.ts";

const [bgp, peer] = ["router bgp 64500", "neighbor 192.0.2.1"];
const fix = "ip route 198.51.100.0/24";
const base = generation([bgp, peer]);
const outage = new Problem("GIT_UNREACHABLE", "No remote answers.", { transient: true });
const hour = 3_600_000;

const committed = async (): Promise<Story> => committedStory(base);

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
    s.push("one", generation([bgp, peer], { policy: { approval: ["hitless", "flap", "session-reset", "restart"] } }));
    s.start();
    await s.sim.until(() => s.status().state === "waiting", "waiting");
    await ask(s.agent(), "apply-local", { name: "f", text: fix, for: "1h", reason: "x" });
    await s.sim.pass(60_000);

    expect(s.status()).toMatchObject({ state: "waiting", waiting: { why: "approval" } });
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

describe("while the newest commit is held or waits", () => {
  const bad = generation([bgp, peer, "shutdown 192.0.2.1"]);
  const heavy = generation([bgp, peer, "restart vpp"]);
  const endless = generation([bgp, peer, "restart vpp"], { policy: { pause: "moving house" } });
  const invalid: Wanted = { generation: undefined, problems: [new Problem("SCHEMA", "router: unknown key")] };

  /** A commit that is not armed, above the committed one. */
  async function pushed(s: Story, newest: typeof bad | Wanted, state: string): Promise<void> {
    s.push("two", newest);
    await s.sim.until(() => s.status().desired?.commit === "two" && s.status().state === state, state);
    await s.sim.pass(60_000);
  }

  /** Lines that are added and removed from now on. */
  function changes(s: Story): string[] {
    const seen: string[] = [];
    s.plane.changing = (line) => seen.push(line);
    return seen;
  }

  it.each([
    ["held", bad, "held"],
    ["waiting for a window", heavy, "waiting"],
    ["invalid", invalid, "idle"],
  ] as const)("a local change begins and ends on the committed commit: %s", async (_name, newest, state) => {
    const s = await committed();
    await pushed(s, newest, state);
    const seen = changes(s);
    expect(await apply(s)).toMatchObject({ applied: true });
    await s.sim.until(() => s.plane.live.has(fix) && s.status().committed?.generation !== base.digest, "live");
    await s.sim.pass(60_000);

    expect(s.status()).toMatchObject({
      state,
      committed: { commit: "one" },
      desired: { commit: "two" },
      overlays: [{ name: "fix.yaml" }],
    });
    expect(s.status().overlaid).toBeUndefined();
    expect(s.status().endedOverlay).toBeUndefined();
    await s.sim.until(() => !s.plane.live.has(fix), "gone", 10 * hour);
    await s.sim.pass(60_000);

    expect(seen).toEqual([fix, fix]);
    expect(s.status()).toMatchObject({ state, committed: { commit: "one", generation: base.digest } });
    expect(s.status().overlays).toBeUndefined();
    expect(s.status().endedOverlay).toMatchObject({ why: "over" });
  });

  it("a local change ends that stood before the commit came, also while the git server is down", async () => {
    for (const newest of [bad, heavy, invalid]) {
      const s = await committed();
      await apply(s);
      await isLive(s);
      s.push("two", newest);
      await s.sim.pass(60_000);
      s.outage = outage;
      s.cached = true;
      await s.sim.until(() => !s.plane.live.has(fix), "gone", 10 * hour);
      await s.sim.pass(60_000);

      expect(shown(s.plane.live)).toBe(shown([bgp, peer]));
      expect(s.status()).toMatchObject({ committed: { commit: "one", generation: base.digest } });
    }
  });

  it("what failed with a local change above it is not tried without", async () => {
    const s = await committed();
    await apply(s);
    await isLive(s);
    await pushed(s, bad, "held");
    const seen = changes(s);
    await ask(s.agent(), "end-local");
    await s.sim.pass(10 * 60_000);

    expect(seen).toEqual([fix]);
    expect(s.status()).toMatchObject({
      state: "held",
      held: { why: "failed" },
      committed: { generation: base.digest },
    });
    await apply(s, "ip route 203.0.113.0/24");
    await s.sim.pass(10 * 60_000);
    expect(seen).toEqual([fix, "ip route 203.0.113.0/24"]);
    expect(s.status()).toMatchObject({ state: "held", overlays: [{ name: "fix.yaml" }] });

    await ask(s.agent(), "retry", { reason: "the peer does not mind any more" });
    await s.sim.pass(10 * 60_000);
    expect(seen).toContain("shutdown 192.0.2.1");
  });

  it("an author's word lets it be tried again by the digest that is shown", async () => {
    const s = await committed();
    await apply(s);
    await isLive(s);
    await pushed(s, bad, "held");
    await ask(s.agent(), "end-local");
    await s.sim.pass(60_000);
    const generation = s.status().held?.generation ?? "";
    const seen = changes(s);
    s.push("three", bad, { retries: [{ generation, reason: "again", commit: "three", signer: "noc" }] });
    await s.sim.pass(60_000);

    expect(seen).toContain("shutdown 192.0.2.1");
  });

  it("a local change that fails on the committed commit ends, and is not tried with the newest one", async () => {
    const s = await committed();
    await pushed(s, heavy, "waiting");
    const seen = changes(s);
    await apply(s, "shutdown 192.0.2.1");
    await s.sim.pass(10 * 60_000);

    expect(seen).toEqual(["shutdown 192.0.2.1", "shutdown 192.0.2.1"]);
    expect(s.status()).toMatchObject({ state: "waiting", endedOverlay: { why: "failed" } });
    expect(s.status().held).toBeUndefined();
    await ask(s.agent(), "approve", { generation: heavy.digest });
    await s.sim.until(() => s.status().committed?.commit === "two", "committed");
  });

  it("words of a commit that waits stay said", async () => {
    const many = [1, 2, 3, 4, 5, 6].map((n) => `prefix-list p${n}`);
    const s = story();
    s.answering.add("192.0.2.1");
    s.push("one", generation([bgp, peer, ...many]));
    s.start();
    await s.rest();
    s.push("two", heavy, { allowRemoval: { reason: "they are gone", commit: "two" } });
    await s.sim.until(() => s.status().state === "waiting", "waiting");
    await apply(s);
    await s.sim.until(() => s.plane.live.has(fix) && s.status().state === "waiting", "live");

    expect(s.status()).toMatchObject({ committed: { commit: "one" }, waiting: { why: "impact" } });
  });

  it("one that is said anew with the same content changes nothing, and lasts as long as the second says", async () => {
    const s = await committed();
    await apply(s);
    await isLive(s);
    await pushed(s, heavy, "waiting");
    const seen = changes(s);
    await apply(s, fix, { for: "8h" });
    await s.sim.pass(60_000);
    const { loads } = s;
    await s.sim.pass(6 * hour);

    expect(s.loads).toBe(loads);
    expect(s.status()).toMatchObject({ state: "waiting", overlays: [{ name: "fix.yaml" }] });
    expect(s.status().overlays).toHaveLength(1);
    await s.sim.pass(3 * hour);
    expect(seen).toEqual([fix]);
    expect(s.status()).toMatchObject({ state: "waiting", committed: { commit: "one", generation: base.digest } });
  });

  it("one that waits itself is named, with what it waits for", async () => {
    const s = await committed();
    await apply(s);
    await isLive(s);
    await pushed(s, endless, "waiting");
    const journal = textOf(s, "/persistent/config/imp/journal/history.jsonl")?.length;
    await s.sim.until(() => s.status().endedOverlay !== undefined, "ended", 10 * hour);
    await s.sim.pass(hour);

    expect(s.plane.live.has(fix)).toBe(true);
    expect(s.status()).toMatchObject({
      state: "waiting",
      desired: { commit: "two" },
      overlays: [{ name: "fix.yaml", ended: true }],
      overlaid: { commit: "one", reason: expect.stringMatching(/moving house/) as string },
    });
    expect(await ask(s.agent(), "why")).toMatchObject({
      causes: [
        { why: "paused" },
        { why: "overlays", reason: expect.stringMatching(/fix\.yaml ended, and is still live/) as string },
      ],
    });
    const later = textOf(s, "/persistent/config/imp/journal/history.jsonl")?.length;
    await s.sim.pass(hour);
    expect(textOf(s, "/persistent/config/imp/journal/history.jsonl")?.length).toBe(later);
    expect(later).toBeGreaterThan(journal ?? 0);
  });

  it("one whose commit is not to be had any more is named, and ends once it is", async () => {
    const s = await committed();
    await apply(s);
    await isLive(s);
    await pushed(s, heavy, "waiting");
    s.outage = outage;
    await s.sim.until(() => s.status().endedOverlay !== undefined, "ended", 10 * hour);
    await s.sim.pass(hour);

    expect(s.plane.live.has(fix)).toBe(true);
    expect(s.status()).toMatchObject({ overlays: [{ name: "fix.yaml", ended: true }] });
    expect(JSON.stringify(await ask(s.agent(), "why"))).toMatch(/still live: No remote answers/);
    s.outage = undefined;
    await s.sim.pass(600_000);
    expect(shown(s.plane.live)).toBe(shown([bgp, peer]));
    expect(s.status().overlays).toBeUndefined();
  });

  it("and the agent is killed or the power cut anywhere, it begins and ends all the same", async () => {
    for (let killAt = 1; killAt < 90; killAt += 4) {
      const s = await committed();
      await pushed(s, killAt % 8 === 1 ? bad : heavy, killAt % 8 === 1 ? "held" : "waiting");
      await apply(s);
      s.sim.kill();
      s.start({ killAt });
      await s.rest();
      if (killAt % 3 === 0) {
        s.sim.reboot();
        restartPlane(s.sim, s.plane, undefined);
      }
      s.start();
      await s.sim.pass(20 * 60_000);
      expect([killAt, shown(s.plane.live)]).toEqual([killAt, shown([bgp, peer, fix])]);

      await ask(s.agent(), "end-local");
      s.sim.kill();
      s.start({ killAt });
      await s.rest();
      s.sim.kill();
      s.start();
      await s.sim.pass(20 * 60_000);
      expect([killAt, shown(s.plane.live)]).toEqual([killAt, shown([bgp, peer])]);
      expect(s.status()).toMatchObject({ committed: { generation: base.digest } });
      await s.close();
    }
  });
});

describe("with a commit that may be armed", () => {
  const other = "ip route 203.0.113.0/24";

  it("a local change that it brings in is not taken out before", async () => {
    const s = await committed();
    await apply(s);
    await isLive(s);
    const seen: string[] = [];
    s.plane.changing = (line) => seen.push(line);
    s.push("two", generation([bgp, peer, fix, other]));
    await ask(s.agent(), "end-local");
    await isLive(s, other);
    await s.rest();

    expect(seen).toEqual([other]);
    expect(s.status()).toMatchObject({ inSync: true, committed: { commit: "two" } });
  });

  it("a local change begins and ends although the server never sends it whole", async () => {
    const s = await committed();
    s.push("two", generation([bgp, peer, other]));
    s.stalls = true;
    await s.sim.pass(60_000);
    void apply(s);
    await s.sim.pass(120_000);
    expect(s.plane.live.has(fix)).toBe(true);

    void ask(s.agent(), "end-local");
    await s.sim.pass(120_000);
    expect(shown(s.plane.live)).toBe(shown([bgp, peer]));
  });

  it("a local change begins by itself, before it, so that one that fails is known", async () => {
    const s = await committed();
    const seen: string[] = [];
    s.plane.changing = (line) => seen.push(line);
    s.push("two", generation([bgp, peer, "shutdown 192.0.2.1"]));
    await apply(s);
    await s.sim.until(() => s.status().state === "held", "held");

    expect(seen).toEqual([fix, "shutdown 192.0.2.1", "shutdown 192.0.2.1"]);
    expect(s.status()).toMatchObject({ committed: { commit: "one" }, overlays: [{ name: "fix.yaml" }] });
    expect(s.plane.live.has(fix)).toBe(true);
  });
});

describe("what an operator left", () => {
  it("with a local change above it is not tried without", async () => {
    const s = await committed();
    s.push("two", generation([bgp, peer, "ip route 203.0.113.0/24"]));
    await isLive(s, "ip route 203.0.113.0/24");
    await apply(s);
    await isLive(s);
    await ask(s.agent(), "rollback", { generation: base.digest, reason: "customers complain" });
    await s.sim.pass(20 * 60_000);

    expect(shown(s.plane.live)).toBe(shown([bgp, peer]));
    expect(s.status()).toMatchObject({ state: "held", committed: { commit: "one" }, endedOverlay: { why: "failed" } });
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
