/** Proving: watches the appliance after a change until it is proven for the soak time, or clearly is not. */
import type { Host } from "../../reconcilers/core.ts";
import { asProblem } from "../../schemas/problem.ts";
import type { Failure } from "../machine.ts";
import { withDeadline } from "../retry.ts";
import { blamed, fallenSilent, type Outside, watchOutside } from "./blame.ts";
import { greenKeys } from "./green.ts";
import { type Before, judge, type Red, resets } from "./judge.ts";
import { type Patrol, startPatrol, unreached } from "./patrol.ts";
import { type Memory, newMemory, type Probe, type Prober } from "./probe.ts";
import type { Round, Surroundings } from "./reach.ts";
import { unsettled } from "./settled.ts";
import { startSoak } from "./soak.ts";
import { startTimeline, type Timeline } from "./timeline.ts";

export interface Proving {
  readonly host: Host;
  readonly before: Before;
  readonly probe: Prober;
  /** The places that answered before. */
  readonly around: Surroundings;
  /** What of FRR and VPP ran when all that was applied was read back. */
  readonly ran: string | undefined;
  /** Names what of them runs now; undefined: nobody can tell. */
  readonly incarnation: (signal: AbortSignal) => Promise<string | undefined>;
  /** Rejects with READ_BACK when not all of the candidate is on the appliance any more. */
  readonly readBack: () => Promise<unknown>;
  /** Uptime at which it was armed. */
  readonly since: number;
  /** Uptime at which to give up. */
  readonly deadline: number;
  /** How long everything must be green: the policy's, or none for what was proven before. */
  readonly soakMs: number;
  /** The change restarted what forwards: nothing is judged before routing has settled. */
  readonly settles: boolean;
  /** Told after each look: for the watchdog and the status. */
  readonly looked: (red: readonly string[]) => void;
  /** Asked after each look, with what is red: whether something newer ends the proving now. */
  readonly newer?: (due: readonly Red[], signal: AbortSignal) => Promise<Newer | undefined>;
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
  /** Keys of the checks that must be green and are, where it is proven. */
  readonly green?: readonly string[];
}

const probeEveryMs = 1000;
const probeLimitMs = 15_000;

/** Resolves once it is proven or clearly is not. Rejects only when `signal` aborts. */
export async function prove(proving: Proving, signal: AbortSignal): Promise<Proof> {
  const { host, since, before, around } = proving;
  const closing = new AbortController();
  const open = AbortSignal.any([signal, closing.signal]);
  const timeline = startTimeline(host, since);
  const patrol = startPatrol(host, around, open);
  const means = { timeline, patrol, memory: newMemory(open), outside: watchOutside(before, proving.ran) };
  const { failure, probe } = await watch(proving, means, signal).finally(() => closing.abort());
  const disturbance = failure?.verdict === "inconclusive" ? undefined : await disturbed(proving, failure, signal);
  const proof = { notes: [], timeline: timeline.moments() };
  if (disturbance !== undefined) {
    const reason = failure ? `${failure.reason} ${disturbance}` : disturbance;
    return { ...proof, failure: { trigger: failure?.trigger ?? "read-back", reason, verdict: "inconclusive" } };
  }
  if (failure || !probe) return { ...proof, failure };
  return {
    ...proof,
    failure,
    green: greenKeys(probe),
    notes: [...resetNote(before.probe, probe), ...awayNote(patrol.believed())],
  };
}

function resetNote(before: Probe, after: Probe): readonly string[] {
  const reset = resets(before, after);
  return reset.length > 0 ? [`Sessions were reset: ${reset.join(", ")}.`] : [];
}

function awayNote(round: Round | undefined): readonly string[] {
  if (!round || round.lost.length === 0) return [];
  return [`Answered before the change, and not after it: ${round.lost.join(", ")}.`];
}

/** What goes on beside the looks, and what remembers them. */
interface Means {
  readonly timeline: ReturnType<typeof startTimeline>;
  readonly patrol: Patrol;
  readonly memory: Memory;
  readonly outside: Outside;
}

/** What watching ended with: a failure, or the last look at an appliance that stayed healthy. */
interface Watched {
  readonly failure: Failure | undefined;
  readonly probe?: Probe | undefined;
}

async function watch(proving: Proving, means: Means, signal: AbortSignal): Promise<Watched> {
  const { host, before, deadline } = proving;
  const graceMs = before.candidate.policy["grace-seconds"] * 1000;
  const see = looker(proving, means);
  const soak = startSoak(host, before.candidate.health, proving.soakMs);
  for (;;) {
    const { probe, red } = await see(signal);
    const due = red.filter((one) => one.weight !== "advised");
    means.timeline.note(due);
    const away = unreached(means.patrol.believed() ?? means.patrol.missed());
    proving.looked([...due.map((one) => one.reason), ...(away ? [away.reason] : [])]);
    const newer = await proving.newer?.(due, signal);
    if (newer?.does === "give-way") {
      return { failure: { trigger: "pre-empted", reason: newer.reason, verdict: "inconclusive" } };
    }
    soak.saw(due);
    const lost = due.filter((one) => one.weight === "regressed" && soak.redForMs(one) >= graceMs);
    const failure = blamed(lost, "health", probe, means.outside);
    if (failure) return { failure };
    const isSoaked = due.length === 0 && (newer?.does === "finish" || soak.isOver());
    if (isSoaked && means.patrol.believed()?.found === "reached") return { failure: undefined, probe };
    if (host.uptime() >= deadline) return { failure: outOfTime(due, probe, means) };
    await host.sleep(Math.max(1, Math.min(probeEveryMs, deadline - host.uptime())), signal);
  }
}

interface Look {
  /** undefined: the appliance cannot be looked at. */
  readonly probe: Probe | undefined;
  readonly red: readonly Red[];
}

/** Looks, and judges what it sees by what was seen before. */
function looker(proving: Proving, { memory, outside }: Means): (signal: AbortSignal) => Promise<Look> {
  const { host, before, since } = proving;
  const appliedAt = host.uptime();
  const seenGreen = new Set<string>();
  let settling: readonly Probe[] | undefined = proving.settles ? [] : undefined;
  return async (signal) => {
    const { probe, incarnation, blind } = await look(proving, memory, settling !== undefined, signal);
    if (!probe) return { probe, red: [{ key: "probe", reason: blind, weight: "regressed" }] };
    outside.saw(probe, incarnation, host.uptime() - since);
    if (settling) {
      settling = [...settling, probe].slice(-mostKept);
      const awaited = unsettled(before, settling);
      if (awaited) return { probe, red: [awaited] };
      settling = undefined;
    }
    for (const [key, result] of probe.results) if (result.ok === true) seenGreen.add(key);
    return { probe, red: judge(before, probe, { seenGreen, elapsedMs: host.uptime() - appliedAt }) };
  };
}

const mostKept = 10;

function outOfTime(due: readonly Red[], probe: Probe | undefined, { patrol, outside }: Means): Failure {
  const lost = unreached(patrol.believed());
  if (lost?.verdict === "bad") return lost;
  const failure = blamed(due, "deadline", probe, outside);
  if (failure) return { ...failure, reason: `Not healthy at the deadline: ${failure.reason}` };
  if (lost) return lost;
  const missed = patrol.missed();
  if (missed) {
    const reason = `Answered before the change, and only now and then after it: ${missed.lost.join(", ")}.`;
    return { trigger: "reachability", reason, verdict: "inconclusive" };
  }
  return { trigger: "deadline", reason: "The soak time was not over at the deadline.", verdict: "inconclusive" };
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

interface Seen {
  readonly probe: Probe | undefined;
  readonly incarnation: string | undefined;
  readonly blind: string;
}

async function look(
  { host, probe, before, incarnation }: Proving,
  memory: Memory,
  thoroughly: boolean,
  signal: AbortSignal,
): Promise<Seen> {
  try {
    return await withDeadline(host, probeLimitMs, signal, "Looking at the sessions", async (limited) => {
      const seen = await probe(before.candidate, limited, { memory, thoroughly });
      const silent = fallenSilent(before.probe, seen);
      const blind = silent === undefined ? "" : `FRR's ${silent} does not answer, and did before the change.`;
      const running = await incarnation(limited);
      return { probe: silent === undefined ? seen : undefined, incarnation: running, blind };
    });
  } catch (thrown) {
    signal.throwIfAborted();
    return { probe: undefined, incarnation: undefined, blind: asProblem(thrown).message };
  }
}
