/** Each row of docs/trial-boot.md, "Cut between any two": where every state goes on from, wherever its trial stands. */
import { describe, expect, it } from "vitest";
import type { State, StateName } from "../../../controller/machine.ts";
import { restarted } from "../../../controller/restarted.ts";
import type { TrialStanding } from "../../../reconcilers/bootenv/trial.ts";
import { sampleStates } from "../../lab/machine-samples.ts";

const standings = [
  "leaving",
  "in-trial",
  "came-back",
  "committed",
  "elsewhere",
] as const satisfies readonly TrialStanding[];
const states = [
  "armed",
  "trial-booting",
  "applying",
  "verifying",
  "proving",
  "committing",
  "rolling-back",
  "stranded",
] as const satisfies readonly StateName[];
const harvested = { trigger: "trial", reason: "It panicked.", verdict: "bad" } as const;
const boot = "boot-2";

function told(state: State): string {
  return "failure" in state ? `${state.at} (${state.failure.trigger})` : state.at;
}

describe("a start of the agent in the middle of a trial", () => {
  it("goes on as the pool and the kernel command line say, in every state", () => {
    const rows = states.map((at) => {
      const ends = standings.map((trial) => {
        const acted = trial === "came-back" && { acted: harvested };
        return `${trial}: ${told(restarted(sampleStates[at], { type: "restarted", boot, trial, ...acted }, 7))}`;
      });
      return `${at} | ${ends.join(", ")}`;
    });
    expect(rows).toMatchInlineSnapshot(`
      [
        "armed | leaving: rolling-back (crash), in-trial: trial-booting, came-back: rolling-back (trial), committed: committing, elsewhere: rolling-back (external)",
        "trial-booting | leaving: trial-booting, in-trial: trial-booting, came-back: rolling-back (trial), committed: committing, elsewhere: rolling-back (external)",
        "applying | leaving: rolling-back (crash), in-trial: trial-booting, came-back: rolling-back (trial), committed: committing, elsewhere: rolling-back (external)",
        "verifying | leaving: rolling-back (crash), in-trial: trial-booting, came-back: rolling-back (trial), committed: committing, elsewhere: rolling-back (external)",
        "proving | leaving: rolling-back (crash), in-trial: trial-booting, came-back: rolling-back (trial), committed: committing, elsewhere: rolling-back (external)",
        "committing | leaving: rolling-back (crash), in-trial: committing, came-back: rolling-back (trial), committed: committing, elsewhere: rolling-back (external)",
        "rolling-back | leaving: rolling-back (health), in-trial: rolling-back (health), came-back: rolling-back (health), committed: committing, elsewhere: rolling-back (health)",
        "stranded | leaving: stranded (health), in-trial: stranded (health), came-back: stranded (health), committed: stranded (health), elsewhere: stranded (health)",
      ]
    `);
  });

  it("is over in the trial where the failsafe acted, unless it was proven", () => {
    const acted = { trigger: "failsafe", reason: "The failsafe acted.", verdict: "inconclusive" } as const;
    const after = (at: "proving" | "committing") =>
      restarted(sampleStates[at], { type: "restarted", boot, trial: "in-trial", acted }, 7);
    expect(after("proving")).toMatchObject({ at: "rolling-back", failure: acted });
    expect(after("committing")).toBe(sampleStates.committing);
  });

  it("is never gone back from once bootfs names it", () => {
    for (const at of states.filter((one) => one !== "stranded")) {
      const after = restarted(sampleStates[at], { type: "restarted", boot, trial: "committed", acted: harvested }, 7);
      expect(after.at).toBe("committing");
    }
  });
});
