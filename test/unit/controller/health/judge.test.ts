import { emptyDesired } from "../../../../controller/planes.ts";
import { describe, expect, it } from "vitest";
import { type Before, judge, resets, type Since } from "../../../../controller/health/judge.ts";
import type { Probe } from "../../../../controller/health/probe.ts";
import type { Session } from "../../../../controller/health/sight.ts";
import type { Generation } from "../../../../reconcilers/generation.ts";
import { checkKey, type HealthCheck } from "../../../../schemas/health.ts";
import { generation } from "../../../lab/story.ts";

const up = (peer: string, prefixes = 100, dropped = 0): Session => ({
  peer,
  up: true,
  state: "Established",
  prefixes,
  established: 1,
  dropped,
});
const down = (peer: string): Session => ({ peer, up: false, state: "Active", prefixes: 0, established: 1, dropped: 1 });
const bgp = (peer: string, more: Partial<HealthCheck> = {}): HealthCheck =>
  ({ check: "bgp-session", peer, required: true, ...more }) as HealthCheck;
const tcp: HealthCheck = { check: "tcp", address: "192.0.2.53", port: 53, required: true };
const link: HealthCheck = { check: "link", interface: "external", required: true };

/** What is seen when these sessions are there and all other checks are `ok`. */
function probe(sessions: readonly Session[], checks: readonly HealthCheck[], ok: boolean | undefined = true): Probe {
  const byPeer = new Map(sessions.map((session) => [session.peer, session]));
  const results = checks.map((check) => {
    const is = check.check === "bgp-session" ? byPeer.get(check.peer)?.up === true : ok;
    return [checkKey(check), { check, ok: is, detail: is ? "fine" : "not fine" }] as const;
  });
  return { sessions: byPeer, results: new Map(results), silent: [] };
}

function asking(health: readonly HealthCheck[], config = ""): Generation {
  return generation([], { health, desired: { ...emptyDesired, frr: { config } } });
}

function before(seen: Probe, candidate: Generation, committed?: Generation, more: Partial<Before> = {}): Before {
  const touched = { policies: new Set<string>(), interfaces: new Set<string>() };
  return { probe: seen, candidate, committed, touched, advisory: new Set(), ...more };
}

const nothing: Since = { seenGreen: new Set(), elapsedMs: 0 };
const green = (...checks: readonly HealthCheck[]): Since => ({ ...nothing, seenGreen: new Set(checks.map(checkKey)) });
const keys = (red: ReturnType<typeof judge>) => red.map(({ key, weight }) => `${key}: ${weight}`);

describe("judging", () => {
  const a = bgp("192.0.2.1");
  const b = bgp("192.0.2.2");
  const both = asking([a, b]);

  it("finds nothing that holds up where all is as before", () => {
    const seen = probe([up("192.0.2.1"), down("192.0.2.2")], both.health);
    expect(keys(judge(before(seen, both, both), seen, nothing))).toEqual(["bgp-session 192.0.2.2: advised"]);
  });

  it("finds errors that are counted faster than before, which only a required check holds up", () => {
    const counted = (required: boolean) => ({ check: "vpp-errors", instance: "core", required }) as const;
    const at = (rate: number, required: boolean): Probe => {
      const check = counted(required);
      const result = { check, ok: true, detail: `${rate} a second`, rate };
      return { sessions: new Map(), results: new Map([[checkKey(check), result]]), silent: [] };
    };
    const found = (was: number, is: number, required = true) =>
      judge(before(at(was, required), asking([counted(required)])), at(is, required), nothing);
    expect([found(0, 10), found(100, 210)]).toEqual([[], []]);
    expect(keys(found(0, 11))).toEqual(["vpp-errors core: regressed"]);
    expect(keys(found(100, 211, false))).toEqual(["vpp-errors core: advised"]);
    expect(found(3, 90)[0]?.reason).toBe("vpp-errors core: 90 a second, and 3 a second before the change.");
  });

  it("finds a session that was up and is not", () => {
    const seen = probe([up("192.0.2.1")], [a]);
    for (const sessions of [[down("192.0.2.1")], []]) {
      expect(keys(judge(before(seen, asking([a])), probe(sessions, [a]), nothing))).toEqual([
        "bgp-session 192.0.2.1: regressed",
      ]);
    }
  });

  it("does not expect an added session to be up, until it was", () => {
    const seen = probe([up("192.0.2.1")], both.health);
    const after = probe([up("192.0.2.1"), down("192.0.2.2")], both.health);
    expect(keys(judge(before(seen, both), after, nothing))).toEqual(["bgp-session 192.0.2.2: advised"]);
    expect(keys(judge(before(seen, both), after, green(b)))).toEqual(["bgp-session 192.0.2.2: regressed"]);
  });

  it("does not hold up for what is only advised, by the check or by the deployment", () => {
    const advised = asking([bgp("192.0.2.1", { required: false })]);
    const seen = probe([up("192.0.2.1")], advised.health);
    const after = probe([down("192.0.2.1")], advised.health);
    expect(keys(judge(before(seen, advised, advised), after, green(a)))).toEqual(["bgp-session 192.0.2.1: advised"]);
    const first = { advisory: new Set(["bgp-session 192.0.2.1"]) };
    expect(keys(judge(before(seen, asking([a]), asking([a]), first), after, green(a)))).toEqual([
      "bgp-session 192.0.2.1: advised",
    ]);
    expect(judge(before(seen, asking([]), asking([]), first), probe([], []), nothing)).toEqual([]);
  });

  it("does not expect what the change removes or shuts to stay up, whether it was checked or not", () => {
    const seen = probe([up("192.0.2.1"), up("192.0.2.2")], [a]);
    const removed = asking([a]);
    const shut = asking([a], " neighbor 192.0.2.2 shutdown\n");
    const unchecked = asking([a], " neighbor 192.0.2.2 remote-as 64501\n");
    expect(judge(before(seen, removed, both), probe([up("192.0.2.1")], [a]), nothing)).toEqual([]);
    expect(judge(before(seen, removed, unchecked), probe([up("192.0.2.1")], [a]), nothing)).toEqual([]);
    expect(judge(before(seen, shut), probe([up("192.0.2.1"), down("192.0.2.2")], [a]), nothing)).toEqual([]);
  });

  it("expects a foreign session that was up to stay up", () => {
    const seen = probe([up("192.0.2.1"), up("192.0.2.9")], [a]);
    const after = probe([up("192.0.2.1"), down("192.0.2.9")], [a]);
    expect(keys(judge(before(seen, asking([a]), asking([a])), after, nothing))).toEqual([
      "session 192.0.2.9: regressed",
    ]);
  });

  it("awaits a place that the change declares, and lets one stay silent that was silent before", () => {
    const closed = probe([], [tcp], false);
    expect(keys(judge(before(closed, asking([tcp]), asking([])), closed, nothing))).toEqual([
      "tcp 192.0.2.53 port 53: awaited",
    ]);
    expect(keys(judge(before(closed, asking([tcp]), asking([tcp])), closed, nothing))).toEqual([
      "tcp 192.0.2.53 port 53: advised",
    ]);
  });

  it("does not expect a new interface to be up, until it was", () => {
    const dark = probe([], [link], false);
    expect(keys(judge(before(probe([], []), asking([link]), asking([])), dark, nothing))).toEqual([
      "link external: advised",
    ]);
    expect(keys(judge(before(probe([], []), asking([link]), asking([])), dark, green(link)))).toEqual([
      "link external: regressed",
    ]);
  });

  it("waits for what was green and of which nothing is known, without blaming anybody", () => {
    const seen = probe([], [tcp]);
    for (const after of [
      probe([], []),
      { ...probe([], [tcp]), results: new Map([[checkKey(tcp), { check: tcp, ok: undefined, detail: "no" }]]) },
    ]) {
      const red = judge(before(seen, asking([tcp]), asking([tcp])), after, nothing);
      expect(keys(red)).toEqual(["tcp 192.0.2.53 port 53: awaited"]);
      expect(red[0]?.isUnknown).toBe(true);
    }
    const unknown = probe([], []);
    expect(judge(before(unknown, asking([link]), asking([link])), unknown, nothing)).toEqual([]);
  });

  it("does not judge a check before its start period is over", () => {
    const slow: HealthCheck = { ...tcp, "start-seconds": 60 };
    const seen = probe([], [slow]);
    const closed = probe([], [slow], false);
    const judged = (elapsedMs: number) => keys(judge(before(seen, asking([slow])), closed, { ...nothing, elapsedMs }));
    expect(judged(59_999)).toEqual([]);
    expect(judged(60_000)).toEqual(["tcp 192.0.2.53 port 53: regressed"]);
  });

  it("tolerates a tenth of the prefixes of each peer whose policy the plan leaves alone", () => {
    const seen = probe([up("192.0.2.1", 1000), up("192.0.2.2", 1000)], []);
    const candidate = asking([]);
    const after = (one: number, two: number) => probe([up("192.0.2.1", one), up("192.0.2.2", two)], []);
    expect(judge(before(seen, candidate), after(900, 2000), nothing)).toEqual([]);
    expect(keys(judge(before(seen, candidate), after(899, 899), nothing))).toEqual([
      "prefixes 192.0.2.1: regressed",
      "prefixes 192.0.2.2: regressed",
    ]);
    const touched = { policies: new Set(["192.0.2.1"]), interfaces: new Set<string>() };
    expect(keys(judge(before(seen, candidate, undefined, { touched }), after(10, 899), nothing))).toEqual([
      "prefixes 192.0.2.2: regressed",
    ]);
  });

  it("waits for the prefixes of a session that opened anew meanwhile", () => {
    const seen = probe([up("192.0.2.1", 1000, 3)], []);
    const after = probe([up("192.0.2.1", 10, 4)], []);
    expect(keys(judge(before(seen, asking([])), after, nothing))).toEqual(["prefixes 192.0.2.1: awaited"]);
  });

  it("does not count what a drained peer brings, nor miss it", () => {
    const seen = probe([up("192.0.2.1", 100)], [a]);
    const fewer = probe([up("192.0.2.1", 3)], [a]);
    expect(keys(judge(before(seen, asking([a])), fewer, nothing))).toEqual(["prefixes 192.0.2.1: regressed"]);
    const drained = { ...asking([]), drained: ["192.0.2.1"] };
    expect(judge(before(seen, drained), fewer, nothing)).toEqual([]);
    expect(judge(before(seen, drained), probe([], []), nothing)).toEqual([]);
  });

  it("notes sessions that went down and came back", () => {
    const was = probe([up("192.0.2.1", 1, 3), up("192.0.2.2", 1, 3)], []);
    expect(resets(was, probe([up("192.0.2.1", 1, 4), up("192.0.2.2", 1, 3)], []))).toEqual(["192.0.2.1"]);
  });
});
