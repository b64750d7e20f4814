import { describe, expect, it } from "vitest";
import type { Before } from "../../../../controller/health/judge.ts";
import type { Probe } from "../../../../controller/health/probe.ts";
import { nowhere, type Place, type Surroundings } from "../../../../controller/health/reach.ts";
import { prove, type Proof, type Proving } from "../../../../controller/health/prove.ts";
import { Problem } from "../../../../schemas/problem.ts";
import { simHost } from "../../../lab/host.ts";
import { generation } from "../../../lab/story.ts";

const healthy: Probe = { results: new Map(), sessions: new Map(), silent: [] };
const candidate = generation([]);
const patient = generation([], { policy: { "grace-seconds": 600 } });

function before(wanted = candidate, seen = healthy): Before {
  const touched = { policies: new Set<string>(), interfaces: new Set<string>() };
  return { probe: seen, candidate: wanted, committed: undefined, touched, advisory: new Set() };
}

/** Proves on a box where nothing is wrong but what `more` says. */
async function proven(more: Partial<Proving>): Promise<Proof> {
  const sim = simHost();
  const host = sim.start();
  let proof: Proof | undefined;
  const proving = prove(
    {
      host,
      before: before(),
      probe: async () => healthy,
      around: nowhere,
      readBack: async () => undefined,
      since: host.uptime(),
      deadline: host.uptime() + 60_000,
      ran: undefined,
      incarnation: async () => undefined,
      soakMs: 5000,
      settles: false,
      looked: () => undefined,
      ...more,
    },
    new AbortController().signal,
  ).then((result) => (proof = result));
  await sim.until(() => proof !== undefined, "over");
  return proving;
}

describe("proving", () => {
  it("ends well where nothing is wrong", async () => {
    expect(await proven({})).toEqual({ failure: undefined, notes: [], timeline: [], green: [] });
  });

  it("has no verdict on a change when nothing can be seen", async () => {
    const probe = () => Promise.reject(new Problem("HOST_COMMAND", "It hangs."));
    expect((await proven({ probe })).failure).toEqual({
      trigger: "health",
      reason: "It hangs.",
      verdict: "inconclusive",
    });
  });

  it("believes nothing when what was applied cannot be read back", async () => {
    const readBack = () => Promise.reject(new Problem("HOST_COMMAND", "It hangs."));
    expect((await proven({ readBack })).failure).toEqual({
      trigger: "read-back",
      reason: "Whether what was applied is still there cannot be read: It hangs.",
      verdict: "inconclusive",
    });
  });

  describe("that the box can be reached", () => {
    const place = (name: string, answers: () => boolean): Place => ({
      name,
      answers: () => (answers() ? Promise.resolve() : Promise.reject(new Error("silent"))),
    });
    const around = (git: () => boolean, anchor: () => boolean): Surroundings => ({
      git: place("the sites repository", git),
      anchors: [place("the gateway 10.0.0.1", anchor)],
    });
    const no = () => false;
    const yes = () => true;

    it("goes back at the deadline when nothing answers any more, and blames the change", async () => {
      expect((await proven({ around: around(no, no) })).failure).toEqual({
        trigger: "reachability",
        reason:
          "Nothing outside answers any more that did before the change: the sites repository, the gateway 10.0.0.1.",
        verdict: "bad",
      });
    });

    it("believes being cut off whatever else is red, and without reading back", async () => {
      const probe = () => Promise.reject(new Problem("HOST_COMMAND", "It hangs."));
      const readBack = () => Promise.reject(new Error("not asked"));
      expect(
        (await proven({ around: around(no, no), probe, readBack, before: before(patient) })).failure?.verdict,
      ).toBe("bad");
    });

    it("has no verdict when only the repository is away, or only the anchors are", async () => {
      expect((await proven({ around: around(no, yes) })).failure).toMatchObject({
        trigger: "reachability",
        verdict: "inconclusive",
      });
      expect((await proven({ around: around(yes, no) })).failure).toMatchObject({
        reason: "The sites repository answers, but no anchor does any more: the gateway 10.0.0.1.",
        verdict: "inconclusive",
      });
    });

    it("does not believe a silence of a moment, nor an answer of a moment", async () => {
      let asked = 0;
      expect((await proven({ around: around(() => (asked += 1) > 2, yes) })).failure).toBeUndefined();
      let again = 0;
      const flaps = () => (again += 1) % 2 === 0;
      const red = new Set<string>();
      const looked = (now: readonly string[]) => now.forEach((one) => red.add(one));
      expect((await proven({ around: around(flaps, yes), looked })).failure).toEqual({
        trigger: "reachability",
        reason: "Answered before the change, and only now and then after it: the sites repository.",
        verdict: "inconclusive",
      });
      expect([...red]).toEqual(["The sites repository was reachable before the change and is not now."]);
    });

    it("says which anchor is away although others answer", async () => {
      const { git, anchors } = around(yes, yes);
      const proof = await proven({ around: { git, anchors: [...anchors, place("10.0.0.53", no)] } });
      expect(proof.failure).toBeUndefined();
      expect(proof.notes).toEqual(["Answered before the change, and not after it: 10.0.0.53."]);
    });
  });

  it("keeps what was red, from when on, and when it was green again", async () => {
    let looks = 0;
    const probe = async (): Promise<Probe> => {
      looks += 1;
      if (looks < 3) throw new Problem("HOST_COMMAND", "It hangs.");
      return healthy;
    };
    const { failure, timeline } = await proven({ probe });
    expect(failure).toBeUndefined();
    expect(timeline.map(({ afterMs, red }) => [afterMs, red])).toEqual([
      [0, [{ key: "probe", reason: "It hangs." }]],
      [2000, []],
    ]);
  });
});
