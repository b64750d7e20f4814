import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { runsOf, unmetNeeds } from "../../../controller/runs.ts";
import type { Plan, Step } from "../../../reconcilers/core.ts";

const planes = ["system", "vpp", "frr"] as const;
type Plane = (typeof planes)[number];
type Keys = Partial<Pick<Step, "needs" | "provides" | "releases">>;

function step(id: string, keys: Keys = {}): Step {
  return { id, kind: "set", impact: "hitless", needs: [], provides: [], releases: [], ...keys };
}

function plans(steps: Partial<Record<Plane, readonly Step[]>>, taps?: readonly string[]) {
  const planOf = (plane: Plane): Pick<Plan, "steps" | "there"> => ({
    steps: steps[plane] ?? [],
    ...(plane === "vpp" && taps && { there: { tap: taps } }),
  });
  return { system: planOf("system"), vpp: planOf("vpp"), frr: planOf("frr") };
}

/** "plane: step, step" of every run. */
function told(steps: Partial<Record<Plane, readonly Step[]>>): readonly string[] {
  return runsOf(planes, plans(steps)).map((run) => `${run.plane}: ${run.steps.map(({ id }) => id).join(", ")}`);
}

describe("the order of planes", () => {
  it("has what is used before what uses it when something comes", () => {
    const vpp = [step("vlan"), step("pair", { provides: ["tap:external.25"] })];
    const frr = [step("filter"), step("neighbor", { needs: ["tap:external.25"] })];

    expect(told({ system: [step("file")], vpp, frr })).toEqual([
      "system: file",
      "vpp: vlan, pair",
      "frr: filter, neighbor",
    ]);
  });

  it("has what uses something before it when something goes, and files in between", () => {
    const vpp = [step("no pair", { releases: ["tap:external.25"] }), step("no vlan")];
    const frr = [step("filter"), step("no neighbor", { releases: ["tap:external.25"] }), step("no filter")];

    expect(told({ system: [step("file")], vpp, frr })).toEqual([
      "frr: no neighbor",
      "system: file",
      "vpp: no pair, no vlan",
      "frr: filter, no filter",
    ]);
  });

  it("keeps a plane whole that lets go of what stays", () => {
    const frr = [step("neighbor"), step("no neighbor", { releases: ["tap:external.25"] })];

    expect(told({ vpp: [step("mtu")], frr })).toEqual(["vpp: mtu", "frr: neighbor, no neighbor"]);
  });

  it("moves what uses an interface that is made anew out of its way, and back after it", () => {
    const vpp = [step("no pair", { releases: ["tap:a"] }), step("pair", { provides: ["tap:a"] })];
    const frr = [step("area", { needs: ["tap:a"] }), step("no neighbor", { releases: ["tap:a"] })];

    expect(told({ vpp, frr })).toEqual(["frr: no neighbor", "vpp: no pair, pair", "frr: area"]);
    expect(unmetNeeds(planes, plans({ vpp, frr }, ["a"]))).toEqual([]);
  });

  it("says what a step would not find", () => {
    const area = step("area", { needs: ["tap:a", "daemon:ospfd"] });
    const unmet = (vpp: readonly Step[], taps?: readonly string[]) =>
      unmetNeeds(planes, plans({ vpp, frr: [area] }, taps)).map(({ plane, need }) => `${plane} ${need}`);
    const [pair, noPair] = [step("pair", { provides: ["tap:a"] }), step("no pair", { releases: ["tap:a"] })];

    expect(unmet([], [])).toEqual(["frr tap:a"]);
    expect(unmet([noPair], ["a"])).toEqual(["frr tap:a"]);
    expect(unmet([pair], [])).toEqual([]);
    expect(unmet([noPair, pair], ["a"])).toEqual([]);
    expect(unmet([], ["a"])).toEqual([]);
    // Without VPP nobody can tell.
    expect(unmet([], undefined)).toEqual([]);
  });

  it("finds what a plane uses of its own", () => {
    const vpp = [step("vlan", { needs: ["interface:external"], provides: ["interface:external.25"] })];
    const there = { ...plans({ vpp }), vpp: { steps: vpp, there: { interface: [] } } };

    expect(unmetNeeds(planes, there).map(({ need }) => need)).toEqual(["interface:external"]);
  });
});

const key = fc.constantFrom("tap:a", "tap:b", "tap:c");
const anyStep = fc.record({ needs: fc.array(key), provides: fc.array(key), releases: fc.array(key) });
const anySteps = fc.record({ system: fc.array(anyStep), vpp: fc.array(anyStep), frr: fc.array(anyStep) });

/** Each with a name that says where it stood. */
function named(steps: Readonly<Record<Plane, readonly Keys[]>>): Readonly<Record<Plane, readonly Step[]>> {
  const all = planes.map((plane) => [plane, steps[plane].map((keys, at) => step(`${plane} ${at}`, keys))]);
  return Object.fromEntries(all) as Record<Plane, readonly Step[]>;
}

describe("the order of any planes", () => {
  it("has every step once, each plane in at most two runs, and each run in the plane's own order", () => {
    fc.assert(
      fc.property(anySteps, (steps) => {
        const given = named(steps);
        const runs = runsOf(planes, plans(given));
        for (const plane of planes) {
          const own = runs.filter((run) => run.plane === plane);
          expect(own.length).toBeLessThanOrEqual(2);
          expect(new Set(own.flatMap((run) => run.steps))).toEqual(new Set(given[plane]));
          for (const run of own) expect(run.steps).toEqual(given[plane].filter((one) => run.steps.includes(one)));
        }
        expect(runs.flatMap((run) => run.steps)).toHaveLength(planes.flatMap((plane) => given[plane]).length);
      }),
    );
  });

  it("never takes away what a later plane has still to let go of", () => {
    fc.assert(
      fc.property(anySteps, (steps) => {
        const order = runsOf(planes, plans(named(steps))).flatMap((run) =>
          run.steps.map(({ releases }) => ({ plane: planes.indexOf(run.plane), releases })),
        );
        for (const [at, { plane, releases }] of order.entries()) {
          const later = order.slice(at + 1).filter((one) => one.plane > plane);
          expect(later.flatMap((one) => one.releases).filter((one) => releases.includes(one))).toEqual([]);
        }
      }),
    );
  });
});
