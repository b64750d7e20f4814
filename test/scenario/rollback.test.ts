import { describe, expect, it } from "vitest";
import { Problem } from "../../schemas/problem.ts";
import { ask } from "../lab/ask.ts";
import { generation, shown, story, textOf, type Story } from "../lab/story.ts";

const route = (digit: number) => `ip route 198.51.${digit}.0/24`;
const generationOf = (...digits: readonly number[]) =>
  generation(["router bgp 64500", "neighbor 192.0.2.1", ...digits.map(route)]);
const [one, two, three] = [generationOf(1), generationOf(1, 2), generationOf(1, 2, 3)];
const worse = generation(["router bgp 64500", "neighbor 192.0.2.1", "shutdown 192.0.2.1"]);
const lines = (what: typeof one): string => shown(what.desired.frr.config.trim().split("\n"));
const outage = new Problem("GIT_UNREACHABLE", "No remote answers.", { transient: true });

/** A box on which these were committed, one after the other. */
async function committed(...generations: readonly (typeof one)[]): Promise<Story> {
  const s = story();
  s.answering.add("192.0.2.1");
  for (const [index, next] of generations.entries()) {
    s.push(`commit ${index + 1}`, next);
    if (index === 0) s.start();
    await isCommitted(s, next);
  }
  s.states.length = 0;
  return s;
}

async function isCommitted(s: Story, what: typeof one): Promise<void> {
  const done = () => s.status().committed?.generation === what.digest && ["idle", "held"].includes(s.status().state);
  await s.sim.until(done, "committed");
}

describe("impctl rollback", () => {
  it("goes back to what was committed before, proven again, while the repository is away", async () => {
    const s = await committed(one, two);
    s.outage = outage;
    const before = s.sim.uptime();

    const answer = await ask(s.agent(), "rollback", { reason: "customers complain" });
    await isCommitted(s, one);

    expect(answer).toMatchObject({
      message: `The box goes back to generation ${one.digest.slice(0, 12)} (commit commit 1).`,
    });
    expect(shown(s.plane.live)).toBe(lines(one));
    expect(s.states.slice(s.states.indexOf("planning"))).toEqual([
      "planning",
      "staging",
      "armed",
      "applying",
      "verifying",
      "proving",
      "committing",
      "idle",
    ]);
    expect(s.sim.uptime() - before).toBeLessThan(10_000);
    expect(s.status()).toMatchObject({ lastDeployment: { purpose: "roll-back", outcome: "committed" } });
  });

  it("holds what was left, until something newer comes or an operator lets it be tried again", async () => {
    const s = await committed(one, two);
    await ask(s.agent(), "rollback", { reason: "customers complain" });
    await s.sim.until(() => s.status().state === "held", "held");
    expect(s.status().held).toEqual({
      generation: two.digest,
      reason: "Rolled back by an operator: customers complain.",
      why: "failed",
    });
    await s.sim.pass(600_000);
    expect(s.status().committed?.generation).toBe(one.digest);

    await ask(s.agent(), "retry", { reason: "it was another fault" });
    await isCommitted(s, two);
    await ask(s.agent(), "rollback");
    await s.sim.until(() => s.status().held?.reason === "Rolled back by an operator.", "held");
    s.push("newer", three);
    await isCommitted(s, three);
  });

  it("goes to the generation that is named, and past those that are known to be bad", async () => {
    const s = await committed(one, two, three);
    await ask(s.agent(), "rollback", { generation: one.digest.slice(0, 8) });
    await isCommitted(s, one);
    expect(shown(s.plane.live)).toBe(lines(one));

    await ask(s.agent(), "rollback");
    await isCommitted(s, two);
    expect(shown(s.plane.live)).toBe(lines(two));
  });

  it("waits neither for a window nor for a pause, but for the failsafe", async () => {
    const s = await committed(one, generation([...lines(two).split("\n"), "neighbor 192.0.2.2"]));
    const policy = { pause: "Freeze.", "max-impact": "hitless" };
    s.push("frozen", generation(lines(three).split("\n"), { policy }));
    await s.sim.until(() => s.status().state === "waiting", "waiting");
    s.failsafe.broken = "imp-failsafe watch does not run.";
    await ask(s.agent(), "rollback");
    await s.sim.until(() => s.status().reason?.includes("failsafe") === true, "waiting for the failsafe");
    expect(s.status()).toMatchObject({ state: "waiting", waiting: { why: "prerequisites" } });

    s.failsafe.broken = undefined;
    await isCommitted(s, one).catch(() => undefined);
    await s.sim.until(() => s.status().committed?.generation === one.digest, "committed");
    expect(shown(s.plane.live)).toBe(lines(one));
  });

  it("gives up what is being proven, and never tries it again", async () => {
    const s = await committed(one);
    s.push("two", two);
    await s.sim.until(() => s.status().state === "proving", "proving");

    expect(await ask(s.agent(), "rollback", { reason: "wrong day" })).toEqual({
      message: "What is being deployed is given up.",
    });
    await s.sim.until(() => s.status().state === "held", "held");

    expect(s.status()).toMatchObject({
      committed: { generation: one.digest },
      lastDeployment: { trigger: "operator", reason: "Rolled back by an operator: wrong day." },
    });
    expect(shown(s.plane.live)).toBe(lines(one));
    await s.sim.pass(600_000);
    expect(s.status()).toMatchObject({ state: "held", committed: { generation: one.digest } });
  });

  it("survives that the agent is killed at any effect: it is carried out, or was not ordered", async () => {
    const order = async (killAt?: number): Promise<Story> => {
      const s = await committed(one, two);
      s.outage = outage;
      s.start(killAt === undefined ? {} : { killAt });
      await s.sim.until(() => s.sim.isKilled() || s.status().git.lastError !== undefined, "started");
      void ask(s.agent(), "rollback", { reason: "customers complain" }).catch(() => undefined);
      const done = () => s.status().committed?.generation === one.digest && s.status().state === "idle";
      await s.sim.until(() => s.sim.isKilled() || done(), "killed, or committed");
      return s;
    };
    const effects = (await order()).sim.effects();
    expect(effects.length).toBeGreaterThan(50);
    const ends = new Set<string>();
    for (let k = 1; k <= effects.length; k += 1) {
      const s = await order(k);
      s.start();
      await s.rest();
      await s.sim.pass(120_000);
      const ended = s.status().committed?.generation === one.digest ? one : two;
      ends.add(ended.digest);
      const when = `killed before effect ${k}: ${effects[k - 1]}`;
      const ledger = s.sim.files.get("/persistent/config/imp/journal/ledger.json");
      const isOrdered = ledger && "text" in ledger && ledger.text.includes('"order"');
      expect({ when, isOrdered, live: shown(s.plane.live), state: s.status().state }).toEqual({
        when,
        isOrdered: false,
        live: lines(ended),
        state: "idle",
      });
      await s.close();
    }
    expect(ends).toEqual(new Set([one.digest, two.digest]));
  });

  it("is carried out although the agent died in the middle of it", async () => {
    const s = await committed(one, two);
    await ask(s.agent(), "rollback", { reason: "customers complain" });
    await s.sim.until(() => s.status().state === "proving", "proving");
    s.start();
    await isCommitted(s, one);
    await s.sim.until(() => s.status().state === "held", "held");

    expect(s.status().held).toMatchObject({ generation: two.digest });
    expect(s.agent().memory().ledger().order).toBeUndefined();
  });

  it("is given up when it ends without a result again and again", async () => {
    const s = await committed(one, two);
    const away = new Problem("FRR_UNREACHABLE", "staticd is away.", { transient: true });
    s.plane.refuse = (line) => (line === route(2) && s.status().state === "applying" ? away : undefined);
    await ask(s.agent(), "rollback", { reason: "customers complain" });
    await s.sim.pass(600_000);

    const ended = s.events.filter((event) => event.type === "deployment-ended" && event.outcome === "rolled-back");
    expect(ended).toHaveLength(3);
    expect(s.status()).toMatchObject({ state: "idle", committed: { generation: two.digest } });
    expect(s.agent().memory().ledger().order).toBeUndefined();
  });

  it("gives way to another order, which is no verdict on where it went", async () => {
    const s = await committed(one, two, three);
    await ask(s.agent(), "rollback", { generation: two.digest, reason: "customers complain" });
    await s.sim.until(() => s.status().state === "proving", "proving");
    s.answering.delete("192.0.2.1");
    await s.sim.pass(2000);
    await ask(s.agent(), "rollback", { generation: one.digest, reason: "further" });
    s.answering.add("192.0.2.1");
    await isCommitted(s, one);

    const { verdicts } = s.agent().memory().ledger();
    expect([verdicts[two.digest]?.verdict, verdicts[three.digest]?.verdict]).toEqual(["good", "bad"]);
  });

  it("is followed by another one that came too late to end it", async () => {
    const s = await committed(one, two, three);
    await ask(s.agent(), "rollback", { generation: two.digest, reason: "customers complain" });
    await s.sim.until(() => s.status().state === "proving", "proving");
    await ask(s.agent(), "rollback", { generation: one.digest, reason: "further" });
    await isCommitted(s, one);
    expect(shown(s.plane.live)).toBe(lines(one));
  });

  it("waits neither for a repository that stalls nor for what is damaged beside its target", async () => {
    const s = await committed(one, two, three);
    const kept = `/persistent/config/imp/generations/${two.digest}/generation.json`;
    s.sim.files.set(kept, { text: "{", mode: 0o600 });
    s.stalls = true;
    s.push("four", generationOf(1, 2, 3, 4));
    await s.sim.pass(45_000);
    const before = s.sim.uptime();
    await ask(s.agent(), "rollback", { generation: one.digest, reason: "customers complain" });
    const message = `Nobody can go back to it: ${kept} is missing or damaged.`;
    expect(s.status().problems).toContainEqual(expect.objectContaining({ message }));
    await isCommitted(s, one);
    expect(s.sim.uptime() - before).toBeLessThan(10_000);
  });

  it("to a generation whose secrets are damaged is dropped with a word, and newer commits are seen again", async () => {
    const s = await committed(one, two);
    const secrets = `/persistent/config/imp/generations/${one.digest}/files/secrets.json`;
    s.sim.files.set(secrets, { text: '{"a', mode: 0o600 });
    await ask(s.agent(), "rollback", { reason: "customers complain" });
    s.push("three", three);
    await isCommitted(s, three);
    expect(s.agent().memory().ledger().order).toBeUndefined();
  });

  it("knows what there is without the list that says in which order", async () => {
    const s = await committed(one, two);
    s.sim.files.set("/persistent/config/imp/generations/order.json", { text: "{}", mode: 0o600 });
    await ask(s.agent(), "rollback", { reason: "customers complain" });
    await isCommitted(s, one);
    const order = textOf(s, "/persistent/config/imp/generations/order.json") ?? "";
    expect(new Set(JSON.parse(order) as string[])).toEqual(new Set([one.digest, two.digest]));
  });

  it("says why it cannot", async () => {
    const s = await committed(one);
    await expect(ask(s.agent(), "rollback")).rejects.toMatchObject({ code: "USAGE", message: /Nothing .* is kept/ });
    await expect(ask(s.agent(), "rollback", { generation: "nonsense" })).rejects.toMatchObject({ code: "USAGE" });
    await expect(ask(s.agent(), "rollback", { generation: "0000000" })).rejects.toMatchObject({
      remedy: expect.stringContaining(one.digest.slice(0, 12)),
    });
    await expect(ask(s.agent(), "rollback", { generation: one.digest })).rejects.toMatchObject({
      message: "That generation is committed already.",
    });
  });
});

describe("impctl rollback on a stranded box", () => {
  it("tries again, and what was stranded ends as it would have", async () => {
    const s = await committed(one);
    s.push("two", worse);
    await s.sim.until(() => s.status().state === "proving", "proving");
    s.failsafe.failing.add("frr");
    s.sim.answer(([program]) => (program === "systemctl" ? { exitCode: 1, stdout: "", stderr: "no" } : undefined));
    s.plane.refuse = () => new Problem("FRR_UNREACHABLE", "bgpd is away.", { transient: true });
    await s.sim.until(() => s.status().state === "stranded", "stranded");
    await expect(ask(s.agent(), "rollback", { generation: one.digest })).rejects.toMatchObject({ code: "USAGE" });

    s.plane.refuse = () => undefined;
    const answer = await ask(s.agent(), "rollback", { reason: "bgpd was started" });
    await s.sim.until(() => s.status().state === "held", "held");

    expect(answer).toEqual({ message: "The agent tries again to go back to what is committed." });
    expect(shown(s.plane.live)).toBe(lines(one));
    expect(s.status()).toMatchObject({ held: { generation: worse.digest }, lastDeployment: { trigger: "health" } });
    await s.sim.pass(120_000);
    expect(s.status().committed?.generation).toBe(one.digest);
  });
});

describe("an order on a box that strands", () => {
  it("is tried once: only another one lets it try again", async () => {
    const s = await committed(one, two);
    s.failsafe.failing.add("frr");
    s.sim.answer(([program]) => (program === "systemctl" ? { exitCode: 1, stdout: "", stderr: "no" } : undefined));
    await ask(s.agent(), "rollback", { reason: "customers complain" });
    await s.sim.until(() => s.status().state === "proving", "proving");
    s.plane.refuse = () => new Problem("FRR_UNREACHABLE", "bgpd is away.", { transient: true });
    s.answering.delete("192.0.2.1");
    await s.sim.until(() => s.status().state === "stranded", "stranded");
    const { length } = s.failsafe.history;
    await s.sim.pass(3_600_000);
    expect(s.failsafe.history.slice(length).filter((said) => said.startsWith("restore"))).toEqual([]);

    s.plane.refuse = () => undefined;
    s.answering.add("192.0.2.1");
    await ask(s.agent(), "rollback", { reason: "bgpd was started" });
    await s.sim.until(() => s.status().state === "idle", "back");
    expect(shown(s.plane.live)).toBe(lines(two));
  });
});

describe("a generation that is known", () => {
  it("needs no soak when a revert brings it back, but must be green once", async () => {
    const s = await committed(one, two);
    s.answering.delete("192.0.2.1");
    s.push("three", three);
    await s.sim.until(() => s.status().committed?.generation === three.digest, "committed");
    s.answering.add("192.0.2.1");
    const before = s.sim.uptime();
    s.push("revert", two);
    await s.sim.until(() => s.status().state === "proving", "proving");
    const began = s.sim.uptime();
    await isCommitted(s, two);
    expect(began - before).toBeLessThan(60_000);
    expect(s.sim.uptime() - began).toBeLessThan(5000);
  });

  it("is tried again later when it ended without a result, twice as late the second time, then held", async () => {
    const s = await committed(one);
    const tried: number[] = [];
    s.plane.refuse = (line) => {
      if (line !== route(2)) return undefined;
      if (s.sim.uptime() - (tried.at(-1) ?? 0) > 60_000) tried.push(s.sim.uptime());
      return new Problem("FRR_UNREACHABLE", "bgpd is away.", { transient: true });
    };
    s.push("two", { ...two, policy: { ...two.policy, "retry-after-seconds": 300 } });
    await s.sim.until(() => s.status().state === "waiting", "waiting");
    expect(s.status().waiting).toMatchObject({ why: "backoff", reason: expect.stringMatching(/once.*5 min/) });
    await s.sim.until(() => s.status().state === "held", "held");

    const pauses = tried.slice(1).map((at, index) => Math.round((at - (tried[index] ?? 0)) / 60_000));
    expect(pauses).toEqual([5, 10]);
    expect(s.status().held?.reason).toMatch(/3 times/);
  });
});
