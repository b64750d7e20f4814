import { describe, expect, it } from "vitest";
import { gate, type Question } from "../../../../controller/gate/gate.ts";
import { emptyLedger } from "../../../../controller/ledger.ts";
import type { Impact } from "../../../../reconcilers/core.ts";
import { Policy } from "../../../../schemas/policy.ts";
import { generation } from "../../../lab/story.ts";

const night = { from: "22:00", to: "04:00", "max-impact": "restart" };

type More = Partial<Question> & { readonly impact?: Impact | undefined; readonly now?: number };

function ask(policy: object, { impact = "session-reset", now = Date.UTC(2026, 0, 5, 12), ...more }: More = {}) {
  return gate({
    mode: "apply",
    policy: Policy.parse(policy),
    purpose: "deploy",
    candidate: generation(["router bgp 64501"]),
    committed: generation(["router bgp 64500"]),
    plan: { worstImpact: impact, steps: [], foreign: 0 },
    ledger: emptyLedger,
    facts: { now }, // a Monday
    ...more,
  })?.why;
}

describe("the gate", () => {
  it("lets session resets pass at any time by default, and nothing that is worse", () => {
    expect(ask({})).toBeUndefined();
    expect(ask({}, { impact: "restart" })).toBe("impact");
  });

  it("lets nothing pass that is only to be observed or is paused, not even a correction", () => {
    expect(ask({}, { mode: "observe", purpose: "correct" })).toBe("observe-only");
    expect(ask({ pause: "Freeze." }, { purpose: "correct" })).toBe("paused");
  });

  it("lets a change without steps pass whatever the limit is", () => {
    expect(
      ask({ "max-impact": "hitless" }, { plan: { worstImpact: undefined, steps: [], foreign: 0 } }),
    ).toBeUndefined();
  });

  it("says that no window ever allows an impact", () => {
    expect(ask({ "max-impact": "flap", windows: { night } }, { impact: "reboot" })).toBe("impact");
  });

  it("lets corrections pass outside of windows, up to a restart", () => {
    const policy = { "max-impact": "hitless", windows: { night } };
    expect(ask(policy, { purpose: "correct", impact: "restart" })).toBeUndefined();
    expect(ask(policy, { purpose: "correct", impact: "reboot" })).toBe("impact");
  });

  it.each([
    ["2026-01-05T12:00Z", "UTC", "window"],
    ["2026-01-05T22:00Z", "UTC", undefined],
    ["2026-01-06T03:59Z", "UTC", undefined],
    ["2026-01-06T04:00Z", "UTC", "window"],
    ["2026-01-05T21:00Z", "Europe/Berlin", undefined],
    ["2026-07-06T20:30Z", "Europe/Berlin", undefined], // summer time
    ["2026-07-06T19:59Z", "Europe/Berlin", "window"],
  ])("at %s in %s: %s", (at, zone, expected) => {
    const policy = { "max-impact": "hitless", "time-zone": zone, windows: { night } };
    expect(ask(policy, { now: Date.parse(at) })).toBe(expected);
  });

  it.each([
    ["2026-01-05T23:00Z", undefined], // Monday evening
    ["2026-01-06T03:00Z", undefined], // Monday's window, on Tuesday morning
    ["2026-01-06T23:00Z", "window"], // Tuesday evening
    ["2026-01-05T03:00Z", "window"], // Sunday's would be, on Monday morning
  ])("a window past midnight belongs to the day on which it begins: %s", (at, expected) => {
    const policy = { "max-impact": "hitless", windows: { night: { ...night, days: ["mon"] } } };
    expect(ask(policy, { now: Date.parse(at) })).toBe(expected);
  });
});
