import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { localClock, timeText } from "../../../../controller/gate/local-time.ts";
import { firstThatHolds, openings, type Opening } from "../../../../controller/gate/windows.ts";
import { Policy } from "../../../../schemas/policy.ts";

const utc = (text: string): number => Date.parse(text);

function windows(times: Readonly<Record<string, string>>, days?: readonly string[]): Policy["windows"] {
  const entries = Object.entries(times).map(([name, time]) => {
    const [from, to] = time.split("-");
    return [name, { from, to, "max-impact": "restart", ...(days && { days }) }];
  });
  return Policy.parse({ windows: Object.fromEntries(entries) }).windows;
}

/** "from/to minutes" of an opening, in UTC. */
function told({ from, to }: Opening): string {
  const text = (at: number): string => new Date(at).toISOString().slice(0, 16);
  return `${text(from)} ${text(to)} ${(to - from) / 60_000} min`;
}

/** The first opening of a daily window at or after a time. */
function first(time: string, zone: string, now: string): string | undefined {
  const [one] = openings(windows({ w: time }), zone, utc(now));
  return one && told(one);
}

describe("openings", () => {
  it("pass midnight, and belong to the day on which they begin", () => {
    const monday = windows({ w: "22:00-04:00" }, ["mon"]);
    const at = (now: string): string[] => openings(monday, "UTC", utc(now)).map(told).slice(0, 2);

    expect(at("2026-01-05T03:00Z")).toEqual([
      "2026-01-05T22:00 2026-01-06T04:00 360 min",
      "2026-01-12T22:00 2026-01-13T04:00 360 min",
    ]);
    expect(at("2026-01-06T03:59Z")[0]).toBe("2026-01-05T22:00 2026-01-06T04:00 360 min");
    expect(at("2026-01-06T04:00Z")[0]).toBe("2026-01-12T22:00 2026-01-13T04:00 360 min");
  });

  it("of windows that meet or overlap are one, and name both", () => {
    const [one, ...others] = openings(windows({ a: "22:00-23:00", b: "23:00-01:00" }), "UTC", utc("2026-01-05T12:00Z"));

    expect(one).toEqual({ from: utc("2026-01-05T22:00Z"), to: utc("2026-01-06T01:00Z"), names: ["a", "b"] });
    expect(others[0]?.from).toBe(utc("2026-01-06T22:00Z"));
  });

  it("of a window of 24 hours never end", () => {
    const [one] = openings(windows({ day: "00:00-12:00", night: "12:00-00:00" }), "UTC", utc("2026-01-05T12:00Z"));
    expect((one?.to ?? 0) - (one?.from ?? 0)).toBeGreaterThan(14 * 86_400_000);
  });

  it("are found that are long enough", () => {
    const ordered = openings(windows({ a: "22:00-22:10", b: "23:00-23:30" }), "UTC", utc("2026-01-05T22:05Z"));
    const holds = (minutes: number): string | undefined => {
      const found = firstThatHolds(ordered, minutes * 60_000, utc("2026-01-05T22:05Z"));
      return found && told(found);
    };

    expect(holds(5)).toBe("2026-01-05T22:00 2026-01-05T22:10 10 min");
    expect(holds(6)).toBe("2026-01-05T23:00 2026-01-05T23:30 30 min");
    expect(holds(31)).toBeUndefined();
  });
});

describe("a window when the clock is set forward", () => {
  it.each([
    // Berlin: 02:00 → 03:00 at 01:00 UTC on 2026-03-29.
    ["Europe/Berlin", "2026-03-28T12:00Z", "01:00-04:00", "2026-03-29T00:00 2026-03-29T02:00 120 min"],
    ["Europe/Berlin", "2026-03-28T12:00Z", "02:30-04:00", "2026-03-29T01:00 2026-03-29T02:00 60 min"],
    ["Europe/Berlin", "2026-03-28T12:00Z", "01:30-02:30", "2026-03-29T00:30 2026-03-29T01:00 30 min"],
    ["Europe/Berlin", "2026-03-28T21:00Z", "22:00-04:00", "2026-03-28T21:00 2026-03-29T02:00 300 min"],
    // All of it is left out: the next is the day after.
    ["Europe/Berlin", "2026-03-28T12:00Z", "02:10-02:50", "2026-03-30T00:10 2026-03-30T00:50 40 min"],
    // New York: 02:00 → 03:00 at 07:00 UTC on 2026-03-08.
    ["America/New_York", "2026-03-07T12:00Z", "01:00-04:00", "2026-03-08T06:00 2026-03-08T08:00 120 min"],
    ["America/New_York", "2026-03-07T12:00Z", "02:30-05:00", "2026-03-08T07:00 2026-03-08T09:00 120 min"],
    // Lord Howe: 02:00 → 02:30 at 15:30 UTC on 2026-10-03.
    ["Australia/Lord_Howe", "2026-10-03T10:00Z", "01:00-04:00", "2026-10-03T14:30 2026-10-03T17:00 150 min"],
    ["Australia/Lord_Howe", "2026-10-03T10:00Z", "02:15-04:00", "2026-10-03T15:30 2026-10-03T17:00 90 min"],
  ])("in %s: after %s, %s is %s", (zone, now, time, expected) => {
    expect(first(time, zone, now)).toBe(expected);
  });
});

describe("a window when the clock is set back", () => {
  it.each([
    // Berlin: 03:00 → 02:00 at 01:00 UTC on 2026-10-25: 02:30 is at 00:30 and at 01:30 UTC.
    ["Europe/Berlin", "2026-10-24T12:00Z", "01:00-04:00", "2026-10-24T23:00 2026-10-25T03:00 240 min"],
    ["Europe/Berlin", "2026-10-24T12:00Z", "02:30-04:00", "2026-10-25T01:30 2026-10-25T03:00 90 min"],
    ["Europe/Berlin", "2026-10-24T12:00Z", "01:30-02:30", "2026-10-24T23:30 2026-10-25T00:30 60 min"],
    ["Europe/Berlin", "2026-10-24T12:00Z", "02:10-02:40", "2026-10-25T01:10 2026-10-25T01:40 30 min"],
    ["Europe/Berlin", "2026-10-24T12:00Z", "22:00-04:00", "2026-10-24T20:00 2026-10-25T03:00 420 min"],
    // New York: 02:00 → 01:00 at 06:00 UTC on 2026-11-01.
    ["America/New_York", "2026-10-31T12:00Z", "00:30-04:00", "2026-11-01T04:30 2026-11-01T09:00 270 min"],
    ["America/New_York", "2026-10-31T12:00Z", "01:30-04:00", "2026-11-01T06:30 2026-11-01T09:00 150 min"],
    // Lord Howe: 02:00 → 01:30 at 15:00 UTC on 2026-04-04: 01:45 is at 14:45 and at 15:15 UTC.
    ["Australia/Lord_Howe", "2026-04-04T10:00Z", "01:00-04:00", "2026-04-04T14:00 2026-04-04T17:30 210 min"],
    ["Australia/Lord_Howe", "2026-04-04T10:00Z", "01:45-04:00", "2026-04-04T15:15 2026-04-04T17:30 135 min"],
    ["Australia/Lord_Howe", "2026-04-04T10:00Z", "01:00-01:45", "2026-04-04T14:00 2026-04-04T14:45 45 min"],
  ])("in %s: after %s, %s is %s", (zone, now, time, expected) => {
    expect(first(time, zone, now)).toBe(expected);
  });
});

const zones = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns"];
const anyZone = fc.constantFrom(...zones);
const anyMinute = fc
  .integer({ min: utc("2024-01-01T00:00Z") / 60_000, max: utc("2030-01-01T00:00Z") / 60_000 })
  .map((minutes) => minutes * 60_000);

describe("the clock of a zone", () => {
  it("shows a time at the instants at which it is said to", () => {
    fc.assert(
      fc.property(anyZone, anyMinute, (zone, instant) => {
        const clock = localClock(zone);
        expect(clock.instantsOf(clock.shows(instant))).toContain(instant);
      }),
    );
  });

  it("is told with the day of the week", () => {
    expect(timeText(utc("2026-01-05T23:30Z"), "Europe/Berlin")).toBe("Tue 2026-01-06 00:30 Europe/Berlin");
  });
});

describe("openings, whatever the zone and time", () => {
  const anyTime = fc
    .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
    .map((pair) => pair.map((number) => String(number).padStart(2, "0")).join(":"));

  it("show a time of the window while they are open, and none of it is over", () => {
    fc.assert(
      fc.property(
        anyZone,
        anyMinute,
        anyTime,
        anyTime,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (zone, now, from, to, share) => {
          fc.pre(from !== to);
          const clock = localClock(zone);
          for (const opening of openings(windows({ w: `${from}-${to}` }), zone, now)) {
            expect(opening.to).toBeGreaterThan(Math.max(now, opening.from));
            const inside = opening.from + Math.floor(share * (opening.to - opening.from - 1));
            const time = new Date(clock.shows(inside)).toISOString().slice(11, 16);
            expect(from < to ? time >= from && time < to : time >= from || time < to).toBe(true);
          }
        },
      ),
    );
  });
});
