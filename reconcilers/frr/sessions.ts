/** Asks FRR about its neighbours: cheap enough (one round trip of well below a millisecond) to be asked every second. */
import { Problem } from "../../schemas/problem.ts";
import type { Host } from "../core.ts";
import { openVty, type Reply } from "./vty.ts";

/** One BGP session, as `show bgp vrf all summary json` tells it; the counters are the session's, the prefixes per family. */
export interface BgpSession {
  readonly vrf: string;
  /** Address, or interface of an unnumbered peer. */
  readonly peer: string;
  readonly remoteAs: number;
  /** Where one is configured. */
  readonly description?: string;
  /** "Established", "Idle", "Active", "Connect" … */
  readonly state: string;
  readonly connectionsEstablished: number;
  readonly connectionsDropped: number;
  /** Received prefixes by family: { ipv4Unicast: 12 }. */
  readonly prefixes: Readonly<Record<string, number>>;
}

/** One OSPF adjacency, as `show ip ospf neighbor json` or `show ipv6 ospf6 neighbor json` tells it. */
export interface OspfNeighbor {
  readonly protocol: "ospf" | "ospf6";
  readonly routerId: string;
  readonly interface: string;
  /** "Full", "2-Way", "Init" … */
  readonly state: string;
}

/** The sessions of all VRFs, with their counters. */
const bgpSummary = "show bgp vrf all summary json";

/** The BGP sessions of all VRFs, sorted. Rejects with FRR_UNREACHABLE when bgpd does not answer, or with anything else. */
export async function bgpSessions(host: Host, sockets: string, signal: AbortSignal): Promise<readonly BgpSession[]> {
  const vty = await openVty(host, sockets, "bgpd", signal);
  try {
    const reply = await vty.ask(bgpSummary, signal);
    return readBgpSessions(answerOf(reply, bgpSummary));
  } finally {
    vty.close();
  }
}

/** The adjacencies of OSPF or OSPFv3. Rejects with FRR_UNREACHABLE when the daemon does not answer, or with anything else. */
export async function ospfNeighbors(
  host: Host,
  sockets: string,
  protocol: "ospf" | "ospf6",
  signal: AbortSignal,
): Promise<readonly OspfNeighbor[]> {
  const vty = await openVty(host, sockets, protocol === "ospf" ? "ospfd" : "ospf6d", signal);
  try {
    const command = protocol === "ospf" ? "show ip ospf neighbor json" : "show ipv6 ospf6 neighbor json";
    const reply = await vty.ask(command, signal);
    const answer = answerOf(reply, command);
    return protocol === "ospf" ? readOspf(answer) : readOspf6(answer);
  } finally {
    vty.close();
  }
}

/** Reads `show bgp vrf all summary json`. */
function readBgpSessions(answer: unknown): readonly BgpSession[] {
  const sessions = new Map<string, BgpSession>();
  for (const [vrf, families] of fields(answer)) {
    for (const [family, summary] of fields(families)) {
      for (const [peer, entry] of fields(record(summary)["peers"])) {
        const key = `${vrf} ${peer}`;
        const seen = sessions.get(key);
        const description = string(record(entry)["desc"]);
        sessions.set(key, {
          vrf,
          peer,
          remoteAs: number(record(entry)["remoteAs"]),
          state: string(record(entry)["state"]).replace(/\/.*$/, ""),
          connectionsEstablished: number(record(entry)["connectionsEstablished"]),
          connectionsDropped: number(record(entry)["connectionsDropped"]),
          ...(description !== "" && { description }),
          prefixes: { ...seen?.prefixes, [family]: number(record(entry)["pfxRcd"]) },
        });
      }
    }
  }
  return [...sessions].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, session]) => session);
}

function readOspf(answer: unknown): readonly OspfNeighbor[] {
  return fields(record(answer)["neighbors"]).flatMap(([routerId, entries]) =>
    list(entries).map((entry) => ({
      protocol: "ospf" as const,
      routerId,
      // "lo0:192.0.2.1": the interface and our address on it.
      interface: string(record(entry)["ifaceName"]).replace(/:[^:]*$/, ""),
      state: string(record(entry)["nbrState"] ?? record(entry)["state"]).replace(/\/.*$/, ""),
    })),
  );
}

function readOspf6(answer: unknown): readonly OspfNeighbor[] {
  return list(record(answer)["neighbors"]).map((entry) => ({
    protocol: "ospf6" as const,
    routerId: string(record(entry)["neighborId"]),
    interface: string(record(entry)["interfaceName"]),
    state: string(record(entry)["state"]).replace(/\/.*$/, ""),
  }));
}

/** What 8.4's daemons say where there is no instance: bgpd and ospfd `{}`, ospf6d nothing; older ones a remark. */
const noInstance =
  /^(?:|% (?:No BGP process is configured|BGP instance not found|OSPF6? (?:instance not found|is not running)))$/;

/** "No sessions" and "no answer" must not look alike: against the one nothing can be worse. */
function answerOf({ status, text }: Reply, command: string): unknown {
  const said = text.trim();
  if (status === 0) {
    if (noInstance.test(said)) return {};
    try {
      return JSON.parse(said) as unknown;
    } catch {
      // Not what was asked for: below.
    }
  }
  throw new Problem("FRR_UNREACHABLE", `FRR answered "${command}" with status ${status}: ${said.slice(0, 200)}`, {
    remedy: "See whether the daemon was just restarted; the agent asks again.",
    transient: true,
  });
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function fields(value: unknown): readonly (readonly [string, unknown])[] {
  return Array.isArray(value) ? [] : Object.entries(record(value));
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function number(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

function string(value: unknown): string {
  return typeof value === "string" ? value : "";
}
