/** Planes that try on a stand-in what is desired, before they plan: what happens where that fails while a change is under way. */
import { describe, expect, it } from "vitest";
import type { Rehearsed } from "../../reconcilers/core.ts";
import type { FrrDesired } from "../../reconcilers/frr/model.ts";
import { Problem } from "../../schemas/problem.ts";
import { generation, shown, story, type Story } from "../lab/story.ts";

const one = generation(["router bgp 64500", "written 1"]);
const two = generation(["router bgp 64500", "written 2"]);

type StandIn = (desired: FrrDesired, signal: AbortSignal) => Promise<Rehearsed<FrrDesired>>;

/** It shows what is written otherwise than it is written. */
const works: StandIn = async ({ config }) => ({
  desired: { config: config.replaceAll("written", "printed") },
  problems: [],
  notes: [],
});
const hangs: StandIn = (_, signal) =>
  new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
const refuses: StandIn = async (desired) => ({
  desired,
  problems: [new Problem("FRR_REJECTED", "A stand-in takes nothing any more.")],
  notes: [],
});

/** A box that goes from one generation to the next, and whose stand-in fails as soon as anything was changed for it. */
async function changed(fails: StandIn): Promise<Story> {
  const s = story();
  let standIn = works;
  Object.assign(s.plane.reconciler, {
    rehearse: (desired: FrrDesired, _observed: unknown, _host: unknown, signal: AbortSignal) =>
      standIn(desired, signal),
  });
  s.push("commit 1", one);
  s.start();
  await s.sim.until(() => s.status().committed?.generation === one.digest, "the first is committed");
  await s.rest();
  expect(shown(s.plane.live)).toBe(shown(["printed 1", "router bgp 64500"]));
  s.plane.changing = () => {
    standIn = fails;
  };
  s.push("commit 2", two);
  await s.sim.until(() => s.status().lastDeployment?.outcome === "rolled-back", "rolled back");
  return s;
}

describe("a stand-in that fails while a change is under way", () => {
  it.each([
    ["hangs", hangs],
    ["refuses everything", refuses],
  ])("and %s is not asked on the way back: what was committed is known as it was shown", async (_, fails) => {
    const s = await changed(fails);

    expect(shown(s.plane.live)).toBe(shown(["printed 1", "router bgp 64500"]));
    expect(s.status().committed?.generation).toBe(one.digest);
    expect(s.states).not.toContain("stranded");
  });
});
