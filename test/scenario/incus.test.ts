/** An Incus that hangs, is dead, or takes its time: nobody else waits for it, and nothing that forwards is restarted for it. */
import { describe, expect, it } from "vitest";
import type { Connection } from "../../reconcilers/core.ts";
import type { Generation } from "../../reconcilers/generation.ts";
import type { Status } from "../../controller/report/status.ts";
import { emptyDesired } from "../../controller/planes.ts";
import { Problem } from "../../schemas/problem.ts";
import { ask } from "../lab/ask.ts";
import { busybox, containers, desiredOf } from "../lab/incus/box.ts";
import { type SimIncus, simIncus } from "../lab/incus/sim-incus.ts";
import { httpConnection } from "../lab/incus/socket.ts";
import { generation, shown, story, type Story } from "../lab/story.ts";

const services = desiredOf({ containers, services: { unbound: { instance: busybox } } });
const more = desiredOf({ containers, services: { unbound: { instance: busybox }, kea: { instance: busybox } } });

function withIncus(lines: readonly string[], incus: typeof services): Generation {
  const desired = { ...emptyDesired, frr: { config: lines.map((line) => `${line}\n`).join("") }, incus };
  return generation(lines, { desired });
}

const peers = ["router bgp 64500", "neighbor 192.0.2.1"];
const worse = [...peers, "shutdown 192.0.2.1"];

type Mood = "well" | "hangs" | "dead";

interface Box extends Story {
  readonly incus: SimIncus;
  mood: Mood;
  /** By uptime. */
  wentBackAt: number;
}

const moods: Readonly<Record<Exclude<Mood, "well">, () => Connection>> = {
  // It takes the question, and never answers.
  hangs: () => ({ ...httpConnection(() => undefined), write: async () => undefined }),
  dead: () => {
    throw new Problem("HOST_FILE", "nobody listens", { transient: true });
  },
};

/** A box with services, on which all is in sync. */
async function settled(): Promise<Box> {
  const incus = simIncus();
  const here: { box?: Box } = {};
  const connect = (): Connection => {
    const mood = here.box?.mood ?? "well";
    return mood === "well" ? incus.connect() : moods[mood]();
  };
  const observer = ({ state }: Status): void => {
    if (here.box && state === "rolling-back") here.box.wentBackAt ||= here.box.sim.uptime();
  };
  const mine = { incus, mood: "well" as const, wentBackAt: 0 };
  const box: Box = Object.assign(story({ incus: { connect }, observer }), mine);
  here.box = box;
  box.answering.add("192.0.2.1");
  box.push("one", withIncus(peers, services));
  box.start();
  await box.rest();
  expect(box.status()).toMatchObject({ state: "idle", inSync: true, problems: [] });
  return box;
}

describe.each(["hangs", "dead"] as const)("an Incus that %s", (mood) => {
  it("while what it has no part in is rolled back: that goes back by its plan, and nothing is restarted", async () => {
    const s = await settled();
    s.push("two", withIncus(worse, services));
    await s.sim.until(() => s.status().state === "proving", "proving");
    s.failsafe.history.length = 0;
    s.mood = mood;
    await s.sim.until(() => s.status().state === "held", "held");

    expect(s.sim.uptime() - s.wentBackAt).toBeLessThan(5000);
    expect(shown(s.plane.live)).toBe(shown(peers));
    expect(s.plane.restarts).toBe(0);
    expect(s.failsafe.history.filter((did) => did.startsWith("restore"))).toEqual([]);
    expect(s.status().lastDeployment).toMatchObject({ outcome: "rolled-back", trigger: "health" });
  });

  it("while something in it is to be rolled back: all else is back before, and stays up", async () => {
    const s = await settled();
    s.push("two", withIncus(worse, more));
    await s.sim.until(() => s.status().state === "proving", "proving");
    expect(s.incus.state.instances.has("kea")).toBe(true);
    s.failsafe.history.length = 0;
    s.mood = mood;
    await s.sim.until(() => s.status().state === "stranded", "stranded");

    expect(shown(s.plane.live)).toBe(shown(peers));
    expect(s.plane.restarts).toBe(0);
    expect(s.failsafe.history.filter((did) => did.startsWith("restore"))).toEqual([]);
    expect(s.status().reason).toMatch(/^Incus .*All but Incus is as it was\.$/);
    expect(s.status().problems.map(({ code }) => code)).toContain("INCUS_UNREACHABLE");

    s.mood = "well";
    await ask(s.agent(), "rollback", { reason: "Incus is back" });
    await s.sim.until(() => s.status().state === "held", "held");
    expect(s.incus.state.instances.has("kea")).toBe(false);
  });

  it("does not keep back a commit that changes nothing in it, and is told", async () => {
    const s = await settled();
    s.mood = mood;
    s.push("two", withIncus([...peers, "ip route 198.51.100.0/24"], services));
    await s.rest();

    expect(s.status()).toMatchObject({ state: "idle", committed: { commit: "two" }, inSync: false });
    expect(shown(s.plane.live)).toBe(shown([...peers, "ip route 198.51.100.0/24"]));

    s.mood = "well";
    await s.sim.until(() => s.status().inSync, "in sync");
  });

  it("keeps back one that changes something in it", async () => {
    const s = await settled();
    s.mood = mood;
    s.push("two", withIncus(peers, more));
    await s.rest();

    expect(s.status()).toMatchObject({ state: "waiting", waiting: { why: "blocked" }, committed: { commit: "one" } });
  });
});

describe("an instance whose making takes longer than its commit may", () => {
  it("goes once Incus is done with it, although the commit that asked for it is forgotten by then", async () => {
    const s = await settled();
    void s.incus.hold("fetching");
    s.push("two", withIncus(peers, more));
    await s.sim.until(() => s.status().state === "held", "held");
    expect(s.status().lastDeployment).toMatchObject({ outcome: "rolled-back" });
    expect(s.incus.state.instances.has("kea")).toBe(false);
    s.push("three", withIncus([...peers, "ip route 198.51.100.0/24"], services));
    await s.rest();

    s.incus.release();
    expect(s.incus.state.instances.get("kea")).toMatchObject({ status: "Stopped" });
    await s.sim.until(() => !s.incus.state.instances.has("kea"), "gone");
    await s.rest();

    expect(s.status()).toMatchObject({ state: "idle", inSync: true, committed: { commit: "three" } });
    expect(s.status().lastDeployment).toMatchObject({ purpose: "correct", outcome: "committed" });
  });
});

describe("a correction of Incus that does not succeed", () => {
  it("strands nobody: what is left is drift, as it was before", async () => {
    const s = await settled();
    const policy = { drift: { incus: "correct" } };
    s.push("two", { ...withIncus(peers, services), policy: generation([], { policy }).policy, digest: "2".repeat(64) });
    await s.rest();
    const unbound = s.incus.state.instances.get("unbound");
    if (unbound) unbound.status = "Stopped";
    for (const { instances } of s.incus.storage.values()) instances.delete("unbound");
    await s.sim.until(() => s.states.includes("rolling-back"), "rolling back");
    await s.rest();

    expect(s.states).not.toContain("stranded");
    expect(s.status()).toMatchObject({ state: "idle", inSync: false, lastDeployment: { purpose: "correct" } });
  });
});
