/**
 * What proving compares: what was seen before a change with what is seen after it. Pure; prove.ts adds time.
 *
 * A check that was green must be green again. One that was red before may stay red. A session that the change adds is
 * advisory until it was first seen up; an address or port that the change declares must become reachable.
 */
import type { Daemon } from "../../reconcilers/frr/model.ts";
import type { Generation } from "../../reconcilers/generation.ts";
import type { HealthCheck } from "../../schemas/health.ts";

/** One BGP session as FRR shows it. */
export interface Session {
  readonly peer: string;
  /** The peer's name, where FRR knows one. */
  readonly description?: string;
  readonly up: boolean;
  readonly state: string;
  /** Prefixes accepted from the peer, all families. */
  readonly prefixes: number;
  /** How often it came up, and went down, since the daemon knows the peer. */
  readonly established: number;
  readonly dropped: number;
  /** How long ago the peer's operator took it down, in milliseconds; undefined: nobody there did. */
  readonly ceasedMsAgo?: number | undefined;
}

export interface CheckResult {
  readonly check: HealthCheck;
  readonly ok: boolean;
  /** One sentence on what was seen. */
  readonly detail: string;
}

/** Everything seen at one moment. */
export interface Probe {
  readonly results: ReadonlyMap<string, CheckResult>;
  /** By the peer's address or interface. */
  readonly sessions: ReadonlyMap<string, Session>;
  /** The daemons that were asked and do not listen. */
  readonly silent: readonly Daemon[];
}

/** Something that must be green and is not. */
export interface Red {
  readonly key: string;
  readonly reason: string;
  /** It was green before, so that the change, or something at the same time, broke it; else it is still awaited. */
  readonly regressed: boolean;
  /** Whose session it is about. */
  readonly peer?: string;
}

/** What proving knows from before the change. */
export interface Before {
  readonly probe: Probe;
  readonly candidate: Generation;
  readonly committed: Generation | undefined;
  /** Share of accepted prefixes that may vanish; undefined: the plan changes filters, so counts say nothing. */
  readonly prefixTolerance: number | undefined;
}

/** Stable name of a check: "bgp-session 192.0.2.1". */
export function checkKey(check: HealthCheck): string {
  switch (check.check) {
    case "bgp-session":
      return `bgp-session ${check.peer}`;
    case "ospf-neighbor":
    case "ospf3-neighbor":
      return `${check.check} ${check.interface}`;
    case "tcp":
      return `tcp ${check.address} port ${check.port}`;
    case "ping":
      return `ping ${check.address} from ${check.namespace}`;
    default:
      return check satisfies never;
  }
}

/** What is red after the change. `seenGreen` are the keys that were green in any probe since the change. */
export function judge(before: Before, after: Probe, seenGreen: ReadonlySet<string>): readonly Red[] {
  return [...judgeChecks(before, after, seenGreen), ...judgeSessions(before, after)];
}

function judgeChecks(before: Before, after: Probe, seenGreen: ReadonlySet<string>): Red[] {
  const known = new Set((before.committed?.health ?? []).map(checkKey));
  const red: Red[] = [];
  for (const [key, result] of after.results) {
    if (result.ok || !result.check.required) continue;
    const regressed = seenGreen.has(key) || before.probe.results.get(key)?.ok === true;
    const isNewReach = !known.has(key) && (result.check.check === "tcp" || result.check.check === "ping");
    const { check, detail } = result;
    if (!regressed && !isNewReach) continue;
    const wasGreen = before.probe.results.get(key)?.ok === true ? ", and was well before the change" : "";
    if (check.check === "bgp-session") {
      const session = after.sessions.get(check.peer) ?? before.probe.sessions.get(check.peer);
      const reason = `The BGP session with ${named(check.peer, session)} ${detail}${wasGreen}.`;
      red.push({ key, reason, regressed, peer: check.peer });
    } else {
      red.push({ key, reason: `${key}: ${detail}${wasGreen}.`, regressed });
    }
  }
  return red;
}

/** Sessions that no check of the candidate covers, and prefix counts of all. */
function judgeSessions(before: Before, after: Probe): Red[] {
  const checked = (generation: Generation | undefined): Set<string> =>
    new Set(generation?.health.flatMap((check) => (check.check === "bgp-session" ? [check.peer] : [])));
  const covered = checked(before.candidate);
  const wasCovered = checked(before.committed);
  const red: Red[] = [];
  for (const [peer, was] of before.probe.sessions) {
    if (!was.up) continue;
    const is = after.sessions.get(peer);
    // A peer that lost its check, or that the candidate configures without one, may be down: it was shut or removed.
    const mayBeDown = wasCovered.has(peer) || mentions(before.candidate, peer);
    if (!is?.up && !covered.has(peer) && !mayBeDown) {
      red.push({
        key: `session ${peer}`,
        reason: `The BGP session with ${named(peer, was)} is ${is?.state ?? "gone"}, and was well before the change.`,
        regressed: true,
        peer,
      });
    }
    const isDrained = before.candidate.drained?.includes(peer) === true;
    if (
      is?.up &&
      !isDrained &&
      before.prefixTolerance !== undefined &&
      is.prefixes < was.prefixes * (1 - before.prefixTolerance)
    ) {
      const reason = `${named(peer, was)} sent ${was.prefixes} accepted prefixes before and ${is.prefixes} now.`;
      red.push({ key: `prefixes ${peer}`, reason, regressed: true });
    }
  }
  return red;
}

/** "192.0.2.1 (transit-a)" */
function named(peer: string, session: Session | undefined): string {
  return session?.description === undefined ? peer : `${peer} (${session.description})`;
}

function mentions(generation: Generation, peer: string): boolean {
  return generation.desired.frr.config.split("\n").some((line) => line.trim().startsWith(`neighbor ${peer} `));
}

/** Sessions that are up before and after, but went down in between: worth a note, not a failure. */
export function resets(before: Probe, after: Probe): readonly string[] {
  return [...before.sessions.values()].flatMap((was) => {
    const is = after.sessions.get(was.peer);
    return was.up && is?.up && is.dropped > was.dropped ? [was.peer] : [];
  });
}

/** A daemon that ran before the change and does not listen now; what else is seen says nothing then. */
export function fallenSilent(before: Probe, after: Probe): Daemon | undefined {
  return after.silent.find((daemon) => !before.silent.includes(daemon));
}

/** Whether bgpd began to count anew between two looks at an appliance on which nothing was configured meanwhile. */
export function hasRestarted(earlier: Probe, later: Probe): boolean {
  return [...earlier.sessions.values()].some(
    ({ peer, established }) => (later.sessions.get(peer)?.established ?? established) < established,
  );
}
