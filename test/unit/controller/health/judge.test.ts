import { describe, expect, it } from "vitest";
import {
  checkKey,
  fallenSilent,
  hasRestarted,
  judge,
  resets,
  type Before,
  type Probe,
  type Session,
} from "../../../../controller/health/judge.ts";
import type { Generation } from "../../../../reconcilers/generation.ts";
import type { HealthCheck } from "../../../../schemas/health.ts";
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
const bgp = (peer: string, required = true): HealthCheck => ({ check: "bgp-session", peer, required });
const tcp: HealthCheck = { check: "tcp", address: "192.0.2.53", port: 53, required: true };

/** What is seen when these sessions are there and these checks are looked at. */
function probe(sessions: readonly Session[], checks: readonly HealthCheck[], reachable = true): Probe {
  const byPeer = new Map(sessions.map((session) => [session.peer, session]));
  const results = checks.map((check) => {
    const ok = check.check === "bgp-session" ? byPeer.get(check.peer)?.up === true : reachable;
    return [checkKey(check), { check, ok, detail: ok ? "fine" : "not fine" }] as const;
  });
  return { sessions: byPeer, results: new Map(results), silent: [] };
}

function asking(health: readonly HealthCheck[], config = ""): Generation {
  return generation([], { health, desired: { frr: { config } } });
}

function before(seen: Probe, candidate: Generation, committed?: Generation): Before {
  return { probe: seen, candidate, committed, prefixTolerance: 0.1 };
}

const nothing: ReadonlySet<string> = new Set();
const keys = (red: ReturnType<typeof judge>) => red.map((one) => `${one.key}${one.regressed ? "" : " (awaited)"}`);

describe("judging", () => {
  const a = bgp("192.0.2.1");
  const both = asking([a, bgp("192.0.2.2")]);

  it("finds nothing where all is as before", () => {
    const seen = probe([up("192.0.2.1"), down("192.0.2.2")], both.health);
    expect(judge(before(seen, both, both), seen, nothing)).toEqual([]);
  });

  it("does not count what a drained peer brings", () => {
    const seen = probe([up("192.0.2.1", 100)], [a]);
    const fewer = probe([up("192.0.2.1", 3)], [a]);

    expect(keys(judge(before(seen, asking([a])), fewer, nothing))).toEqual(["prefixes 192.0.2.1"]);
    const drained = { ...asking([a]), drained: ["192.0.2.1"] };
    expect(keys(judge(before(seen, drained), fewer, nothing))).toEqual([]);
  });

  it("finds a session that was up and is not", () => {
    const seen = probe([up("192.0.2.1")], [a]);
    expect(keys(judge(before(seen, asking([a])), probe([down("192.0.2.1")], [a]), nothing))).toEqual([
      "bgp-session 192.0.2.1",
    ]);
    expect(keys(judge(before(seen, asking([a])), probe([], [a]), nothing))).toEqual(["bgp-session 192.0.2.1"]);
  });

  it("does not expect an added session to be up, until it was", () => {
    const seen = probe([up("192.0.2.1")], both.health);
    const after = probe([up("192.0.2.1"), down("192.0.2.2")], both.health);
    expect(judge(before(seen, both), after, nothing)).toEqual([]);
    expect(keys(judge(before(seen, both), after, new Set(["bgp-session 192.0.2.2"])))).toEqual([
      "bgp-session 192.0.2.2",
    ]);
  });

  it("never fails for what is only advised", () => {
    const advised = asking([bgp("192.0.2.1", false)]);
    const seen = probe([up("192.0.2.1")], advised.health);
    expect(judge(before(seen, advised, advised), probe([down("192.0.2.1")], advised.health), nothing)).toEqual([]);
  });

  it("does not expect what the change removes or shuts to stay up", () => {
    const seen = probe([up("192.0.2.1"), up("192.0.2.2")], [a]);
    const removed = asking([a]);
    const shut = asking([a], " neighbor 192.0.2.2 shutdown\n");
    expect(judge(before(seen, removed, both), probe([up("192.0.2.1")], [a]), nothing)).toEqual([]);
    expect(judge(before(seen, shut), probe([up("192.0.2.1"), down("192.0.2.2")], [a]), nothing)).toEqual([]);
  });

  it("expects a foreign session that was up to stay up", () => {
    const seen = probe([up("192.0.2.1"), up("192.0.2.9")], [a]);
    const after = probe([up("192.0.2.1"), down("192.0.2.9")], [a]);
    expect(keys(judge(before(seen, asking([a]), asking([a])), after, nothing))).toEqual(["session 192.0.2.9"]);
  });

  it("awaits a port that the change declares, and lets one stay down that was down before", () => {
    const closed = probe([], [tcp], false);
    expect(keys(judge(before(closed, asking([tcp]), asking([])), closed, nothing))).toEqual([
      "tcp 192.0.2.53 port 53 (awaited)",
    ]);
    expect(judge(before(closed, asking([tcp]), asking([tcp])), closed, nothing)).toEqual([]);
  });

  it("tolerates a tenth of the prefixes, unless the change is about filters", () => {
    const seen = probe([up("192.0.2.1", 1000)], [a]);
    const fewer = probe([up("192.0.2.1", 899)], [a]);
    expect(judge(before(seen, asking([a])), probe([up("192.0.2.1", 900)], [a]), nothing)).toEqual([]);
    expect(keys(judge(before(seen, asking([a])), fewer, nothing))).toEqual(["prefixes 192.0.2.1"]);
    expect(judge({ ...before(seen, asking([a])), prefixTolerance: undefined }, fewer, nothing)).toEqual([]);
  });

  it("notes sessions that went down and came back", () => {
    const was = probe([up("192.0.2.1", 1, 3), up("192.0.2.2", 1, 3)], []);
    expect(resets(was, probe([up("192.0.2.1", 1, 4), up("192.0.2.2", 1, 3)], []))).toEqual(["192.0.2.1"]);
  });
});

describe("a daemon", () => {
  it("fell silent when it does not listen any more, and not when it never did", () => {
    const seen = probe([], []);
    const without = { ...seen, silent: ["bgpd"] as const };
    expect(fallenSilent(seen, without)).toBe("bgpd");
    expect(fallenSilent(without, without)).toBeUndefined();
    expect(fallenSilent(without, seen)).toBeUndefined();
  });

  it("restarted when a counter is smaller than it was, and not when a session goes or comes", () => {
    const [two, one] = [{ ...up("192.0.2.1"), established: 2 }, up("192.0.2.1")].map((session) => probe([session], []));
    if (!two || !one) throw new Error("two looks");
    expect(hasRestarted(two, one)).toBe(true);
    expect(hasRestarted(one, two)).toBe(false);
    expect(hasRestarted(two, probe([], []))).toBe(false);
    expect(hasRestarted(probe([], []), one)).toBe(false);
  });
});
