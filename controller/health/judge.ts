/**
 * What proving compares: what was seen before a change with what is seen after it. Pure; prove.ts adds time.
 *
 * A check that was green must be green again. One that was red before may stay red. What the change adds is advisory until
 * it was first seen up; what it removes or drains is not expected. A place that the change declares must become reachable.
 */
import type { Generation } from "../../reconcilers/generation.ts";
import { checkKey, type HealthCheck, objectOf, subjectOf, timingOf } from "../../schemas/health.ts";
import type { CheckResult, Probe } from "./probe.ts";
import type { Session } from "./sight.ts";

/** Something that is red. */
export interface Red {
  readonly key: string;
  readonly reason: string;
  /**
   * regressed: it was green before, so that the change, or something at the same time, broke it. awaited: it must become
   * green, or nobody can tell. advised: it holds nothing up.
   */
  readonly weight: "regressed" | "awaited" | "advised";
  /** Whose session it is about, as FRR names the peer. */
  readonly peer?: string | undefined;
  /** The interface in Linux that it depends on, where that is known. */
  readonly over?: string | undefined;
  /** It cannot be told whether it is well. */
  readonly isUnknown?: boolean;
}

/** What a plan changes of what others depend on. */
export interface Touched {
  /** Peers whose policy for what comes in is not what it was. */
  readonly policies: ReadonlySet<string>;
  /** Interfaces, as Linux names them. */
  readonly interfaces: ReadonlySet<string>;
}

/** What proving knows from before the change. */
export interface Before {
  readonly probe: Probe;
  readonly candidate: Generation;
  readonly committed: Generation | undefined;
  readonly touched: Touched;
  /**
   * Sessions and adjacencies that hold nothing up, since their other end changes in the same commit, and later: subjects of
   * checks ("bgp-session 192.0.2.1", "ospf-neighbor internal").
   */
  readonly advisory: ReadonlySet<string>;
  /**
   * The same the other way round: subjects of what was up before the commit came, and may be down since the other end took
   * it up first. Now both have it, so it must come up again.
   */
  readonly follows?: ReadonlySet<string>;
}

/** What was learnt since the change. */
export interface Since {
  /** Keys that were green in any look. */
  readonly seenGreen: ReadonlySet<string>;
  /** Since it was applied, in milliseconds. */
  readonly elapsedMs: number;
}

/** What is red after the change. */
export function judge(before: Before, after: Probe, since: Since): readonly Red[] {
  const checks = before.candidate.health.flatMap((check) => judgeCheck(check, before, after, since) ?? []);
  return [...checks, ...judgeSessions(before, after)];
}

/** Places outside of the box: who declares one wants it to answer, and no object of the box has to come up first. */
const places: ReadonlySet<HealthCheck["check"]> = new Set(["ping", "tcp", "http", "dns", "command"]);

function judgeCheck(check: HealthCheck, before: Before, after: Probe, since: Since): Red | undefined {
  const key = checkKey(check);
  const [result, was] = [after.results.get(key), before.probe.results.get(key)];
  const object = objectOf(check);
  if (result?.rate !== undefined && was?.rate !== undefined && result.rate > tolerated(was.rate)) {
    const reason = `${key}: ${result.detail}, and ${was.detail} before the change.`;
    return { key, reason, weight: check.required ? "regressed" : "advised" };
  }
  if (result?.ok === true || since.elapsedMs < timingOf(check).startMs) return undefined;
  const wasGreen = before.probe.results.get(key)?.ok === true;
  const reason = reasonOf(
    check,
    key,
    result,
    wasGreen,
    after.sessions.get(object ?? "") ?? before.probe.sessions.get(object ?? ""),
  );
  const red = { key, reason, ...dependsOn(check), isUnknown: result?.ok === undefined };
  if (!check.required || isAbout(check, before.advisory)) {
    return result?.ok === false ? { ...red, weight: "advised" } : undefined;
  }
  const wasEverGreen = wasGreen || since.seenGreen.has(key);
  if (wasEverGreen) return { ...red, weight: result?.ok === false ? "regressed" : "awaited" };
  const isNew = !before.committed?.health.some((other) => checkKey(other) === key);
  const mustFollow = before.follows?.has(subjectOf(check)) === true;
  if (mustFollow || (isNew && places.has(check.check))) return { ...red, weight: "awaited" };
  return result?.ok === false ? { ...red, weight: "advised" } : undefined;
}

/** How fast a counter of errors may rise that rose at this rate before: some always do. */
function tolerated(rate: number): number {
  return 2 * rate + 10;
}

/** Whether a check looks at one of these sessions and adjacencies; what holds for a session holds for what it brings too. */
export function isAbout(check: HealthCheck, subjects: ReadonlySet<string>): boolean {
  return subjects.has(subjectOf(check)) || ("peer" in check && subjects.has(`bgp-session ${check.peer}`));
}

/** What would explain it that it is red. */
function dependsOn(check: HealthCheck): Pick<Red, "peer" | "over"> {
  if (check.check === "bgp-session" || check.check === "bgp-prefixes") return { peer: check.peer, over: check.over };
  return "interface" in check ? { over: check.interface } : {};
}

function reasonOf(
  check: HealthCheck,
  key: string,
  result: CheckResult | undefined,
  wasGreen: boolean,
  session: Session | undefined,
): string {
  const before = wasGreen ? ", and was well before the change" : "";
  if (!result) return `${key}: not looked at yet${before}.`;
  if (result.ok === undefined) return `${key}: cannot tell (${result.detail})${before}.`;
  if (check.check !== "bgp-session") return `${key}: ${result.detail}${before}.`;
  return `The BGP session with ${named(check.peer, session)} ${result.detail}${before}.`;
}

/** Sessions that no check of the candidate covers, and prefix counts of all. */
function judgeSessions(before: Before, after: Probe): readonly Red[] {
  const { candidate, committed } = before;
  const checked = (generation: Generation | undefined): ReadonlySet<string> =>
    new Set(generation?.health.flatMap((check) => (check.check === "bgp-session" ? [check.peer] : [])));
  const covered = checked(candidate);
  // A peer that lost its check, or that the repository configures without one, may be down: it was shut or removed.
  const mayBeDown = new Set([...checked(committed), ...configured(candidate), ...configured(committed)]);
  const excused = (peer: string): boolean =>
    before.advisory.has(`bgp-session ${peer}`) || candidate.drained?.includes(peer) === true;
  return [...before.probe.sessions].flatMap(([peer, was]): Red[] => {
    if (!was.up || excused(peer)) return [];
    const is = after.sessions.get(peer);
    if (is?.up) return judgePrefixes(before, was, is);
    if (covered.has(peer) || mayBeDown.has(peer)) return [];
    const reason = `The BGP session with ${named(peer, was)} is ${is?.state ?? "gone"}, and was well before the change.`;
    return [{ key: `session ${peer}`, reason, weight: "regressed", peer }];
  });
}

/** Counts of a peer whose policy the plan leaves alone. */
function judgePrefixes({ candidate, touched }: Before, was: Session, is: Session): Red[] {
  const { peer } = was;
  if (touched.policies.has(peer)) return [];
  if (is.prefixes >= was.prefixes * (1 - candidate.policy["prefix-tolerance"])) return [];
  const reason = `${named(peer, was)} sent ${was.prefixes} accepted prefixes before and ${is.prefixes} now.`;
  // A session that opened anew meanwhile is still loading its table.
  return [{ key: `prefixes ${peer}`, reason, weight: is.dropped > was.dropped ? "awaited" : "regressed", peer }];
}

/** "192.0.2.1 (transit-a)" */
function named(peer: string, session: Session | undefined): string {
  return session?.description === undefined ? peer : `${peer} (${session.description})`;
}

/** The neighbours that a generation configures. */
function configured(generation: Generation | undefined): ReadonlySet<string> {
  const lines = generation?.desired.frr.config.matchAll(/^\s*neighbor (\S+) /gm) ?? [];
  return new Set([...lines].map((line) => line[1] ?? ""));
}

/** Sessions that are up before and after, but went down in between: worth a note, not a failure. */
export function resets(before: Probe, after: Probe): readonly string[] {
  return [...before.sessions.values()].flatMap((was) => {
    const is = after.sessions.get(was.peer);
    return was.up && is?.up && is.dropped > was.dropped ? [was.peer] : [];
  });
}
