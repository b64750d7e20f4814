import { describe, expect, it } from "vitest";
import { withApproval } from "../../../../controller/gate/allowed.ts";
import { emptyLedger } from "../../../../controller/ledger.ts";
import { withVerdict } from "../../../../controller/verdicts.ts";
import { ask, candidate, named } from "../../../lab/question.ts";

const night = { from: "22:00", to: "04:00", "max-impact": "restart" };
const any = { from: "22:00", to: "04:00", "max-impact": "reboot" };
const approved = withApproval(emptyLedger, candidate.digest, { reason: "seen", at: 1, by: "operator" });
const emergency = { ...emptyLedger, words: { emergency: { reason: "attack", commit: "c".repeat(40) } } };
const term = { from: 1, ms: 600_000, boot: "boot-1", uptime: 1 };
const hurry = { ...emptyLedger, hurry: { reason: "attack", at: 1, term, generation: candidate.digest } };

describe("the default policy", () => {
  it.each(["hitless", "flap", "session-reset"] as const)("lets %s pass at any time", (impact) => {
    expect(ask({ impact })).toBeUndefined();
  });

  it.each(["restart", "reboot"] as const)("lets %s wait, and says that there is no window for it", (impact) => {
    expect(ask({ impact })).toEqual({
      why: "impact",
      reason: `Its impact is ${impact}: policy allows at most session-reset at any time, and no window for more is configured.`,
      unblock: `Add a window for it to policy.windows, or \`impctl approve ${named}\`.`,
    });
  });

  it.each(["restart", "reboot"] as const)("lets %s pass after an approval", (impact) => {
    expect(ask({ impact, ledger: approved })).toBeUndefined();
  });
});

describe("the impact limit", () => {
  it("does not concern a change without steps", () => {
    expect(ask({ policy: { "max-impact": "hitless" }, plan: { worstImpact: undefined } })).toBeUndefined();
  });

  it("says that no window ever allows an impact", () => {
    expect(ask({ policy: { windows: { night } }, impact: "reboot" })?.why).toBe("impact");
  });

  it("lets corrections pass outside of windows, up to a restart", () => {
    const policy = { "max-impact": "hitless", windows: { night }, approval: ["restart"] };
    const again = { policy, purpose: "correct", committed: candidate } as const;
    expect(ask({ ...again, impact: "restart" })).toBeUndefined();
    expect(ask({ ...again, impact: "reboot" })?.why).toBe("impact");
  });

  it("does not take for a repair what a newer agent makes of the same commit", () => {
    const policy = { "max-impact": "hitless", windows: { night } };
    expect(ask({ policy, purpose: "correct", impact: "restart" })?.why).toBe("window");
    expect(ask({ policy, purpose: "correct", impact: "hitless" })).toBeUndefined();
  });
});

describe("the first deployment", () => {
  const first = { committed: undefined, impact: "restart" } as const;

  it("of an empty box waits for no window, as there is nothing to be disturbed", () => {
    expect(ask(first)).toBeUndefined();
    expect(ask({ ...first, policy: { windows: { night } } })).toBeUndefined();
  });

  it("of a box that something is configured on waits for one", () => {
    const adopted = { ...first, ledger: { ...emptyLedger, adopted: true }, plan: { foreign: 1 } };
    expect(ask(adopted)?.why).toBe("impact");
    expect(ask({ ...adopted, policy: { windows: { night } } })?.why).toBe("window");
  });

  it("waits for an approval all the same where the policy wants one", () => {
    expect(ask({ ...first, policy: { approval: ["restart"] } })?.why).toBe("approval");
  });
});

describe("a window", () => {
  it.each([
    ["2026-01-05T12:00Z", "UTC", "window"],
    ["2026-01-05T22:00Z", "UTC", undefined],
    ["2026-01-06T03:35Z", "UTC", undefined],
    ["2026-01-06T04:00Z", "UTC", "window"],
    ["2026-01-05T21:00Z", "Europe/Berlin", undefined],
    ["2026-07-06T20:30Z", "Europe/Berlin", undefined], // summer time
    ["2026-07-06T19:59Z", "Europe/Berlin", "window"],
  ])("at %s in %s: %s", (at, zone, expected) => {
    const policy = { "time-zone": zone, windows: { night } };
    expect(ask({ policy, impact: "restart", at })?.why).toBe(expected);
  });

  it("that is closed is named, with the time at which it opens", () => {
    const policy = { "time-zone": "Europe/Berlin", windows: { night: { ...night, days: ["sat", "sun"] } } };

    expect(ask({ policy, impact: "restart" })).toEqual({
      why: "window",
      reason: "Its impact is restart: policy allows that only in a window: night (sat,sun 22:00-04:00 Europe/Berlin).",
      unblock: `It begins at Sat 2026-01-10 22:00 Europe/Berlin, when window night opens, or \`impctl approve ${named}\`.`,
      againAt: Date.parse("2026-01-10T21:00Z"),
    });
  });

  it("must hold deadline and rollback from now on, or nothing starts in it", () => {
    const policy = { windows: { night } };

    expect(ask({ policy, impact: "restart", at: "2026-01-06T03:35Z" })).toBeUndefined();
    expect(ask({ policy, impact: "restart", at: "2026-01-06T03:35:01Z" })).toEqual({
      why: "window",
      reason:
        "Its impact is restart: it needs 25 min (20 min until its deadline, 5 min to roll back), and window night closes at Tue 2026-01-06 04:00 UTC.",
      unblock: `It begins at Tue 2026-01-06 22:00 UTC, when window night opens, or \`impctl approve ${named}\`.`,
      againAt: Date.parse("2026-01-06T22:00Z"),
    });
  });

  it("that is never long enough is told as such", () => {
    const policy = { windows: { short: { ...night, to: "22:20" } } };

    expect(ask({ policy, impact: "restart" })).toEqual({
      why: "window",
      reason:
        "Its impact is restart: it needs 25 min (20 min until its deadline, 5 min to roll back), and no window is that long: short (22:00-22:20 UTC).",
      unblock: `Make a window in policy.windows longer, or \`impctl approve ${named}\`.`,
    });
  });

  it("goes by the deadline that the policy sets", () => {
    const policy = { "deadline-seconds": 600, windows: { short: { ...night, to: "22:20" } } };
    expect(ask({ policy, impact: "restart", at: "2026-01-05T22:05Z" })).toBeUndefined();
    expect(ask({ policy, impact: "restart", at: "2026-01-05T22:06Z" })?.why).toBe("window");
  });

  it("goes on in the one that begins when it ends", () => {
    const windows = { late: { ...night, to: "23:00" }, later: { ...night, from: "23:00" } };
    expect(ask({ policy: { windows }, impact: "restart", at: "2026-01-05T22:50Z" })).toBeUndefined();
  });

  it("for reboots opens only while the clock is synchronised", () => {
    const asked = { policy: { windows: { any } }, impact: "reboot", at: "2026-01-05T23:00Z" } as const;

    expect(ask(asked)).toBeUndefined();
    expect(ask({ ...asked, facts: { clockSynchronised: false } })).toEqual({
      why: "clock",
      reason: "Its impact is reboot, and windows for that stay closed: the clock of this box is not known to be right.",
      unblock: `See \`timedatectl\`: it must say that the clock is synchronised, or \`impctl approve ${named}\`.`,
    });
    expect(ask({ ...asked, ledger: approved, facts: { clockSynchronised: false } })).toBeUndefined();
    expect(ask({ ...asked, impact: "restart", facts: { clockSynchronised: false } })).toBeUndefined();
  });
});

describe("an approval", () => {
  const policy = { approval: ["session-reset", "restart"] };

  it("is waited for where the policy wants one for the impact", () => {
    expect(ask({ policy, impact: "session-reset" })).toEqual({
      why: "approval",
      reason: "Its impact is session-reset, for which policy wants an approval.",
      unblock: `Look at \`impctl plan\`, then \`impctl approve ${named}\`; or push a signed tag, docs/git.md.`,
    });
    expect(ask({ policy, impact: "flap" })).toBeUndefined();
  });

  it("by an operator or by a tag lets it pass, also what no window is configured for", () => {
    for (const impact of ["session-reset", "restart"] as const) {
      expect(ask({ policy, impact, ledger: approved })).toBeUndefined();
      const tagged = withApproval(emptyLedger, candidate.digest, { reason: "v1", at: 1, by: "tag" });
      expect(ask({ policy, impact, ledger: tagged })).toBeUndefined();
    }
  });

  it("that the policy wants anyway does not stand for the window", () => {
    const both = { policy: { ...policy, windows: { night } }, impact: "restart", ledger: approved } as const;

    expect(ask(both)).toMatchObject({
      why: "window",
      unblock: "It begins at Mon 2026-01-05 22:00 UTC, when window night opens.",
    });
    expect(ask({ ...both, at: "2026-01-05T22:00Z" })).toBeUndefined();
  });

  it("is of one generation", () => {
    const other = withApproval(emptyLedger, "b".repeat(64), { reason: "seen", at: 1, by: "operator" });
    expect(ask({ policy, impact: "session-reset", ledger: other })?.why).toBe("approval");
  });

  it("is used up once the generation was proven, and only then", () => {
    const ended = (verdict: "good" | "inconclusive") => withVerdict(approved, candidate.digest, "d1", verdict, "", 5);
    expect(ask({ policy, impact: "restart", ledger: ended("inconclusive") })).toBeUndefined();
    expect(ask({ policy, impact: "restart", ledger: ended("good") })?.why).toBe("approval");
    const again = withApproval(ended("good"), candidate.digest, { reason: "again", at: 6, by: "operator" });
    expect(ask({ policy, impact: "restart", ledger: again })).toBeUndefined();
  });

  it("is forgotten when fifty newer ones were given", () => {
    const digests = Array.from({ length: 50 }, (_, index) => String(index).padStart(64, "0"));
    const ledger = digests.reduce(
      (before, digest) => withApproval(before, digest, { reason: "seen", at: 1, by: "operator" }),
      approved,
    );
    expect(Object.keys(ledger.approvals)).toEqual(digests);
  });
});

describe("an emergency", () => {
  const policy = { "max-impact": "hitless", windows: { night } };

  it.each([
    ["a commit's", emergency],
    ["an operator's", hurry],
  ])("(%s) passes window and limit for at most flap", (_, ledger) => {
    expect(ask({ policy, impact: "flap" })?.why).toBe("window");
    expect(ask({ policy, impact: "flap", ledger })).toBeUndefined();
    expect(ask({ policy: { "max-impact": "hitless" }, impact: "flap", ledger })).toBeUndefined();
    expect(ask({ policy, impact: "session-reset", ledger })).toMatchObject({
      why: "window",
      reason: expect.stringMatching(/ An emergency passes windows for at most flap\.$/),
    });
    expect(ask({ policy: { "max-impact": "hitless" }, impact: "restart", ledger })).toMatchObject({
      why: "impact",
      reason: expect.stringMatching(/ An emergency passes windows for at most flap\.$/),
    });
  });

  it("neither ends a pause nor stands for an approval", () => {
    expect(ask({ policy: { pause: "Freeze." }, ledger: emergency })?.why).toBe("paused");
    expect(ask({ policy: { approval: ["flap"] }, impact: "flap", ledger: emergency })?.why).toBe("approval");
  });

  it("of an operator is for the generation that was newest then", () => {
    const other = { ...emptyLedger, hurry: { reason: "attack", at: 1, term, generation: "b".repeat(64) } };
    const unbound = { ...emptyLedger, hurry: { reason: "attack", at: 1, term } };
    expect(ask({ policy, impact: "flap", ledger: other })?.why).toBe("window");
    expect(ask({ policy, impact: "flap", ledger: unbound })?.why).toBe("window");
    const proven = withVerdict(hurry, candidate.digest, "d1", "good", "", 5);
    expect(ask({ policy, impact: "flap", ledger: proven })?.why).toBe("window");
  });
});
