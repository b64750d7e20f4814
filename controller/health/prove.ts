/** Proving: watches the appliance after a change until it is proven for the soak time, or clearly is not. */
import type { Host } from "../../reconcilers/core.ts";
import type { Generation } from "../../reconcilers/generation.ts";
import { asProblem } from "../../schemas/problem.ts";
import type { Failure } from "../machine.ts";
import type { Trigger } from "../reasons.ts";
import { withDeadline } from "../retry.ts";
import { fallenSilent, hasRestarted, judge, resets, type Before, type Probe, type Red } from "./judge.ts";

/** Looks at the appliance once. Rejects with a Problem when it cannot be looked at. */
export type Prober = (generation: Generation, signal: AbortSignal) => Promise<Probe>;

export interface Proving {
  readonly host: Host;
  readonly before: Before;
  readonly probe: Prober;
  /** Opens a new connection to the sites repository and rejects when that fails; undefined: it was not reachable before. */
  readonly reach: ((signal: AbortSignal) => Promise<unknown>) | undefined;
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
  /** Peers whose sessions are up as before, but went down in between. */
  readonly resets: readonly string[];
}

const probeEveryMs = 1000;
const probeLimitMs = 15_000;
const reachLimitMs = 20_000;

/** Resolves once it is proven or clearly is not. Rejects only when `signal` aborts. */
export async function prove(proving: Proving, signal: AbortSignal): Promise<Proof> {
  const { failure, probe } = await watch(proving, signal);
  const disturbance = failure?.verdict === "inconclusive" ? undefined : await disturbed(proving, signal);
  if (disturbance !== undefined) {
    const reason = failure ? `${failure.reason} ${disturbance}` : disturbance;
    return { failure: { trigger: failure?.trigger ?? "read-back", reason, verdict: "inconclusive" }, resets: [] };
  }
  return { failure, resets: failure || !probe ? [] : resets(proving.before.probe, probe) };
}

/** What watching ended with: a failure, or the last look at an appliance that stayed healthy. */
interface Watched {
  readonly failure: Failure | undefined;
  readonly probe?: Probe | undefined;
}

async function watch(proving: Proving, signal: AbortSignal): Promise<Watched> {
  const { host, before, deadline } = proving;
  const policy = before.candidate.policy;
  const seenGreen = new Set<string>();
  const redSince = new Map<string, number>();
  let [last, restarted]: [Probe | undefined, boolean] = [undefined, false];
  let greenSince: number | undefined;
  let unreachable: string | undefined;
  for (;;) {
    const { probe, blind } = await look(proving, signal);
    if (probe && last && hasRestarted(last, probe)) restarted = true;
    last = probe ?? last;
    for (const [key, result] of probe?.results ?? []) if (result.ok) seenGreen.add(key);
    const red = probe ? judge(before, probe, seenGreen) : [{ key: "probe", reason: blind, regressed: true }];
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
      if (now - greenSince >= proving.soakMs || newer?.does === "finish") {
        unreachable = await unreachableBecause(proving, signal);
        if (unreachable === undefined) return { failure: undefined, probe };
      }
    }
    if (host.uptime() >= deadline) return { failure: outOfTime(red, unreachable, blame) };
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

function outOfTime(red: readonly Red[], unreachable: string | undefined, blame: Blame): Failure {
  const failure = blamed(red, "deadline", blame);
  if (failure) return { ...failure, reason: `Not healthy at the deadline: ${failure.reason}` };
  // The change may have cut the box off, or the server may be down: nobody here can tell which.
  if (unreachable !== undefined) return { trigger: "reachability", reason: unreachable, verdict: "inconclusive" };
  return { trigger: "deadline", reason: "The soak time was not over at the deadline.", verdict: "inconclusive" };
}

/**
 * Why what was seen says nothing about the candidate: it is not what stands on the appliance. A daemon that restarts
 * begins with what was committed before.
 */
async function disturbed({ readBack }: Proving, signal: AbortSignal): Promise<string | undefined> {
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

async function unreachableBecause({ host, reach }: Proving, signal: AbortSignal): Promise<string | undefined> {
  if (!reach) return undefined;
  try {
    await withDeadline(host, reachLimitMs, signal, "Reaching the sites repository", reach);
    return undefined;
  } catch (thrown) {
    signal.throwIfAborted();
    // Whoever refuses credentials or misses a branch was reached.
    if (["GIT_AUTH", "GIT_REF_MISSING", "GIT_BEHIND"].includes(asProblem(thrown).code)) return undefined;
    return `The sites repository was reachable before the change and is not now: ${asProblem(thrown).message}`;
  }
}
