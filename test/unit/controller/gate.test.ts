import { describe, expect, it } from "vitest";
import { gate, type GateQuestion } from "../../../controller/gate.ts";
import { Policy } from "../../../schemas/policy.ts";

const night = { from: "22:00", to: "04:00", "max-impact": "restart" };

function ask(policy: object, more: Partial<GateQuestion> = {}): string | undefined {
  return gate({
    mode: "apply",
    policy: Policy.parse(policy),
    purpose: "deploy",
    worstImpact: "session-reset",
    now: Date.UTC(2026, 0, 5, 12), // a Monday
    ...more,
  })?.why;
}

describe("the gate", () => {
  it("lets everything pass by default", () => {
    expect(ask({}, { worstImpact: "reboot" })).toBeUndefined();
  });

  it("lets nothing pass that is only to be observed or is paused, not even a correction", () => {
    expect(ask({}, { mode: "observe", purpose: "correct" })).toBe("observe-only");
    expect(ask({ pause: "Freeze." }, { purpose: "correct" })).toBe("paused");
  });

  it("lets a change without steps pass whatever the limit is", () => {
    expect(ask({ "max-impact": "hitless" }, { worstImpact: undefined })).toBeUndefined();
  });

  it("says that no window ever allows an impact", () => {
    expect(ask({ "max-impact": "flap", windows: { night } }, { worstImpact: "reboot" })).toBe("impact");
  });

  it("lets corrections pass outside of windows, up to a restart", () => {
    const policy = { "max-impact": "hitless", windows: { night } };
    expect(ask(policy, { purpose: "correct", worstImpact: "restart" })).toBeUndefined();
    expect(ask(policy, { purpose: "correct", worstImpact: "reboot" })).toBe("impact");
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
