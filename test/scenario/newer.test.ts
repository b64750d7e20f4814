import { describe, expect, it } from "vitest";
import { ask } from "../lab/ask.ts";
import { generation, shown, story, type Story } from "../lab/story.ts";

const policy = { "soak-seconds": 300, "grace-seconds": 120, "deadline-seconds": 1200 };
const lineup = ["router bgp 64500", "neighbor 192.0.2.1"];
const base = generation(lineup);
const slow = generation([...lineup, "ip route 198.51.100.0/24"], { policy });
/** What should disturb nothing takes the session down. */
const fatal = "ip route 192.0.2.0/24";
const failing = generation([...lineup, fatal], { policy });
const newer = generation([...lineup, "ip route 203.0.113.0/24"]);
const heavy = generation([...lineup, "neighbor 192.0.2.2"]);
const lines = (one: typeof base): string => shown(one.desired.frr.config.trim().split("\n"));

async function begun(): Promise<Story> {
  const s = story();
  s.answering.add("192.0.2.1");
  s.plane.changing = (line) => {
    if (line !== fatal) return;
    if (s.plane.live.has(fatal)) s.answering.add("192.0.2.1");
    else s.answering.delete("192.0.2.1");
  };
  s.push("one", base);
  s.start();
  await s.rest();
  return s;
}

/** A box on which `candidate` is being proven. */
async function proving(candidate: typeof base): Promise<Story> {
  const s = await begun();
  s.push("two", candidate);
  await s.sim.until(() => s.status().state === "proving", "proving");
  s.states.length = 0;
  return s;
}

async function until(s: Story, digest: string): Promise<void> {
  await s.sim.until(() => s.status().committed?.generation === digest && s.status().state === "idle", "committed");
}

describe("a newer commit that arrives while one is proven", () => {
  it("takes its place when it is failing, which is no verdict on it", async () => {
    const s = await proving(failing);
    const began = s.sim.uptime();
    s.push("three", newer);
    await until(s, newer.digest);

    expect(s.sim.uptime() - began).toBeLessThan(60_000);
    const ended = s.events.flatMap((event) => (event.type === "deployment-ended" ? [event.trigger] : []));
    expect(ended).toEqual([undefined, "pre-empted", undefined]);
    expect(shown(s.plane.live)).toBe(lines(newer));
    s.push("four", failing);
    await s.sim.until(() => s.status().state === "proving", "tried again at once");
  });

  it("waits for one that is proving well, and the status says so", async () => {
    const s = await proving(slow);
    s.push("three", newer);
    await s.sim.until(() => s.status().desired?.commit === "three", "seen");
    expect(s.status()).toMatchObject({
      state: "proving",
      reason: "Commit three waits until this deployment is proven; it takes its place if that fails.",
    });
    await s.sim.until(() => s.status().committed?.generation === slow.digest, "committed");
    await until(s, newer.digest);

    expect(s.states).not.toContain("rolling-back");
  });

  it("does not take the place of one that is only settling: red for a moment", async () => {
    const s = await proving(slow);
    s.push("three", newer);
    await s.sim.until(() => s.status().desired?.commit === "three", "seen");
    s.answering.delete("192.0.2.1");
    await s.sim.pass(8000);
    s.answering.add("192.0.2.1");
    await s.sim.until(() => s.status().committed?.generation === slow.digest, "committed");
    expect(s.states).not.toContain("rolling-back");
  });

  it("does not take the place of one after which routing has not settled yet", async () => {
    const restart = { ...policy, "max-impact": "restart" };
    const s = await proving(slow);
    await until(s, slow.digest);
    s.plane.changing = (line) => void (line === "restart vpp" && s.answering.delete("192.0.2.1"));
    const heavier = generation([...lineup, "restart vpp"], { policy: restart });
    s.push("three", heavier);
    await s.sim.until(() => s.status().state === "proving", "proving");
    s.states.length = 0;
    s.push("four", generation([...lineup, "restart vpp", "ip route 203.0.113.0/24"], { policy: restart }));
    await s.sim.pass(100_000);
    s.answering.add("192.0.2.1");
    await s.sim.until(() => s.status().committed?.generation === heavier.digest, "committed");
    expect(s.states).not.toContain("rolling-back");
  });

  it("that has to wait itself leaves one that is failing alone", async () => {
    const s = await proving(failing);
    s.push("three", generation([...lineup, "ip route 203.0.113.0/24"], { policy: { pause: "Not now." } }));
    const ended = () => s.events.flatMap((event) => (event.type === "deployment-ended" ? [event.trigger] : []));
    await s.sim.until(() => ended().length === 2, "rolled back");
    expect(ended().at(-1)).toBe("health");
  });

  it("that is the committed one again, or is held, leaves nothing to take its place", async () => {
    const s = await proving(failing);
    await s.sim.until(() => s.status().state === "held", "held");
    s.push("three", slow);
    await s.sim.until(() => s.status().state === "proving", "proving");
    s.answering.delete("192.0.2.1");
    s.push("four", failing);
    await s.sim.pass(60_000);
    expect(s.status()).toMatchObject({ state: "proving", desired: { commit: "four" } });
  });

  it("never interrupts a rollback", async () => {
    const s = await proving(failing);
    s.plane.hangs = true;
    await s.sim.until(() => s.states.includes("rolling-back"), "rolling back");
    s.push("three", newer);
    const loads = s.loads;
    await s.sim.until(() => s.plane.restarts > 0, "restarted");
    expect(s.loads).toBe(loads);
    await until(s, newer.digest);
  });

  it("is polled for as often as ever, and is lost for nobody when the agent dies meanwhile", async () => {
    const s = await proving(slow);
    s.events.length = 0;
    await s.sim.pass(120_000);
    const polls = s.events.filter((event) => event.type === "polled").length;
    expect(polls).toBeGreaterThanOrEqual(3);
    expect(polls).toBeLessThanOrEqual(5);

    s.push("three", newer);
    await s.sim.until(() => s.status().desired?.commit === "three", "seen");
    s.start();
    await until(s, newer.digest);
  });
});

describe("what is urgent", () => {
  it("does not wait for a green soak: impctl sync --now", async () => {
    const s = await proving(slow);
    const began = s.sim.uptime();
    s.push("three", newer);
    void ask(s.agent(), "sync", { now: true, reason: "attack" });
    await until(s, newer.digest);

    expect(s.sim.uptime() - began).toBeLessThan(60_000);
    expect(s.states).not.toContain("rolling-back");
  });

  it("ends the soak of what is being proven itself, where it is that", async () => {
    const s = await proving(slow);
    const began = s.sim.uptime();
    void ask(s.agent(), "sync", { now: true, reason: "attack" });
    await until(s, slow.digest);
    expect(s.sim.uptime() - began).toBeLessThan(30_000);
  });

  it("is not what comes after an emergency: that one's own word is used up by it", async () => {
    const s = await begun();
    const emergency = { reason: "attack", commit: "four", signer: "noc" };
    s.push("four", slow, { emergency });
    await s.sim.until(() => s.status().state === "proving", "proving");
    const began = s.sim.uptime();
    s.push("five", newer);
    await s.sim.until(() => s.status().committed?.generation === slow.digest, "committed");
    expect(s.sim.uptime() - began).toBeGreaterThan(290_000);
  });

  it("does not do so when it would disturb more than a flap", async () => {
    const s = await proving(slow);
    const began = s.sim.uptime();
    s.push("three", heavy);
    void ask(s.agent(), "sync", { now: true, reason: "attack" });
    await until(s, heavy.digest);
    expect(s.sim.uptime() - began).toBeGreaterThan(250_000);
  });
});
