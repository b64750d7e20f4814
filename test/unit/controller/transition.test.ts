import { describe, expect, it } from "vitest";
import type { Event, EventName, State, StateName } from "../../../controller/machine.ts";
import { canTake, moves, transition } from "../../../controller/transition.ts";
import { sampleEvents, sampleStates } from "../../lab/machine-samples.ts";

type Pair = readonly [StateName, EventName, readonly string[]];

const pairs: readonly Pair[] = (Object.keys(sampleStates) as StateName[]).flatMap((at) => {
  const possible: Partial<Record<EventName, readonly string[]>> = moves[at];
  return (Object.keys(sampleEvents) as EventName[]).map((type): Pair => [at, type, possible[type] ?? []]);
});

describe("the state machine", () => {
  it.each(pairs.filter(([, , targets]) => targets.length > 0))(
    "while %s takes %s to one of %j",
    (at, type, targets) => {
      expect(targets).toContain(transition(sampleStates[at], sampleEvents[type], 7).at);
    },
  );

  it.each(pairs.filter(([, , targets]) => targets.length === 0))("while %s refuses %s", (at, type) => {
    expect(() => transition(sampleStates[at], sampleEvents[type], 7)).toThrow(/cannot take/);
  });

  it("says beforehand whether it takes an event", () => {
    expect(canTake("idle", "wanted")).toBe(true);
    expect(canTake("idle", "proven")).toBe(false);
  });

  it("keeps the deployment from arming to the end", () => {
    const events: Event[] = [
      sampleEvents["run-started"],
      sampleEvents["step-done"],
      sampleEvents.applied,
      sampleEvents.verified,
      sampleEvents.proven,
    ];

    const end = events.reduce<State>((state, event) => transition(state, event, 7), sampleStates.armed);

    expect(end).toMatchObject({ at: "committing", deployment: { id: "d1", stepsDone: 1 } });
  });

  it("goes back, whatever a deployment was doing when the agent stopped, unless it was proven", () => {
    for (const at of ["armed", "applying", "verifying", "proving"] as const) {
      const after = transition(sampleStates[at], { type: "restarted", boot: "boot-1" }, 7);
      expect(after).toMatchObject({ at: "rolling-back", failure: { trigger: "crash", verdict: "inconclusive" } });
    }
    expect(transition(sampleStates.committing, { type: "restarted", boot: "boot-1" }, 7)).toBe(sampleStates.committing);
  });

  it("takes what the failsafe did for why a deployment is rolled back, and adds it where that is known", () => {
    const acted = { trigger: "failsafe", reason: "The failsafe acted.", verdict: "bad" } as const;
    for (const at of ["armed", "applying", "verifying", "proving", "committing"] as const) {
      const after = transition(sampleStates[at], { type: "restarted", boot: "boot-1", acted }, 7);
      expect(after).toMatchObject({ at: "rolling-back", failure: acted });
    }
    const back = sampleStates["rolling-back"];
    const inconclusive = { ...back, failure: { ...back.failure, verdict: "inconclusive" } } as const;
    expect(transition(inconclusive, { type: "restarted", boot: "boot-1", acted }, 7)).toMatchObject({
      failure: { trigger: "health", reason: `${back.failure.reason} The failsafe acted.`, verdict: "bad" },
    });
  });

  it("counts attempts anew after a rung, and remembers the worst that was done", () => {
    const rung = (one: "frr" | "reboot") => ({ type: "rung-started", rung: one, boot: "boot-1" }) as const;
    const events: Event[] = [{ type: "rollback-failed" }, { type: "rollback-failed" }, rung("frr"), rung("reboot")];
    const end = events.reduce<State>((state, event) => transition(state, event, 7), sampleStates["rolling-back"]);
    expect(end).toMatchObject({ failures: 0, rungs: ["frr", "reboot"], deployment: { worstImpact: "reboot" } });
  });

  it("still has a reboot to come when the agent died before it, and none when the box did go down", () => {
    const climbed = transition(
      { ...sampleStates["rolling-back"], rungs: ["frr"] },
      { type: "rung-started", rung: "reboot", boot: "boot-1" },
      7,
    );
    expect(transition(climbed, { type: "restarted", boot: "boot-1" }, 8)).toMatchObject({ rungs: ["frr"] });
    expect(transition(climbed, { type: "restarted", boot: "boot-2" }, 8)).toMatchObject({ rungs: ["frr", "reboot"] });
  });

  it("holds after a rollback only when told to", () => {
    const state = sampleStates["rolling-back"];
    expect(transition(state, { type: "rolled-back", hold: true }, 7)).toMatchObject({
      at: "held",
      target: { generation: "candidate" },
    });
    expect(transition(state, { type: "rolled-back", hold: false }, 7)).toEqual({ at: "idle", since: 7 });
  });

  it("keeps since when it waits for the same reason, and counts anew for another reason", () => {
    const waiting = sampleStates.waiting;
    expect(transition(waiting, { type: "must-wait", why: "window", reason: "later", unblock: "" }, 7).since).toBe(
      waiting.since,
    );
    expect(transition(waiting, { type: "must-wait", why: "paused", reason: "now", unblock: "" }, 7).since).toBe(7);
  });
});
