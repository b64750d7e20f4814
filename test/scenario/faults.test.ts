import { describe, expect, it } from "vitest";
import { ask } from "../lab/ask.ts";
import type { Status } from "../../controller/report/status.ts";
import { Problem } from "../../schemas/problem.ts";
import { bootFile, generation, shown, story, type Story, type StoryOptions } from "../lab/story.ts";

const base = generation(["router bgp 64500", "neighbor 192.0.2.1"]);
const better = generation(["router bgp 64500", "neighbor 192.0.2.1", "ip route 198.51.100.0/24"]);
const worse = generation(["router bgp 64500", "neighbor 192.0.2.1", "shutdown 192.0.2.1"]);
const lines = (one: typeof base): string => shown(one.desired.frr.config.trim().split("\n"));
const journal = "/persistent/config/imp/journal";

/** A box on which `base` is committed, with its session up. */
async function committed(options: StoryOptions = {}): Promise<Story> {
  const s = story(options);
  s.answering.add("192.0.2.1");
  s.push("one", base);
  s.start();
  await s.rest();
  s.states.length = 0;
  return s;
}

/** What the plane was told since the process started. */
function changes(s: Story): number {
  return s.plane.changes;
}

describe("a box on which nothing was ever committed", () => {
  it("is only observed when something is configured on it already, until an operator adopts it", async () => {
    const s = story({ lines: ["neighbor 192.0.2.1", "snmp-server"] });
    s.push("one", base);
    const agent = s.start();
    await s.rest();
    expect(s.status()).toMatchObject({ state: "waiting", inSync: false, planes: { frr: { foreign: 1 } } });
    expect(s.status().reason).toMatch(/Nothing was ever committed here/);
    expect(changes(s)).toBe(0);

    await ask(agent, "adopt");
    await s.sim.until(() => s.status().state === "idle", "idle");

    expect(shown(s.plane.live)).toBe("neighbor 192.0.2.1\nrouter bgp 64500\nsnmp-server");
  });

  it("gets back exactly what it had when the first deployment fails", async () => {
    const s = story({ lines: ["neighbor 192.0.2.1", "snmp-server"] });
    s.plane.ignored.add("ip route 198.51.100.0/24");
    s.push("one", better);
    const agent = s.start();
    await s.rest();

    await ask(agent, "adopt");
    await s.sim.until(() => s.status().state === "held", "held");

    expect(shown(s.plane.live)).toBe("neighbor 192.0.2.1\nsnmp-server");
    expect(s.status().lastDeployment).toMatchObject({ outcome: "rolled-back", trigger: "read-back" });
  });
});

describe("a generation that failed here", () => {
  it("is not tried again when it comes back in another commit, nor after a restart", async () => {
    const s = await committed();
    s.push("two", worse);
    await s.rest();
    const before = changes(s);

    s.push("three", worse);
    await s.rest();
    s.start();
    await s.rest();

    expect(s.status()).toMatchObject({ state: "held", held: { generation: worse.digest } });
    expect(changes(s)).toBe(before);
  });

  it("is tried again when an operator says so", async () => {
    const s = await committed();
    s.push("two", worse);
    await s.rest();
    s.states.length = 0;

    await ask(s.agent(), "retry", { reason: "it was repaired" });
    await s.sim.until(() => s.states.includes("rolling-back") && s.status().state === "held", "held again");

    expect(s.states).toContain("proving");
    const history = s.sim.files.get(`${journal}/history.jsonl`);
    expect(history && "text" in history && history.text).toContain(
      `"asked":"retry","details":{"reason":"it was repaired"},"generation":"${worse.digest}"`,
    );
  });

  it("does not keep the next one from being applied", async () => {
    const s = await committed();
    s.push("two", worse);
    await s.rest();

    s.push("three", better);
    await s.rest();

    expect(s.status()).toMatchObject({ state: "idle", inSync: true, committed: { generation: better.digest } });
  });

  it("does not keep drift from being corrected", async () => {
    const s = await committed();
    s.push("two", worse);
    await s.rest();

    s.plane.live.delete("router bgp 64500");
    s.plane.restarts += 1;
    s.push("two", worse);
    await s.rest();

    expect(shown(s.plane.live)).toBe(lines(base));
    expect(s.status()).toMatchObject({ state: "held" });
  });
});

describe("a commit that asks for what is committed", () => {
  it("is accepted and changes nothing", async () => {
    const s = await committed();
    const before = changes(s);

    s.push("two", base);
    await s.rest();

    expect(s.status()).toMatchObject({ state: "idle", inSync: true, desired: { commit: "two" } });
    expect(changes(s)).toBe(before);
    expect(s.states).toEqual(["idle"]);
  });

  it("brings in a newer rendering of it without a verdict", async () => {
    const s = await committed();
    const rendered = { ...base, desired: better.desired };

    s.push("two", rendered);
    await s.rest();

    expect(shown(s.plane.live)).toBe(lines(better));
    expect(s.status()).toMatchObject({ state: "idle", inSync: true, committed: { generation: base.digest } });
  });
});

describe("a commit with an error", () => {
  const wrong = { generation: undefined, problems: [new Problem("SECRET_MISSING", "there is no secret bgp")] };

  it("is not checked again at every poll, but now and then", async () => {
    const s = await committed();
    s.push("two", wrong);
    await s.sim.until(() => s.status().problems.length > 0, "seen");
    s.loads = 0;
    s.events.length = 0;

    await s.sim.until(() => s.events.filter((event) => event.type === "polled").length > 40, "polled");

    expect(s.loads).toBe(4);
    expect(s.status().problems.map((problem) => problem.code)).toEqual(["SECRET_MISSING"]);
  });

  it("is checked again as soon as its secret is put on the box, or an operator says so", async () => {
    const s = await committed();
    s.push("two", wrong);
    await s.sim.until(() => s.status().problems.length > 0, "seen");
    s.loads = 0;
    s.inputs = "a new file";
    await s.sim.pass(60_000);
    expect(s.loads).toBe(1);

    await ask(s.agent(), "sync");

    expect(s.loads).toBe(2);
  });
});

describe("while applying", () => {
  it("a rejected line rolls back and is held", async () => {
    const s = await committed();
    s.plane.refuse = (line) => (line.startsWith("ip route") ? new Problem("FRR_REJECTED", "no") : undefined);

    s.push("two", better);
    await s.rest();

    expect(s.status()).toMatchObject({ state: "held", lastDeployment: { trigger: "apply" } });
    expect(shown(s.plane.live)).toBe(lines(base));
  });

  it("a daemon that is away for a moment is tried again within the deployment", async () => {
    const s = await committed();
    let times = 0;
    s.plane.refuse = (line) => {
      times += Number(line.startsWith("ip route"));
      return times === 1 ? new Problem("FRR_UNREACHABLE", "bgpd is away.", { transient: true }) : undefined;
    };

    s.push("two", better);
    await s.rest();

    expect(s.status()).toMatchObject({ state: "idle", committed: { generation: better.digest } });
    expect(s.states).not.toContain("rolling-back");
  });

  it("a daemon that stays away makes it inconclusive: tried three times in all, then held", async () => {
    const s = await committed();
    s.plane.refuse = (line) =>
      line.startsWith("ip route") ? new Problem("FRR_UNREACHABLE", "bgpd is away.", { transient: true }) : undefined;

    s.push("two", better);
    await s.sim.until(() => s.status().state === "held", "held");

    expect(s.states.filter((state) => state === "rolling-back")).toHaveLength(3);
    expect(s.status().held?.reason).toMatch(/3 times/);
    expect(shown(s.plane.live)).toBe(lines(base));
  });
});

describe("while proving", () => {
  it("a git server that went down makes it inconclusive, and it is tried again", async () => {
    const s = await committed();
    s.push("two", better);
    await s.sim.until(() => s.status().state === "proving", "proving");
    s.outage = new Problem("GIT_UNREACHABLE", "No remote answers.", { transient: true });
    await s.sim.until(() => s.status().state === "idle", "rolled back");
    expect(s.status().lastDeployment).toMatchObject({ outcome: "rolled-back", trigger: "reachability" });
    expect(shown(s.plane.live)).toBe(lines(base));

    s.outage = undefined;
    s.push("two", better);
    await s.sim.until(() => s.status().committed?.generation === better.digest, "committed");

    expect(s.status()).toMatchObject({ state: "idle", committed: { generation: better.digest } });
  });

  it("a session that was down before may stay down", async () => {
    const s = await committed();
    s.answering.delete("192.0.2.1");

    s.push("two", better);
    await s.rest();

    expect(s.status()).toMatchObject({ state: "idle", committed: { generation: better.digest } });
  });

  it("a session that the change adds may stay down, but not go down again once it was up", async () => {
    const s = await committed();
    const added = generation([...lines(base).split("\n"), "neighbor 192.0.2.9"]);
    s.push("two", added);
    await s.rest();
    expect(s.status().committed?.generation).toBe(added.digest);

    const another = generation([...lines(added).split("\n"), "neighbor 192.0.2.10"]);
    s.answering.add("192.0.2.10");
    s.push("three", another);
    await s.sim.until(() => s.status().state === "proving", "proving");
    await s.sim.pass(2000);
    s.answering.delete("192.0.2.10");
    await s.sim.until(() => s.status().state === "held", "held");

    expect(s.status().held?.reason).toMatch(/192\.0\.2\.10/);
  });

  it("a session that its peer's operator takes down makes it inconclusive", async () => {
    const s = await committed();
    s.push("two", better);
    await s.sim.until(() => s.status().state === "proving", "proving");
    s.answering.delete("192.0.2.1");
    s.ceased.add("192.0.2.1");
    await s.sim.until(() => s.status().state === "idle", "rolled back");
    expect(s.status().lastDeployment?.reason).toMatch(/The peer's operator took it down/);
    expect(s.status().held).toBeUndefined();

    await s.sim.until(
      () => s.status().committed?.generation === better.digest,
      "applied, the session being down before",
    );
  });

  it("a wall clock that jumps by a year changes nothing", async () => {
    const s = await committed();
    s.push("two", better);
    await s.sim.until(() => s.status().state === "proving", "proving");
    s.sim.setWallClock(s.sim.now() + 365 * 86_400_000);
    await s.rest();
    s.sim.setWallClock(s.sim.now() - 2 * 365 * 86_400_000);
    s.push("two", better);
    await s.rest();

    expect(s.status()).toMatchObject({ state: "idle", inSync: true, committed: { generation: better.digest } });
  });

  it("closing the agent ends it at once, and the next start goes back", async () => {
    const s = await committed();
    s.push("two", better);
    await s.sim.until(() => s.status().state === "proving", "proving");

    await s.close();
    expect(shown(s.plane.live)).toBe(lines(better));
    s.outage = new Problem("GIT_UNREACHABLE", "No remote answers.", { transient: true });
    s.start();
    await s.rest();

    expect(shown(s.plane.live)).toBe(lines(base));
    expect(s.status().lastDeployment).toMatchObject({ trigger: "crash" });
  });

  it("a reboot in the middle ends in the committed generation", async () => {
    const s = await committed();
    s.push("two", better);
    await s.sim.until(() => s.status().state === "proving", "proving");

    s.sim.reboot();
    s.plane.live.clear();
    const boot = s.sim.files.get(bootFile);
    for (const line of (boot && "text" in boot ? boot.text : "").trim().split("\n")) s.plane.live.add(line);
    expect(shown(s.plane.live)).toBe(lines(base));
    s.outage = new Problem("GIT_UNREACHABLE", "No remote answers.", { transient: true });
    s.start();
    await s.rest();

    expect(shown(s.plane.live)).toBe(lines(base));
    expect(s.status().state).toBe("idle");
  });
});

describe("drift", () => {
  it("is counted, and corrected at most three times an hour", async () => {
    const s = await committed();
    for (let i = 0; i < 3; i += 1) {
      s.plane.live.delete("router bgp 64500");
      s.plane.restarts += 1;
      s.push("one", base);
      await s.rest();
      expect(shown(s.plane.live)).toBe(lines(base));
    }

    s.plane.live.delete("router bgp 64500");
    s.plane.restarts += 1;
    s.push("one", base);
    await s.rest();

    expect(s.status()).toMatchObject({ inSync: false, planes: { frr: { drift: 1 } } });
    expect(s.status().reason).toMatch(/three times/);
    await s.sim.until(() => s.plane.live.has("router bgp 64500"), "corrected an hour later", 2 * 3_600_000);
  });

  it("is only reported when the agent observes only", async () => {
    const s = await committed();
    await s.close();
    const observing = story({ settings: { mode: "observe" } });
    for (const [path, node] of s.sim.files) observing.sim.files.set(path, node);
    observing.push("one", base);
    observing.start();
    await observing.rest();

    expect(observing.status()).toMatchObject({ mode: "observe", inSync: false, planes: { frr: { drift: 2 } } });
    expect(changes(observing)).toBe(0);
  });
});

describe("the gate", () => {
  it("holds a change back while the policy pauses, and lets it go after", async () => {
    const s = await committed();
    const config = lines(better).split("\n");
    s.push("two", generation(config, { policy: { pause: "Freeze until Monday." } }));
    await s.rest();
    expect(s.status()).toMatchObject({ state: "waiting", paused: { reason: "Freeze until Monday." }, inSync: false });
    expect(shown(s.plane.live)).toBe(lines(base));

    s.push("three", better);
    await s.rest();

    expect(s.status()).toMatchObject({ state: "idle", inSync: true });
  });

  it("waits for the window that allows its impact", async () => {
    const s = await committed();
    const policy = {
      "max-impact": "hitless",
      windows: { night: { from: "02:00", to: "04:00", "max-impact": "session-reset" } },
      "time-zone": "Europe/Berlin",
    };
    const change = generation([...lines(base).split("\n"), "neighbor 192.0.2.2"], { policy });
    s.push("two", change);
    await s.rest();
    expect(s.status()).toMatchObject({ state: "waiting" });
    expect(s.status().reason).toMatch(/night \(02:00-04:00 Europe\/Berlin\)/);

    await s.sim.until(() => s.status().committed?.generation === change.digest, "committed", 24 * 3_600_000);

    expect(new Date(s.sim.now()).getUTCHours()).toBe(1);
  });
});

describe("what reports", () => {
  it("can fail all the time without anybody noticing", async () => {
    const s = await committed({
      observer: () => {
        throw new Error("metrics are broken");
      },
    });

    s.push("two", worse);
    await s.rest();

    expect(s.status().state).toBe("held");
    expect(shown(s.plane.live)).toBe(lines(base));
  });

  it("never says in sync while a plane cannot be observed", async () => {
    const statuses: Status[] = [];
    const s = await committed({ observer: (status) => void statuses.push(status) });
    expect(s.status().inSync).toBe(true);
    statuses.length = 0;
    s.sim.fail("connect", "lines.sock", new Problem("FRR_UNREACHABLE", "bgpd is away.", { transient: true }), 1000);
    await s.sim.until(() => statuses.some((status) => !status.inSync), "seen to fail");
    statuses.length = 0;

    await s.sim.pass(600_000);

    expect(statuses.length).toBeGreaterThan(20);
    expect(statuses.filter((status) => status.inSync || status.problems[0]?.code !== "FRR_UNREACHABLE")).toEqual([]);
    expect(new Set(statuses.map((status) => status.problems.length))).toEqual(new Set([1]));
  });

  it("never says in sync while a section of the machine has no plane", async () => {
    const s = story();
    s.push("one", generation(["router bgp 64500"], { notManaged: ["nat"] }));
    s.start();
    await s.rest();

    expect(s.status()).toMatchObject({ state: "idle", inSync: false, notManaged: ["nat"] });
  });
});

describe("trust", () => {
  it("does not move the anchor for a commit that is refused, until an operator lets it pass once", async () => {
    const s = await committed();
    const two = "2".repeat(40);
    s.refusal = new Problem("TRUST_UNSIGNED", "The commit carries no signature.");
    s.push(two, better);
    await s.rest();
    expect(s.status()).toMatchObject({ inSync: false, desired: { commit: "one" } });
    expect(s.status().problems.map((p) => p.code)).toEqual(["TRUST_UNSIGNED"]);

    s.refusal = undefined;
    await ask(s.agent(), "accept", { commit: two });
    await s.rest();

    expect(s.accepted.at(-1)).toMatchObject({ commit: two, from: "one", vouched: [two] });
    s.push("3".repeat(40), base);
    await s.rest();
    expect(s.accepted.at(-1)).toMatchObject({ from: two, vouched: [] });

    const ahead = "4".repeat(40);
    expect(s.status().overrides).toBeUndefined();
    await ask(s.agent(), "accept", { commit: ahead });
    await ask(s.agent(), "accept-rewrite");
    await s.rest();
    expect(s.status().overrides).toEqual({ rewrite: true, commits: [ahead] });
    s.push(ahead, better);
    await s.rest();
    expect(s.accepted.at(-1)).toMatchObject({ commit: ahead, vouched: [ahead] });
    expect(s.status().overrides).toBeUndefined();
  });
});

describe("the journal", () => {
  it("freezes the box when it cannot be read, and says so", async () => {
    const s = await committed();
    await s.close();
    s.sim.files.set(`${journal}/current.json`, { text: "{", mode: 0o600 });
    const before = changes(s);
    s.push("two", better);
    s.start();

    await s.sim.pass(120_000);

    expect(s.status()).toMatchObject({ inSync: false, problems: [{ code: "JOURNAL" }] });
    expect(changes(s)).toBe(before);

    s.sim.files.delete(`${journal}/current.json`);
    await s.rest();
    expect(s.status()).toMatchObject({ state: "idle", inSync: true, committed: { generation: better.digest } });
  });

  it("lets nothing be armed that it cannot record", async () => {
    const s = await committed();
    s.sim.fail("write", "current.json", new Problem("HOST_FILE", "ENOSPC: no space left on device"), 3);
    const before = changes(s);

    s.push("two", better);
    await s.sim.until(() => s.status().state === "waiting", "waiting");

    expect(changes(s)).toBe(before);
    expect(s.status().reason).toMatch(/ENOSPC/);
    await s.sim.until(() => s.status().committed?.generation === better.digest, "committed once there is space");
  });

  it("does not keep anybody from going back", async () => {
    const s = await committed();
    s.push("two", worse);
    await s.sim.until(() => s.status().state === "proving", "proving");
    s.sim.fail("write", "current.json", new Problem("HOST_FILE", "ENOSPC: no space left on device"), 50);
    await s.sim.until(() => s.status().state === "held", "held");

    expect(shown(s.plane.live)).toBe(lines(base));
  });

  it("finishes a commit that a full disk interrupted", async () => {
    const s = await committed();
    s.push("two", better);
    await s.sim.until(() => s.status().state === "proving", "proving");
    s.sim.fail("link", "committed.d", new Problem("HOST_FILE", "ENOSPC: no space left on device"), 3);
    await s.rest();

    expect(s.status()).toMatchObject({ state: "idle", committed: { generation: better.digest } });
    expect(s.states).not.toContain("rolling-back");
  });

  it("needs no writes to the dataplane when an idle agent restarts", async () => {
    const s = await committed();
    const before = changes(s);

    s.start();
    await s.rest();

    expect(changes(s)).toBe(before);
    expect(s.sim.effects().filter((effect) => !effect.endsWith(" /run/lines.sock"))).toEqual([]);
  });
});
