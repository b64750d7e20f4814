import { describe, expect, it } from "vitest";
import { blamed, fallenSilent, type Outside, watchOutside } from "../../../../controller/health/blame.ts";
import type { Red } from "../../../../controller/health/judge.ts";
import type { Link } from "../../../../controller/health/links.ts";
import type { Probe } from "../../../../controller/health/probe.ts";
import { generation } from "../../../lab/story.ts";

const lit: Link = { isEnabled: true, hasCarrier: true, carrierChanges: 2 };
const dark: Link = { isEnabled: true, hasCarrier: false, carrierChanges: 3 };

function seeing(links: Readonly<Record<string, Link>>, ceasedMsAgo?: number, up = false): Probe {
  const session = { peer: "192.0.2.1", up, state: "", prefixes: 0, established: 1, dropped: 0, ceasedMsAgo };
  return {
    results: new Map(),
    sessions: new Map([["192.0.2.1", session]]),
    links: new Map(Object.entries(links)),
    silent: [],
  };
}

function outside(touched: readonly string[] = [], ran?: string): Outside {
  const candidate = generation([]);
  const before = {
    probe: seeing({ external: lit, internal: lit, unused: dark }, undefined, true),
    candidate,
    committed: candidate,
    touched: { policies: new Set<string>(), interfaces: new Set(touched) },
    advisory: new Set<string>(),
  };
  return watchOutside(before, ran);
}

const red = (more: Partial<Red> = {}): Red => ({ key: "k", reason: "It is red.", weight: "regressed", ...more });
const session = red({ peer: "192.0.2.1", over: "external" });
const verdict = (lost: readonly Red[], what: Outside, seen: Probe | undefined = seeing({})) =>
  blamed(lost, "health", seen, what)?.verdict;

describe("what broke", () => {
  it("is the change's fault when nothing else happened", () => {
    const what = outside();
    what.saw(seeing({ external: lit, internal: lit, unused: dark }), "one", 1000);
    expect(blamed([session], "health", seeing({}), what)).toEqual({
      trigger: "health",
      reason: "It is red.",
      verdict: "bad",
    });
    expect(blamed([], "health", seeing({}), what)).toBeUndefined();
  });

  it("is not when FRR restarted before the first look", () => {
    const what = outside([], "one");
    what.saw(seeing({ external: lit, internal: lit, unused: dark }), "two", 1000);
    expect(verdict([session], what)).toBe("inconclusive");
  });

  it("has no verdict when nothing can be seen, or nothing can be told of it", () => {
    expect(blamed([session], "health", undefined, outside())?.verdict).toBe("inconclusive");
    expect(verdict([red({ isUnknown: true })], outside())).toBe("inconclusive");
    expect(blamed([red({ isUnknown: true }), red({ reason: "Known." })], "deadline", seeing({}), outside())).toEqual({
      trigger: "deadline",
      reason: "Known.",
      verdict: "bad",
    });
  });

  it("is its peer's operator's doing when that took it down since, until it is up and loaded again", () => {
    const what = outside();
    what.saw(seeing({}, 5000), undefined, 4000);
    expect(verdict([session], what)).toBe("bad");
    what.saw(seeing({}, 5000), undefined, 6000);
    what.saw(seeing({}), undefined, 7000);
    expect(blamed([session], "health", seeing({}), what)?.reason).toBe(
      "It is red. The peer's operator took it down, so this says nothing about the change.",
    );
    expect(verdict([session, red({ peer: "192.0.2.2" })], what)).toBe("bad");
    const back = seeing({}, undefined, true);
    const sessions = [...back.sessions].map(([key, one]) => [key, { ...one, upMs: 1000 }] as const);
    what.saw({ ...back, sessions: new Map(sessions) }, undefined, 8000);
    expect(verdict([session], what), "it is still loading").toBe("inconclusive");
    what.saw(back, undefined, 9000);
    expect(verdict([session], what)).toBe("bad");
  });

  it("is a restarted daemon's doing", () => {
    const what = outside();
    what.saw(seeing({}), "one", 1000);
    expect(verdict([red()], what)).toBe("bad");
    what.saw(seeing({}), "two", 2000);
    what.saw(seeing({}), "two", 3000);
    expect(verdict([red(), session], what)).toBe("inconclusive");
  });

  it("is a lost carrier's doing on an interface that the plan leaves alone, also when the carrier is back", () => {
    const what = outside();
    what.saw(seeing({ external: dark, internal: lit }), undefined, 1000);
    what.saw(seeing({ external: { ...lit, carrierChanges: 4 }, internal: lit }), undefined, 2000);
    expect(blamed([session], "health", seeing({}), what)?.reason).toBe(
      "It is red. external lost its carrier, and the plan leaves it alone, so this says nothing about the change.",
    );
    expect(verdict([red({ over: "internal" })], what)).toBe("bad");
    expect(verdict([red()], what), "who knows over which interface").toBe("inconclusive");
  });

  it("is the change's own doing on an interface that it changes", () => {
    const what = outside(["external"]);
    what.saw(seeing({ external: dark }), undefined, 1000);
    expect(verdict([session], what)).toBe("bad");
  });

  it("sees a flap between two looks by its count", () => {
    const what = outside();
    what.saw(seeing({ external: { ...lit, carrierChanges: 4 }, unused: dark }), undefined, 1000);
    expect(verdict([session], what)).toBe("inconclusive");
  });
});

it("knows a daemon that fell silent from one that never ran", () => {
  const seen = seeing({});
  const without = { ...seen, silent: ["bgpd"] as const };
  expect(fallenSilent(seen, without)).toBe("bgpd");
  expect(fallenSilent(without, without)).toBeUndefined();
  expect(fallenSilent(without, seen)).toBeUndefined();
});
