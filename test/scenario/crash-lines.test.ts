import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { play, tryPoints, wrong, type Tale } from "../lab/crash.ts";
import { lines, type Box } from "../lab/crash-ground.ts";
import { generation } from "../lab/story.ts";

const peers = Array.from({ length: 12 }, (_, n) => `neighbor 192.0.2.${n + 1}`);
const lists = Array.from({ length: 8 }, (_, n) => `prefix-list customer-${n}`);
const routes = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, n) => `ip route 198.51.${from + n}.0/24`);

const base = generation(["router bgp 64500", ...peers.slice(0, 8), ...lists, ...routes(0, 40)]);
/** Removes 30 routes and adds 30 others, 4 sessions and a list. */
const better = generation(["router bgp 64500", ...peers, ...lists, "prefix-list customer-8", ...routes(30, 70)]);
/** The same, and takes down a session that was up. */
const worse = generation([...better.desired.frr.config.trim().split("\n"), "shutdown 192.0.2.1"]);

/** Until the candidate is being proven. */
async function untilProving(box: Box): Promise<void> {
  box.push("two", worse);
  box.start();
  await box.sim.until(() => box.status().state === "proving", "proving");
}

const ground = lines;
const bad = { ground, committed: base, candidate: worse, candidateIsBad: true } as const;
const tales: readonly Tale[] = [
  { ground, name: "the first convergence", committed: undefined, candidate: base },
  { ground, name: "a good change", committed: base, candidate: better },
  { ...bad, name: "a bad change that is rolled back" },
  {
    ...bad,
    name: "a rollback by the plane's files",
    begin: untilProving,
    find: (box) => box.jam(),
  },
  {
    ...bad,
    name: "a rollback by a reboot",
    begin: untilProving,
    find(box) {
      box.jam();
      box.failsafe.failing.add("frr");
    },
  },
  {
    ...bad,
    name: "a start after the failsafe acted",
    async begin(box) {
      await untilProving(box);
      box.sim.kill();
      await box.sim.pass(120_000);
      expect(box.failsafe.history).toContain("act deadline");
    },
  },
  {
    ground,
    name: "a correction of all that a restart lost",
    committed: base,
    candidate: base,
    find(box) {
      box.plane.live.clear();
      box.plane.restarts += 1;
    },
  },
];

const tried = new Set<string>();

beforeAll(() => void vi.spyOn(Math, "random").mockReturnValue(0.5));
afterAll(() => void vi.restoreAllMocks());

describe("an agent on the smallest plane that dies, or whose box loses its power, at any point of a plan of realistic size", () => {
  it.each(tales)("$name: ends in the committed generation or the proven candidate, whole", async (tale) => {
    const undisturbed = await play(tale);
    expect(wrong(undisturbed, tale)).toEqual([]);
    expect(undisturbed.status().lastDeployment?.steps).toBeGreaterThan(55);
    await undisturbed.close();

    expect(await tryPoints(tale, tried)).toEqual([]);
  });

  it("were more than a thousand points", () => {
    expect(tried.size).toBeGreaterThan(1000);
  });
});
