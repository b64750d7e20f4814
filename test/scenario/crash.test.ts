import { describe, expect, it } from "vitest";
import type { Generation } from "../../reconcilers/generation.ts";
import { Problem } from "../../schemas/problem.ts";
import { bootFile, generation, shown, story, textOf, type Story } from "../lab/story.ts";

const base = generation(["router bgp 64500", "neighbor 192.0.2.1"]);
const better = generation(["router bgp 64500", "neighbor 192.0.2.1", "neighbor 192.0.2.2", "ip route 198.51.100.0/24"]);
const worse = generation(["router bgp 64500", "neighbor 192.0.2.1", "shutdown 192.0.2.1", "ip route 198.51.100.0/24"]);

interface Tale {
  readonly name: string;
  /** Up to where nothing is counted. */
  readonly begin: (s: Story) => Promise<void>;
  /** What is counted, and interrupted. */
  readonly push: (s: Story) => void;
  readonly candidate: Generation;
  readonly committed: Generation | undefined;
  /** The candidate may never be what is left. */
  readonly candidateIsBad?: true;
}

async function committedBase(s: Story): Promise<void> {
  s.push("one", base);
  s.start();
  await s.rest();
}

const tales: readonly Tale[] = [
  {
    name: "the first convergence",
    begin: async () => undefined,
    push: (s) => s.push("one", base),
    candidate: base,
    committed: undefined,
  },
  {
    name: "a good change",
    begin: committedBase,
    push: (s) => s.push("two", better),
    candidate: better,
    committed: base,
  },
  {
    name: "a bad change that is rolled back",
    begin: committedBase,
    push: (s) => s.push("two", worse),
    candidate: worse,
    committed: base,
    candidateIsBad: true,
  },
  {
    name: "a correction of drift",
    begin: committedBase,
    push: (s) => {
      s.plane.live.delete("neighbor 192.0.2.1");
      s.plane.restarts += 1;
      s.push("one", base);
    },
    candidate: base,
    committed: base,
  },
];

/** Plays the tale in a new world; the agent that meets the tale dies before its effect number `killAt`. */
async function play(tale: Tale, killAt?: number): Promise<Story> {
  const s = story();
  s.answering.add("192.0.2.1");
  s.plane.changing = (line) => {
    const missing = unprotected(s);
    if (missing !== undefined) rash.push(`before ${line}: ${missing}`);
  };
  await tale.begin(s);
  s.sim.kill();
  tale.push(s);
  s.start(killAt === undefined ? {} : { killAt });
  await s.rest();
  return s;
}

/** Which effects, from 1, differ from the one after: until something is said, a connection changes nothing. */
function tellingPoints(effects: readonly string[]): readonly number[] {
  return effects.flatMap((effect, index) => (effect.startsWith("connect ") ? [] : [index + 1]));
}

/** Changes that began unprotected, in any tale. */
const rash: string[] = [];

/** I2: what is missing at this moment so that something may change; undefined: nothing is. */
function unprotected(s: Story): string | undefined {
  const journal = textOf(s, "/persistent/config/imp/journal/current.json") ?? "";
  const id = /"to":\{"at":"(?:applying|committing|rolling-back)",.*?"deployment":\{.*?"id":"([^"]+)"/.exec(
    journal,
  )?.[1];
  if (id === undefined) return `no deployment is in flight in the journal: ${journal}`;
  const record = textOf(s, "/run/imp/armed") ?? "";
  return record.includes(`deployment ${id}\n`) ? undefined : `the failsafe is not armed for ${id}: ${record}`;
}

/** What must be of one piece (I7), at rest, without drift (I8), and in the boot file (I1). */
function summary(s: Story, when: string): object {
  const status = s.status();
  const journal = /"to":\{"at":"([a-z-]+)"/.exec(textOf(s, "/persistent/config/imp/journal/current.json") ?? "")?.[1];
  return {
    when,
    generation: status.committed?.generation,
    live: shown(s.plane.live),
    boot: shown((textOf(s, bootFile) ?? "").split("\n").filter(Boolean)),
    atRest: ["idle", "held"].includes(status.state) && ["idle", "held", undefined].includes(journal),
    drift: status.planes.frr?.drift ?? 0,
    rash: [...rash],
  };
}

/** The same, as it must be when `generation` is what the box ended in. */
function whole(generation: Generation | undefined, when: string): object {
  const live = configured(generation);
  return { when, generation: generation?.digest, live, boot: live, atRest: true, drift: 0, rash: [] };
}

function configured(generation: Generation | undefined): string {
  return shown((generation?.desired.frr.config ?? "").split("\n").filter(Boolean));
}

/** Which of the two allowed ones the box says that it is in; the bad candidate is never allowed. */
function ended(s: Story, tale: Tale): Generation | undefined {
  const allowed = tale.candidateIsBad ? [tale.committed] : [tale.committed, tale.candidate];
  return allowed.find((one) => one?.digest === s.status().committed?.generation);
}

describe("killed just before any durable effect, and started again", () => {
  it.each(tales)("$name ends in the committed generation or the proven candidate, whole", async (tale) => {
    const undisturbed = await play(tale);
    const effects = undisturbed.sim.effects();
    expect(summary(undisturbed, "undisturbed")).toEqual(whole(ended(undisturbed, tale), "undisturbed"));
    expect(effects.length).toBeGreaterThan(20);

    for (const k of tellingPoints(effects)) {
      const when = `killed before effect ${k}: ${effects[k - 1]}`;
      const s = await play(tale, k);
      const wasKilled = s.sim.isKilled();

      // With the repository out of reach the agent can only finish or undo what was in flight.
      s.outage = new Problem("GIT_UNREACHABLE", "No remote answers.", { transient: true });
      s.start();
      await s.rest();
      expect({ ...summary(s, when), wasKilled }).toEqual({ ...whole(ended(s, tale), when), wasKilled: true });

      // And with it, it gets to where the undisturbed one got.
      s.outage = undefined;
      tale.push(s);
      await s.rest();
      expect(summary(s, `${when}, then on`)).toEqual(whole(ended(undisturbed, tale), `${when}, then on`));
      await s.close();
    }
  });

  it.each(tales)("by a power cut, after which the planes start from their boot files: $name", async (tale) => {
    const effects = (await play(tale)).sim.effects();
    for (const k of tellingPoints(effects)) {
      const when = `power cut before effect ${k}: ${effects[k - 1]}`;
      const s = await play(tale, k);
      s.sim.reboot();
      s.plane.live.clear();
      for (const line of (textOf(s, bootFile) ?? "").split("\n").filter(Boolean)) s.plane.live.add(line);
      s.outage = new Problem("GIT_UNREACHABLE", "No remote answers.", { transient: true });
      s.start();
      await s.rest();
      expect(summary(s, when)).toEqual(whole(ended(s, tale), when));
      await s.close();
    }
  });

  const undoable = tales.filter(({ committed }) => committed !== undefined);
  it.each(undoable)("and never again: the failsafe ends it, whole, soon after the deadline: $name", async (tale) => {
    const effects = (await play(tale)).sim.effects();
    let acted = 0;
    for (const k of tellingPoints(effects)) {
      const when = `killed for good before effect ${k}: ${effects[k - 1]}`;
      const s = await play(tale, k);
      const untouched = shown(s.plane.live);
      const wasArmed = s.sim.files.has("/run/imp/armed");
      await s.sim.pass(60_000 + 10_000);
      const hasActed = s.failsafe.history.includes("act deadline");
      acted += Number(hasActed);
      // Without a record it was not begun, or proven, or undone.
      const live = wasArmed ? configured(tale.committed) : untouched;
      expect({ when, hasActed, live: shown(s.plane.live), isArmed: s.sim.files.has("/run/imp/armed") }).toEqual({
        when,
        hasActed: wasArmed,
        live,
        isArmed: false,
      });
      const begun = tale.candidateIsBad ? [base] : [base, tale.candidate];
      const isWhole = wasArmed || tale.name.includes("drift") || begun.map(configured).includes(live);
      expect({ when, isWhole }).toEqual({ when, isWhole: true });

      // Should somebody bring the agent back later, it ends in the same.
      s.outage = new Problem("GIT_UNREACHABLE", "No remote answers.", { transient: true });
      s.start();
      await s.rest();
      expect(summary(s, when)).toEqual(whole(ended(s, tale), when));
      const isTold = !hasActed || s.status().lastDeployment?.outcome === "rolled-back";
      expect([when, isTold]).toEqual([when, true]);
      await s.close();
    }
    expect(acted).toBeGreaterThan(10);
  });

  it.each(tales)("twice in a row, the second time while it recovers: $name", async (tale) => {
    const length = (await play(tale)).sim.effects().length;
    for (let k = 3; k <= length; k += 7) {
      for (let j = 1; j <= 60; j += 5) {
        const when = `killed before effect ${k}, then before effect ${j} of the recovery`;
        const s = await play(tale, k);
        s.start({ killAt: j });
        await s.rest();
        s.start();
        await s.rest();
        expect(summary(s, when)).toEqual(whole(ended(s, tale), when));
        await s.close();
      }
    }
  });
});
