import { describe, expect, it } from "vitest";
import { historyText } from "../../controller/report/history-text.ts";
import { storyText } from "../../controller/report/story-text.ts";
import { openPast, type Shown } from "../../controller/past.ts";
import type { Entry } from "../../controller/story.ts";
import { allOperations } from "../../controller/operations/all.ts";
import { operate } from "../../controller/operations/operation.ts";
import { Problem } from "../../schemas/problem.ts";
import { ask } from "../lab/ask.ts";
import { committedStory, generation, type Story, story } from "../lab/story.ts";

const base = generation(["router bgp 64500", "neighbor 192.0.2.1"]);
const better = generation(["router bgp 64500", "neighbor 192.0.2.1", "ip route 198.51.100.0/24"], {
  policy: { drift: { frr: "correct" } },
});
const worse = generation(["router bgp 64500", "neighbor 192.0.2.1", "shutdown 192.0.2.1"]);

/** A box on which `base` is committed, with its session up. */
const committed = async (): Promise<Story> => committedStory(base);

async function told(s: Story): Promise<readonly Entry[]> {
  return ((await ask(s.agent(), "history")) as { readonly entries: readonly Entry[] }).entries;
}

async function shown(s: Story, deployment?: string): Promise<Shown> {
  return (await ask(s.agent(), "show", deployment === undefined ? {} : { deployment })) as Shown;
}

/** Without what differs from run to run: times of day, and the ids that begin with one. */
function bare(lines: readonly string[]): string {
  return lines
    .join("\n")
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, "TIME")
    .replace(/\d{13}(\.\d+)?-/g, "ID-")
    .replace(/\b11 s/g, "10 s"); // fractions of the virtual clock: one look more or less
}

describe("the history", () => {
  it("has a line for each deployment, correction and word of an operator, the newest last", async () => {
    const s = await committed();
    s.push("two", worse);
    await s.rest();
    await ask(s.agent(), "retry", { reason: "the upstream has fixed its filter" });
    await s.rest();
    s.push("three", better);
    await s.rest();
    s.plane.live.delete("ip route 198.51.100.0/24");
    await s.sim.pass(60_000);

    const red = "health: The BGP session with 192.0.2.1 not Established, and was well before the change.";
    expect(bare(historyText(await told(s))).split("\n")).toEqual([
      `TIME  committed after 5.0 s: commit one, 2 steps (session-reset)  [ID-${base.digest.slice(0, 12)}]`,
      `TIME  rolled back after 10 s: commit two, 1 step (session-reset), ${red}  [ID-${worse.digest.slice(0, 12)}]`,
      "TIME  an operator: retry: the upstream has fixed its filter",
      `TIME  rolled back after 10 s: commit two, 1 step (session-reset), ${red}  [ID-${worse.digest.slice(0, 12)}]`,
      `TIME  committed after 5.0 s: commit three, 1 step (hitless)  [ID-${better.digest.slice(0, 12)}]`,
      `TIME  corrected after 0.0 s: drift, 1 step (hitless)  [ID-${better.digest.slice(0, 12)}]`,
    ]);
    expect((await ask(s.agent(), "history", { limit: 2 })) as object).toMatchObject({
      entries: [{ outcome: "committed" }, { outcome: "committed", purpose: "correct" }],
    });
  });

  it("says when a generation is held that failed before, and when that is over", async () => {
    const s = await committed();
    s.push("two", worse);
    await s.rest();
    s.push("one again", base);
    await s.rest();
    s.push("two again", worse);
    await s.rest();

    const lines = bare(historyText((await told(s)).slice(-2))).split("\n");
    expect(lines).toEqual([
      "TIME  no longer held: what is wanted is what is committed",
      expect.stringMatching(`^TIME  held: generation ${worse.digest.slice(0, 12)} failed here before: The BGP session`),
    ]);
  });

  it("tells what the failsafe did about something that is over", async () => {
    const s = await committed();
    await s.close();
    const acted = ["deployment d0", "generation feed", "why deadline", "did frr", "ended restored", ""].join("\n");
    s.sim.files.set("/persistent/config/imp/failsafe/acted", { text: acted, mode: 0o600 });
    s.start();
    await s.rest();

    expect(bare(historyText((await told(s)).slice(-1)))).toBe(
      "TIME  The agent did not end it in time, so the failsafe acted: it restored frr; all is fine again.",
    );
  });

  it("says of what an operator asked that nothing came of it, and why", async () => {
    const s = await committed();
    const { length } = await told(s);
    const full = new Problem("INTERNAL", "no space left on device");
    const pause = { reason: "works", for: "1h" };

    await expect(ask(s.agent(), "resume")).rejects.toMatchObject({ code: "USAGE" });
    await expect(ask(s.agent(), "rollback", { generation: "000000" })).rejects.toMatchObject({ code: "USAGE" });
    s.sim.fail("write", "ledger.json", full, 1);
    await expect(ask(s.agent(), "pause", pause)).rejects.toBe(full);
    await ask(s.agent(), "apply-local", { ...pause, name: "local.yaml", text: "broken" });
    await ask(s.agent(), "pause", pause);

    expect(bare(historyText((await told(s)).slice(length))).split("\n")).toEqual([
      "TIME  an operator: resume, refused: No operator paused it.",
      "TIME  an operator: rollback generation 000000, refused: 000000: no kept generation begins like that.",
      "TIME  an operator: pause for 1h: works, refused: no space left on device",
      expect.stringMatching(/^TIME  an operator: apply-local .* works, refused: Nothing came of it\.$/),
      "TIME  an operator: pause for 1h: works",
    ]);
  });

  it("has a word that took effect as it was said, also when its asker did not wait for the answer", async () => {
    const s = await committed();
    s.outage = new Problem("GIT_UNREACHABLE", "No remote answers.", { transient: true });
    const gone = AbortSignal.abort(new Error("gone"));
    const rewrite = allOperations.find(({ name }) => name === "accept-rewrite");

    await expect(rewrite && operate(s.agent(), rewrite, {}, gone)).rejects.toThrow("gone");

    expect(bare(historyText((await told(s)).slice(-1)))).toBe("TIME  an operator: accept-rewrite");
  });

  it.each([0, 1001, 1.5, "all"])("is not asked for %s entries", async (limit) => {
    const s = await committed();
    await expect(ask(s.agent(), "history", { limit })).rejects.toMatchObject({ code: "USAGE" });
  });
});

describe("the story of a deployment", () => {
  it("of a good one says what it did, and how long each part took", async () => {
    const s = await committed();
    s.push("two", better);
    await s.rest();

    const { story, evidence } = await shown(s);
    expect(bare(storyText(story)).split("\n")).toEqual([
      `deployment   ID-${better.digest.slice(0, 12)}`,
      "outcome      committed, verdict good",
      `what         generation ${better.digest.slice(0, 12)} of commit two, before it generation ${base.digest.slice(0, 12)}, worst impact hitless`,
      "when         TIME, over after 5.0 s",
      "limits       all green for 5.0 s, within 60 s of arming",
      "changed      1 of 1 step done",
      "  frr      add ip route 198.51.100.0/24",
      "took         armed 0.0 s, applying 0.0 s, verifying 0.0 s, proving 5.0 s, committing 0.0 s",
    ]);
    expect(evidence).toBeUndefined();
  });

  it("of a bad one says what failed, when, and what was done", async () => {
    const s = await committed();
    s.push("two", worse);
    await s.rest();

    const { story, evidence, timeline } = await shown(s);
    expect(bare(storyText(story, timeline)).split("\n")).toEqual([
      `deployment   ID-${worse.digest.slice(0, 12)}`,
      "outcome      rolled back, verdict bad, and never tried again by itself",
      `what         generation ${worse.digest.slice(0, 12)} of commit two, before it generation ${base.digest.slice(0, 12)}, worst impact session-reset`,
      "when         TIME, over after 10 s",
      "limits       all green for 5.0 s, within 60 s of arming",
      "failed       health at TIME: The BGP session with 192.0.2.1 not Established, and was well before the change.",
      "checks",
      "  TIME (0.0 s after arming) red: The BGP session with 192.0.2.1 not Established, and was well before the change.",
      `then         It went back to generation ${base.digest.slice(0, 12)}, read back and verified 0.0 s after the failure.`,
      "changed      1 of 1 step done",
      "  frr      add shutdown 192.0.2.1",
      "undone       on the way back",
      "  frr      remove shutdown 192.0.2.1",
      "took         armed 0.0 s, applying 0.0 s, verifying 0.0 s, proving 10 s, rolling-back 0.0 s",
    ]);
    expect(evidence).toBe(`/persistent/config/imp/evidence/${story.id}`);
  });

  it("goes on over a crash, and the span over a reboot is counted by the wall clock", async () => {
    const s = await committed();
    s.push("two", better);
    await s.sim.until(() => s.status().state === "proving", "proving");
    s.sim.reboot();
    s.start();
    await s.rest();

    const { story } = await shown(s, (await told(s)).flatMap((one) => ("id" in one ? [one.id] : [])).at(-2));
    expect(story).toMatchObject({ outcome: "rolled-back", verdict: "inconclusive", failure: { trigger: "crash" } });
    expect(story.phases.at(-2)).toEqual({ phase: "proving", ms: 60_000 });
  });

  it("is found by the beginning of its id, its generation or its commit, and stands on the disk without an agent", async () => {
    const s = await committed();
    s.push("two", better);
    await s.rest();
    const { id } = (await shown(s)).story;
    await s.close();

    const past = openPast(s.sim.start(), "/persistent/config/imp");
    for (const name of [undefined, id, id.slice(0, 16), better.digest.slice(0, 8), "two"]) {
      expect((await past.show(name)).story.id).toBe(id);
    }
    expect((await past.show("one")).story.generation).toBe(base.digest);
    await expect(past.show("four")).rejects.toMatchObject({ code: "USAGE", message: "There is no deployment four." });
  });

  it("is not there before the first deployment", async () => {
    const s = story();
    s.push("one", { generation: undefined, problems: [] });
    s.start();
    await s.rest();

    await expect(shown(s)).rejects.toMatchObject({ code: "USAGE", message: "There was no deployment yet." });
  });
});
