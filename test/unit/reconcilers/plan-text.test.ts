import { describe, expect, it } from "vitest";
import type { Plan, Step } from "../../../reconcilers/core.ts";
import { planText } from "../../../reconcilers/plan-text.ts";
import { Problem } from "../../../schemas/problem.ts";

function step(id: string, impact: Step["impact"]): Step {
  return { id, kind: "set", impact, needs: [], provides: [], releases: [] };
}

const frr: Plan = {
  steps: [step("one", "hitless"), step("two", "session-reset"), step("three", "hitless")],
  foreign: [{ id: "x", text: "ip route 10.0.0.0/8 blackhole" }],
  problems: [],
  notes: ["Timers act later."],
};
const describer = { describe: ({ id }: Step) => `set ${id}` };

describe("the text of a plan", () => {
  it("tells steps with their impact, notes, what is foreign, and what is not managed", () => {
    expect(planText({ frr }, { frr: describer }, { notManaged: ["nat", "acls"] }))
      .toBe(`3 steps, worst impact session-reset.

frr: 2 hitless, 1 session-reset
  hitless        set one
  session-reset  set two
  hitless        set three
  note     Timers act later.
  foreign  ip route 10.0.0.0/8 blackhole

not managed yet: nat, acls
`);
  });

  it("spells out what a name or a note would do to a terminal", () => {
    const hostile = {
      ...frr,
      steps: [step("a\u001B[2J", "hitless")],
      notes: ["b\u0007"],
      foreign: [{ id: "x", text: "c\r" }],
    };

    expect(planText({ frr: hostile }, { frr: describer }, { notManaged: ["d\u202E"] })).not.toMatch(/[^\P{C}\n]/u);
  });

  it("says so when there is nothing to do", () => {
    expect(planText({ frr: { steps: [], foreign: [], problems: [], notes: [] } }, { frr: describer })).toBe(
      "Nothing to do: in sync.\n",
    );
  });

  it("puts problems first, and counts what it leaves out", () => {
    const stuck = { ...frr, problems: [new Problem("FRR_FOREIGN", "Something stands there.")] };

    expect(planText({ frr: stuck }, { frr: describer }, { maxSteps: 1 }))
      .toBe(`Cannot be carried out: 1 problem. 3 steps, worst impact session-reset.

frr: 2 hitless, 1 session-reset
  problem  Something stands there.
  hitless  set one
  … and 2 more steps
  note     Timers act later.
  foreign  ip route 10.0.0.0/8 blackhole
`);
  });
});
