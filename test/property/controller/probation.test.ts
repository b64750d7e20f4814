import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CheckResult, Probe } from "../../../controller/health/probe.ts";
import type { Session } from "../../../controller/health/sight.ts";
import { judgeProbation, noPatience, type Probation } from "../../../controller/probation.ts";
import type { HealthCheck } from "../../../schemas/health.ts";

const graceMs = 30_000;
const soakMs = 60_000;
const peers = ["192.0.2.1", "192.0.2.2", "192.0.2.3"];
const key = (peer: string) => `bgp-session ${peer}`;

type Seen = "up" | "down" | "ceased" | "unknown";
/** One look: how long after the one before, and what each peer showed. */
type Look = readonly [afterMs: number, seen: readonly Seen[]];

const looks = fc.array(
  fc.tuple(
    fc.integer({ min: 1000, max: 40_000 }),
    fc.tuple(...peers.map(() => fc.constantFrom<Seen>("up", "up", "down", "down", "ceased", "unknown"))),
  ),
  { minLength: 1, maxLength: 40 },
);

function probe(seen: readonly Seen[]): Probe {
  const results = new Map<string, CheckResult>();
  const sessions = new Map<string, Session>();
  seen.forEach((one, index) => {
    const peer = peers[index] ?? "";
    const check: HealthCheck = { check: "bgp-session", peer, required: true };
    if (one !== "unknown") results.set(key(peer), { check, ok: one === "up", detail: one });
    const ceased = one === "ceased" ? { ceasedMsAgo: 1000 } : {};
    sessions.set(peer, { peer, up: one === "up", state: one, prefixes: 0, established: 1, dropped: 0, ...ceased });
  });
  return { results, sessions, silent: [] };
}

/** Plays the looks; resolves with the probation and the time after each of them. */
function play(all: readonly Look[], hours: number): readonly (readonly [now: number, Probation | undefined])[] {
  let now = 0;
  const clock = { now: () => 1_700_000_000_000 + now, uptime: () => now, bootId: () => "b" };
  const term = { from: clock.now(), ms: hours * 3_600_000, boot: "b", uptime: 0 };
  let probation: Probation | undefined = {
    deployment: "d",
    generation: "g",
    term,
    soakMs,
    green: peers.slice(0, 2).map(key),
  };
  let patience = noPatience;
  const excused = new Set<string>();
  return all.map(([afterMs, seen]) => {
    now += afterMs;
    if (probation)
      ({ probation, patience } = judgeProbation(probation, patience, probe(seen), { graceMs, excused, clock }));
    return [now, probation] as const;
  });
}

/** Since when the peer is red at every look up to this one, undefined while it is not. */
function redSince(all: readonly Look[], upTo: number, peer: number): number | undefined {
  let [now, since]: [number, number | undefined] = [0, undefined];
  for (const [afterMs, seen] of all.slice(0, upTo + 1)) {
    now += afterMs;
    since = seen[peer] === "down" ? (since ?? now) : undefined;
  }
  return since;
}

describe("a probation", () => {
  it("is regressed exactly when a watched check was red for the grace time, until all are well for the soak time", () => {
    fc.assert(
      fc.property(looks, (all) => {
        let [regressed, wellSince]: [boolean, number | undefined] = [false, undefined];
        play(all, 24).forEach(([now, probation], index) => {
          const sinces = [0, 1].map((peer) => redSince(all, index, peer));
          const isRed = sinces.some((since) => since !== undefined);
          if (regressed) {
            wellSince = isRed ? undefined : (wellSince ?? now);
            if (wellSince !== undefined && now - wellSince >= soakMs) [regressed, wellSince] = [false, undefined];
          } else regressed = sinces.some((since) => since !== undefined && now - since >= graceMs);
          expect(probation?.regressed !== undefined).toBe(regressed);
        });
      }),
      { numRuns: 500 },
    );
  });

  it("never watches or blames what was not green at the commit, and names only what was red for the grace time", () => {
    fc.assert(
      fc.property(looks, (all) => {
        for (const [, probation] of play(all, 24)) {
          expect(probation?.green).toEqual(peers.slice(0, 2).map(key));
          expect(probation?.regressed?.keys.includes(key(peers[2] ?? "")) ?? false).toBe(false);
        }
      }),
    );
  });

  it("ends with its time, but never in the middle of a regression", () => {
    fc.assert(
      fc.property(looks, (all) => {
        const played = play(all, 0.1);
        const end = played.findIndex(([, probation]) => !probation);
        const [endedAt, last] = end < 1 ? [Infinity, undefined] : [played[end]?.[0], played[end - 1]?.[1]];
        expect(endedAt).toBeGreaterThanOrEqual(360_000);
        expect(last?.regressed).toBeUndefined();
      }),
    );
  });
});
