/** What the crash tests of each ground have in common: how a tale begins in the middle, and how all of them are told. */
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Generation } from "../../reconcilers/generation.ts";
import type { Box } from "./crash-ground.ts";
import { play, tryPoints, wrong, type Tale } from "./crash.ts";

/** Until the candidate is being proven. */
export function untilProving(candidate: Generation): (box: Box) => Promise<void> {
  return async (box) => {
    box.push("two", candidate);
    box.start();
    await box.sim.until(() => box.status().state === "proving", "proving");
  };
}

/** Until the failsafe acted, since the agent died while it was being proven. */
export function untilActed(candidate: Generation): (box: Box) => Promise<void> {
  return async (box) => {
    await untilProving(candidate)(box);
    box.sim.kill();
    await box.sim.pass(120_000);
    expect(box.failsafe.history).toContain("act deadline");
  };
}

/** Each tale has more than `steps` steps, and all together more than `points` distinct points. */
export function tell(who: string, tales: readonly Tale[], { steps, points }: Record<"steps" | "points", number>): void {
  const tried = new Set<string>();

  beforeAll(() => void vi.spyOn(Math, "random").mockReturnValue(0.5));
  afterAll(() => void vi.restoreAllMocks());

  describe(`${who} that dies, or whose box loses its power, at any point of a plan of realistic size`, () => {
    it.each(tales)("$name: ends in the committed generation or the proven candidate, whole", async (tale) => {
      const undisturbed = await play(tale);
      expect(wrong(undisturbed, tale)).toEqual([]);
      expect(undisturbed.status().lastDeployment?.steps).toBeGreaterThan(steps);
      await undisturbed.close();

      expect(await tryPoints(tale, tried)).toEqual([]);
    });

    it(`were more than ${points} points`, () => {
      expect(tried.size).toBeGreaterThan(points);
    });
  });
}
