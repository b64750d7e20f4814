/** Looks at the appliance through FRR's vty sockets, ping and TCP: what health checks and baselines are made of. */
import type { Host } from "../../reconcilers/core.ts";
import type { Generation } from "../../reconcilers/generation.ts";
import type { Daemon } from "../../reconcilers/frr/model.ts";
import { bgpSessions, ospfNeighbors } from "../../reconcilers/frr/sessions.ts";
import { openVty } from "../../reconcilers/frr/vty.ts";
import type { HealthCheck } from "../../schemas/health.ts";
import { asProblem, Problem } from "../../schemas/problem.ts";
import { checkKey, type CheckResult, type Probe, type Session } from "./judge.ts";
import type { Prober } from "./prove.ts";

/** A prober for this host. `sockets` is the folder of FRR's vty sockets. */
export function prober(host: Host, sockets: string): Prober {
  return async (generation: Generation, signal: AbortSignal): Promise<Probe> => {
    const silent: Daemon[] = [];
    const sessions = await unlessSilent("bgpd", silent, readSessions(host, sockets, signal), signal);
    const results = new Map<string, CheckResult>();
    const wants = (check: HealthCheck["check"]) => generation.health.some((one) => one.check === check);
    const adjacencies = async (protocol: "ospf" | "ospf6") =>
      unlessSilent(`${protocol}d`, silent, readAdjacencies(host, sockets, protocol, signal), signal);
    const ospf = wants("ospf-neighbor") ? await adjacencies("ospf") : undefined;
    const ospf6 = wants("ospf3-neighbor") ? await adjacencies("ospf6") : undefined;
    const seen = { host, sessions: sessions ?? new Map<string, Session>(), ospf, ospf6, signal };
    await Promise.all(
      generation.health.map(async (check) => {
        results.set(checkKey(check), await examine(check, seen));
      }),
    );
    return { results, sessions: seen.sessions, silent };
  };
}

interface Seen {
  readonly host: Host;
  readonly sessions: ReadonlyMap<string, Session>;
  /** Interfaces with a full adjacency; undefined where nobody was asked or nobody answered. */
  readonly ospf: ReadonlySet<string> | undefined;
  readonly ospf6: ReadonlySet<string> | undefined;
  readonly signal: AbortSignal;
}

async function examine(check: HealthCheck, seen: Seen): Promise<CheckResult> {
  switch (check.check) {
    case "bgp-session":
      return examineSession(check, seen.sessions.get(check.peer));
    case "ospf-neighbor":
    case "ospf3-neighbor": {
      const ok = (check.check === "ospf-neighbor" ? seen.ospf : seen.ospf6)?.has(check.interface) === true;
      return { check, ok, detail: ok ? "full adjacency" : `no full adjacency on ${check.interface}` };
    }
    case "tcp":
      return attempt(check, "connected", () => seen.host.reach(check.address, check.port, seen.signal));
    case "ping":
      return attempt(check, "answered", async () => ping(seen.host, check, seen.signal));
    default:
      return check satisfies never;
  }
}

function examineSession(
  check: Extract<HealthCheck, { check: "bgp-session" }>,
  session: Session | undefined,
): CheckResult {
  if (!session?.up) return { check, ok: false, detail: `is ${session?.state ?? "not configured"}` };
  const wanted = check["min-prefixes"] ?? 0;
  if (session.prefixes < wanted) {
    return {
      check,
      ok: false,
      detail: `brings ${session.prefixes} accepted prefixes, and at least ${wanted} are wanted`,
    };
  }
  return { check, ok: true, detail: "is Established" };
}

async function attempt(check: HealthCheck, good: string, work: () => Promise<void>): Promise<CheckResult> {
  try {
    await work();
    return { check, ok: true, detail: good };
  } catch (thrown) {
    return { check, ok: false, detail: asProblem(thrown).message };
  }
}

async function ping(host: Host, check: Extract<HealthCheck, { check: "ping" }>, signal: AbortSignal): Promise<void> {
  const command = ["ping", "-n", "-c", "1", "-W", "2", check.address] as const;
  const inside = ["ip", "netns", "exec", "dataplane", ...command] as const;
  const result = await host.run(check.namespace === "dataplane" ? inside : command, { timeoutMs: 5000, signal });
  if (result.exitCode !== 0) throw new Problem("HEALTH", `${check.address} does not answer`);
}

async function readSessions(host: Host, sockets: string, signal: AbortSignal): Promise<ReadonlyMap<string, Session>> {
  const found = await bgpSessions(host, sockets, signal);
  const down = found.filter((session) => session.state !== "Established").map((session) => session.peer);
  const ceased = down.length > 0 ? await readCeased(host, sockets, down, signal) : undefined;
  return new Map(
    found.map((session) => {
      const prefixes = Object.values(session.prefixes).reduce((sum, count) => sum + count, 0);
      const { peer, state, description, connectionsEstablished: established, connectionsDropped: dropped } = session;
      const ceasedMsAgo = ceased?.get(peer);
      const up = state === "Established";
      const named = description === undefined ? {} : { description };
      return [peer, { peer, state, up, prefixes, established, dropped, ceasedMsAgo, ...named }];
    }),
  );
}

/** Of how many sessions that are down somebody asks why, each time. */
const mostAsked = 50;

/** Which of these peers took their session down themselves, and how many milliseconds ago. */
async function readCeased(
  host: Host,
  sockets: string,
  peers: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const vty = await openVty(host, sockets, "bgpd", signal);
  try {
    const asked = peers.slice(0, mostAsked);
    const replies = await vty.send(
      asked.map((peer) => `show bgp neighbors ${peer} json`),
      signal,
    );
    return new Map(
      replies.flatMap((reply, index): [string, number][] => {
        const peer = asked[index] ?? "";
        const ago = ceasedMsAgo(reply.text, peer);
        return ago === undefined ? [] : [[peer, ago]];
      }),
    );
  } finally {
    vty.close();
  }
}

/**
 * Reads `show bgp neighbors X json`: "lastErrorCodeSubcode" is "0602" or "0604" for an administrative shutdown or reset
 * (RFC 4486), and only counts if it was received; seen with FRR 8.4.4 and BIRD 2.
 */
export function ceasedMsAgo(text: string, peer: string): number | undefined {
  let shown: unknown;
  try {
    shown = (JSON.parse(text) as Record<string, unknown> | null)?.[peer];
  } catch {
    return undefined;
  }
  if (typeof shown !== "object" || shown === null) return undefined;
  const { lastErrorCodeSubcode, lastResetDueTo, lastResetTimerMsecs } = shown as Record<string, unknown>;
  if (lastResetDueTo !== "BGP Notification received" || !/^060[24]$/.test(String(lastErrorCodeSubcode))) {
    return undefined;
  }
  return typeof lastResetTimerMsecs === "number" ? lastResetTimerMsecs : undefined;
}

/** Interfaces with a full adjacency. */
async function readAdjacencies(
  host: Host,
  sockets: string,
  protocol: "ospf" | "ospf6",
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const found = await ospfNeighbors(host, sockets, protocol, signal);
  return new Set(found.filter((one) => one.state === "Full").map((one) => one.interface));
}

/** A daemon that does not listen is noted: a box without BGP is not unhealthy for it, one that lost bgpd is. */
async function unlessSilent<T>(
  daemon: Daemon,
  silent: Daemon[],
  work: Promise<T>,
  signal: AbortSignal,
): Promise<T | undefined> {
  try {
    return await work;
  } catch (thrown) {
    signal.throwIfAborted();
    if (asProblem(thrown).code !== "FRR_UNREACHABLE") throw thrown;
    silent.push(daemon);
    return undefined;
  }
}
