/** Proving: watches the appliance after a change until it is proven for the soak time, or clearly is not. */
import type { Host } from "../../reconcilers/core.ts";
import type { Generation } from "../../reconcilers/generation.ts";
import { asProblem } from "../../schemas/problem.ts";
import type { Failure } from "../machine.ts";
import type { Trigger } from "../reasons.ts";
import { withDeadline } from "../retry.ts";
import { fallenSilent, hasRestarted, judge, resets, type Before, type Probe, type Red } from "./judge.ts";
import { startPatrol, unreached, type Patrol } from "./patrol.ts";
import type { Round, Surroundings } from "./reach.ts";
import { startTimeline, type Timeline } from "./timeline.ts";

/** Looks at the appliance once. Rejects with a Problem when it cannot be looked at. */
export type Prober = (generation: Generation, signal: AbortSignal) => Promise<Probe>;

export interface Proving {
  readonly host: Host;
  readonly before: Before;
  readonly probe: Prober;
  /** The places that answered before. */
  readonly around: Surroundings;
  /** Rejects with READ_BACK when not all of the candidate is on the appliance any more. */
  readonly readBack: () => Promise<unknown>;
  /** Uptime at which it was armed. */
  readonly since: number;
  /** Uptime at which to give up. */
  readonly deadline: number;
  /** How long everything must be green: the policy's, or none for what was proven before. */
  readonly soakMs: number;
  /** Told after each look: for the watchdog and the status. */
  readonly looked: (red: readonly string[]) => void;
  /** Asked after each look, with whether anything is red: whether something newer ends the proving now. */
  readonly newer?: (isRed: boolean, signal: AbortSignal) => Promise<Newer | undefined>;
}

/** What a newer commit does to a deployment that is being proven. */
export interface Newer {
  /** give-way: roll back for it; it was failing. finish: all is green, so the rest of the soak is left out for it. */
  readonly does: "give-way" | "finish";
  /** One sentence. */
  readonly reason: string;
}

/** What came of it. */
export interface Proof {
  /** Why it is not proven; undefined: it is. */
  readonly failure: Failure | undefined;
  /** What is worth a word although it is proven, a sentence each. */
  readonly notes: readonly string[];
  readonly timeline: Timeline;
}

const probeEveryMs = 1000;
const probeLimitMs = 15_000;

/** Resolves once it is proven or clearly is not. Rejects only when `signal` aborts. */
export async function prove(proving: Proving, signal: AbortSignal): Promise<Proof> {
  const { host, since, before } = proving;
  const timeline = startTimeline(host, since);
  const patrol = startPatrol(host, proving.around, signal);
  const { failure, probe } = await watch(proving, patrol, timeline, signal).finally(() => patrol.close());
  const disturbance = failure?.verdict === "inconclusive" ? undefined : await disturbed(proving, failure, signal);
  const proof = { notes: [], timeline: timeline.moments() };
  if (disturbance !== undefined) {
    const reason = failure ? `${failure.reason} ${disturbance}` : disturbance;
    return { ...proof, failure: { trigger: failure?.trigger ?? "read-back", reason, verdict: "inconclusive" } };
  }
  if (failure || !probe) return { ...proof, failure };
  return { ...proof, failure, notes: [...resetNote(before.probe, probe), ...awayNote(patrol.believed())] };
}

function resetNote(before: Probe, after: Probe): readonly string[] {
  const reset = resets(before, after);
  return reset.length > 0 ? [`Sessions were reset: ${reset.join(", ")}.`] : [];
}

function awayNote(round: Round | undefined): readonly string[] {
  if (!round || round.lost.length === 0) return [];
  return [`Answered before the change, and not after it: ${round.lost.join(", ")}.`];
}

/** What watching ended with: a failure, or the last look at an appliance that stayed healthy. */
interface Watched {
  readonly failure: Failure | undefined;
  readonly probe?: Probe | undefined;
}

async function watch(
  proving: Proving,
  patrol: Patrol,
  timeline: ReturnType<typeof startTimeline>,
  signal: AbortSignal,
): Promise<Watched> {
  const { host, before, deadline } = proving;
  const policy = before.candidate.policy;
  const seenGreen = new Set<string>();
  const redSince = new Map<string, number>();
  let [last, restarted]: [Probe | undefined, boolean] = [undefined, false];
  let greenSince: number | undefined;
  for (;;) {
    const { probe, blind } = await look(proving, signal);
    if (probe && last && hasRestarted(last, probe)) restarted = true;
    last = probe ?? last;
    for (const [key, result] of probe?.results ?? []) if (result.ok) seenGreen.add(key);
    const red = probe ? judge(before, probe, seenGreen) : [{ key: "probe", reason: blind, regressed: true }];
    timeline.note(red);
    proving.looked(red.map((one) => one.reason));
    const newer = await proving.newer?.(red.length > 0, signal);
    if (newer?.does === "give-way") {
      return { failure: { trigger: "pre-empted", reason: newer.reason, verdict: "inconclusive" } };
    }
    const now = host.uptime();
    for (const key of redSince.keys()) if (!red.some((one) => one.key === key)) redSince.delete(key);
    for (const one of red) if (!redSince.has(one.key)) redSince.set(one.key, now);

    const blame = { probe, restarted, sinceMs: now - proving.since };
    if (red.length > 0) {
      greenSince = undefined;
      const graceMs = policy["grace-seconds"] * 1000;
      const lost = red.filter((one) => one.regressed && now - (redSince.get(one.key) ?? now) >= graceMs);
      const failure = blamed(lost, "health", blame);
      if (failure) return { failure };
    } else {
      greenSince ??= now;
      const isSoaked = now - greenSince >= proving.soakMs || newer?.does === "finish";
      if (isSoaked && patrol.believed()?.found === "reached") return { failure: undefined, probe };
    }
    if (host.uptime() >= deadline) return { failure: outOfTime(red, patrol.believed(), blame) };
    await host.sleep(Math.max(1, Math.min(probeEveryMs, deadline - host.uptime())), signal);
  }
}

interface Blame {
  /** undefined: nothing could be seen. */
  readonly probe: Probe | undefined;
  readonly restarted: boolean;
  /** Since it was armed. */
  readonly sinceMs: number;
}

/** What is lost is the change's fault, unless something else explains all of it. */
function blamed(lost: readonly Red[], trigger: Trigger, { probe, restarted, sinceMs }: Blame): Failure | undefined {
  const [first] = lost;
  if (!first) return undefined;
  const inconclusive = (why: string): Failure => ({
    trigger,
    reason: `${first.reason}${why}`,
    verdict: "inconclusive",
  });
  if (!probe) return inconclusive("");
  if (restarted) return inconclusive(" bgpd restarted meanwhile, so this says nothing about the change.");
  const byPeer = (one: Red): boolean =>
    one.peer !== undefined && (probe.sessions.get(one.peer)?.ceasedMsAgo ?? Infinity) <= sinceMs;
  const own = lost.find((one) => !byPeer(one));
  if (own) return { trigger, reason: own.reason, verdict: "bad" };
  return inconclusive(" The peer's operator took it down, so this says nothing about the change.");
}

function outOfTime(red: readonly Red[], round: Round | undefined, blame: Blame): Failure {
  const lost = unreached(round);
  if (lost?.verdict === "bad") return lost;
  const failure = blamed(red, "deadline", blame);
  if (failure) return { ...failure, reason: `Not healthy at the deadline: ${failure.reason}` };
  return (
    lost ?? { trigger: "deadline", reason: "The soak time was not over at the deadline.", verdict: "inconclusive" }
  );
}

/**
 * Why what was seen says nothing about the candidate: it is not what stands on the appliance. A daemon that restarts
 * begins with what was committed before.
 */
async function disturbed(
  { readBack }: Proving,
  failure: Failure | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  // Whoever is cut off goes back, whatever stands there.
  if (failure?.trigger === "reachability") return undefined;
  try {
    await readBack();
    return undefined;
  } catch (thrown) {
    signal.throwIfAborted();
    const { code, message } = asProblem(thrown);
    return code === "READ_BACK"
      ? `What was applied did not stay: a daemon restarted, or somebody changed it. ${message}`
      : `Whether what was applied is still there cannot be read: ${message}`;
  }
}

async function look(
  { host, probe, before }: Proving,
  signal: AbortSignal,
): Promise<{ readonly probe: Probe | undefined; readonly blind: string }> {
  try {
    const seen = await withDeadline(host, probeLimitMs, signal, "Looking at the sessions", (limited) =>
      probe(before.candidate, limited),
    );
    const silent = fallenSilent(before.probe, seen);
    if (silent) return { probe: undefined, blind: `FRR's ${silent} does not answer, and did before the change.` };
    return { probe: seen, blind: "" };
  } catch (thrown) {
    signal.throwIfAborted();
    return { probe: undefined, blind: asProblem(thrown).message };
  }
}
