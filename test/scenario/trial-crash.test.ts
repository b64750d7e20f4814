/** A trial that is cut at any point, in either boot environment: it ends whole, in the one or the other, never in between. */
import { array, assert, asyncProperty, constantFrom, integer, nat, record } from "fast-check";
import { describe, expect, it } from "vitest";
import type { Generation } from "../../reconcilers/generation.ts";
import { Problem } from "../../schemas/problem.ts";
import { every } from "../lab/crash-ground.ts";
import type { Moment, StartOptions } from "../lab/host.ts";
import { bootFile, generation, shown, stateFolder, textOf } from "../lab/story.ts";
import { imageB, trialBox, type TrialBox } from "../lab/trial-box.ts";

const one = generation(["router bgp 64500", "neighbor 192.0.2.1"]);
const better = ["router bgp 64500", "neighbor 192.0.2.1", "ip route 198.51.100.0/24"];
const wants = (method: "kexec" | "firmware"): Generation =>
  generation(better, { image: imageB, policy: { "max-impact": "reboot", trial: { "boot-method": method } } });
const outage = new Problem("GIT_UNREACHABLE", "No remote answers.", { transient: true });

/** Where the agent is that is cut: it sends the box away, or it goes on there. */
type Who = "in a" | "in b";

interface Tale {
  readonly name: string;
  readonly wanted: Generation;
  readonly isSick: boolean;
  readonly who: Who;
}

const tales: readonly Tale[] = (["kexec", "firmware"] as const).flatMap((method) =>
  (["in a", "in b"] as const).flatMap((who) =>
    [false, true].map((isSick) => ({
      name: `${isSick ? "a sick image" : "an upgrade"} by ${method}, cut ${who}`,
      wanted: wants(method),
      isSick,
      who,
    })),
  ),
);

interface Ending {
  readonly name: string;
  readonly moment: Moment;
  readonly left: (box: TrialBox) => Promise<void> | void;
}

const endings: readonly Ending[] = [
  { name: "killed before", moment: "before", left: () => undefined },
  {
    name: "power cut, losing what was not synced, before",
    moment: "before",
    left: (box) => box.comeUp({ loses: "unsynced" }),
  },
  { name: "killed after", moment: "after", left: () => undefined },
  { name: "power cut after", moment: "after", left: (box) => box.comeUp() },
  // Longer than any deadline: the failsafe acts, and in the trial the deadline resets the box.
  {
    name: "dead for minutes from before",
    moment: "before",
    left: (box) => (box.s.sim.isKilled() ? box.s.sim.pass(300_000) : undefined),
  },
];

/** The commit is there, and no agent runs. */
async function begun({ wanted, isSick }: Tale): Promise<TrialBox> {
  const box = await trialBox(one);
  const { s } = box;
  box.onBoot = (name) => void (name === "b" && isSick ? s.answering.clear() : s.answering.add("192.0.2.1"));
  s.sim.kill();
  s.push("two", wanted);
  return box;
}

/** Plays it until nothing is in flight, or the agent whose turn it is was killed. */
async function play(tale: Tale, interrupted: StartOptions = {}): Promise<TrialBox> {
  const box = await begun(tale);
  const { s } = box;
  s.start(tale.who === "in a" ? interrupted : {});
  await s.rest();
  if (tale.who === "in a") return box;
  expect(box.running()).toBe("b");
  s.start(interrupted);
  await s.rest();
  return box;
}

/** What is not as it must be, a line each. */
function wrong(box: TrialBox, { wanted, isSick }: Tale): readonly string[] {
  const { s, pool } = box;
  const { state, committed, inSync } = s.status();
  const next = pool.bootfs?.slice("tank/ROOT/".length) ?? "";
  const must = next === "b" ? wanted : one;
  const lines = shown(must.desired.frr.config.split("\n").filter(Boolean));
  const journal = /"to":\{"at":"([a-z-]+)"/.exec(textOf(s, `${stateFolder}/journal/current.json`) ?? "")?.[1] ?? "idle";
  const claims: readonly (readonly [boolean, string])[] = [
    [["a", "b"].includes(next), `bootfs names ${next}`],
    [!isSick || next === "a", "a sick image is committed"],
    [box.running() === next, `${box.running()} runs, and ${next} boots next`],
    [box.link(next) === must.digest, `${next} boots next, and committed ${box.link(next)}`],
    [committed?.generation === must.digest, `it says that it has ${committed?.generation}`],
    [shown(s.plane.live) === lines, `it runs ${shown(s.plane.live)}`],
    [shown((textOf(s, bootFile) ?? "").split("\n").filter(Boolean)) === lines, "it starts with something else"],
    // After both of its trial boots, or too many reboots, it waits.
    [["idle", "held"].includes(state) || s.status().waiting?.why === "limit", `it is ${state}`],
    [["idle", "held"].includes(journal), `the journal says ${journal}`],
    [!s.sim.files.has("/run/imp/armed"), "the failsafe is armed"],
    [pool.datasets.get("tank/ROOT")?.properties.has("imp:trial") !== true, "a record of a trial is left"],
    [!inSync || state === "idle", "it says that it is in sync"],
    ...box.faults().map((fault) => [false, fault] as const),
  ];
  return claims.flatMap(([holds, what]) => (holds ? [] : [what]));
}

/** One cut after the other, wherever the box is by then. */
async function playCuts(tale: Tale, cuts: readonly Cut[]): Promise<TrialBox> {
  const box = await begun(tale);
  for (const { at, ending } of cuts) {
    box.s.start({ killAt: at, moment: endings[ending]?.moment ?? "before" });
    await box.s.rest();
    await endings[ending]?.left(box);
  }
  await box.settle();
  return box;
}

interface Cut {
  readonly at: number;
  readonly ending: number;
}

const cuts = array(record({ at: integer({ min: 1, max: 160 }), ending: nat(endings.length - 1) }), {
  minLength: 2,
  maxLength: 5,
});

const stride = every(29);

describe("a trial that is cut", () => {
  it.each(tales)("ends whole: $name", async (tale) => {
    const undisturbed = await play(tale);
    const effects = undisturbed.s.sim.effects();
    expect(effects.length).toBeGreaterThan(30);
    const found: string[] = [];
    const points = effects.flatMap((effect, index) => endings.map((ending) => ({ effect, at: index + 1, ending })));
    for (const { effect, at, ending } of points.filter((_, index) => index % stride === 0)) {
      const box = await play(tale, { killAt: at, moment: ending.moment });
      await ending.left(box);
      box.s.outage = outage;
      await box.settle();
      found.push(...wrong(box, tale).map((what) => `${ending.name} effect ${at}: ${effect}: ${what}`));
      await box.s.close();
    }
    expect(found).toEqual([]);
  });

  it("several times, at random points of whoever runs then, keeps every law", async () => {
    const runs = 150 / stride;
    await assert(
      asyncProperty(constantFrom(...tales), cuts, async (tale, some) => {
        const box = await playCuts(tale, some);
        expect(wrong(box, tale)).toEqual([]);
        await box.s.close();
      }),
      { numRuns: Math.max(8, Math.round(runs)) },
    );
  });
});
