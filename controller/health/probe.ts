/** Looks at the appliance: every check of a generation, and what FRR and the links say beside them. */
import type { Host } from "../../reconcilers/core.ts";
import type { Daemon } from "../../reconcilers/frr/model.ts";
import type { Generation } from "../../reconcilers/generation.ts";
import { type AskedCheck, checkKey, type HealthCheck, isSeen, timingOf } from "../../schemas/health.ts";
import { asProblem } from "../../schemas/problem.ts";
import { withDeadline } from "../retry.ts";
import { ask, seen } from "./checks/all.ts";
import type { Finding } from "./checks/finding.ts";
import { startRates } from "./rates.ts";
import { lookAt, type Session, type Sight, type Viewpoint } from "./sight.ts";

/** What a look found of one check. */
export interface CheckResult extends Finding {
  readonly check: HealthCheck;
}

/** Everything seen at one moment. */
export interface Probe {
  /** By the checks' keys; of one that takes long there is none before it ended once. */
  readonly results: ReadonlyMap<string, CheckResult>;
  /** By the peer's address or interface. */
  readonly sessions: ReadonlyMap<string, Session>;
  readonly links?: Sight["links"];
  /** Only of a thorough look. */
  readonly routes?: Sight["routes"];
  /** The daemons that were asked and do not listen. */
  readonly silent: readonly Daemon[];
}

export interface Looking {
  /** What looks of the same watch share; undefined: this one stands alone, and waits for every check. */
  readonly memory?: Memory;
  /** Also at what only counts after a restart: the peers' End-of-RIB, and routes in the kernel. */
  readonly thoroughly?: boolean;
}

/** Looks at the appliance once. Rejects with a Problem when it cannot be looked at. */
export type Prober = (generation: Generation, signal: AbortSignal, looking?: Looking) => Promise<Probe>;

/**
 * What looks of one watch share: what the last ones found, and what is still under way. So a place that is silent for its
 * whole timeout does not keep anybody from seeing that a session went down.
 */
export interface Memory {
  readonly results: Map<string, CheckResult>;
  /** Uptime at which a check was asked last. */
  readonly askedAt: Map<string, number>;
  readonly pending: Set<string>;
  /** Ends what is under way. */
  readonly signal: AbortSignal;
}

/** For a watch that begins. */
export function newMemory(signal: AbortSignal): Memory {
  return { results: new Map(), askedAt: new Map(), pending: new Set(), signal };
}

/** A prober from this viewpoint. */
export function prober(from: Viewpoint): Prober {
  const rates = startRates();
  return async ({ health }, signal, { memory, thoroughly = false } = {}) => {
    const sight = await lookAt(from, health, thoroughly, signal);
    if (sight.vpp) rates.saw(sight.vpp, from.host.uptime());
    const results = new Map(memory?.results);
    for (const check of health) {
      if (!isSeen(check)) continue;
      const due = !memory || isDue(check, memory, from.host);
      if (due) results.set(checkKey(check), { check, ...seen(check, sight, rates) });
    }
    const asked = health.filter((check) => !isSeen(check));
    if (memory) {
      for (const [key, result] of results) memory.results.set(key, result);
      for (const check of asked) void askInTime(check, memory, from);
    } else {
      await Promise.all(
        asked.map(async (check) => {
          results.set(checkKey(check), await askOnce(check, from, signal));
        }),
      );
    }
    const { sessions, links, routes, silent } = sight;
    return { results, sessions, links, routes, silent };
  };
}

/** Whether it is time to look at a check again; notes that it is looked at. */
function isDue(check: HealthCheck, { askedAt }: Memory, host: Host): boolean {
  const key = checkKey(check);
  const last = askedAt.get(key);
  // Looks come about every second, never sooner than that after the last one.
  if (last !== undefined && host.uptime() - last < timingOf(check).intervalMs - 500) return false;
  askedAt.set(key, host.uptime());
  return true;
}

async function askInTime(check: AskedCheck, memory: Memory, from: Viewpoint): Promise<void> {
  const key = checkKey(check);
  if (memory.pending.has(key) || !isDue(check, memory, from.host)) return;
  memory.pending.add(key);
  try {
    memory.results.set(key, await askOnce(check, from, memory.signal));
  } catch {
    // the watch is over
  } finally {
    memory.pending.delete(key);
  }
}

/** Milliseconds that a check may take beyond its own limit, to say by itself that it took too long. */
const graceMs = 2500;

async function askOnce(check: AskedCheck, from: Viewpoint, signal: AbortSignal): Promise<CheckResult> {
  const { timeoutMs } = timingOf(check);
  try {
    const finding = await withDeadline(from.host, timeoutMs + graceMs, signal, checkKey(check), (limited) =>
      ask(check, { ...from, timeoutMs, signal: limited }),
    );
    return { check, ...finding };
  } catch (thrown) {
    signal.throwIfAborted();
    const { transient, message } = asProblem(thrown);
    // What cannot even be tried, for want of a program or a daemon, says nothing about what it was to look at.
    return { check, ok: transient ? false : undefined, detail: message };
  }
}
