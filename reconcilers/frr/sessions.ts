/** Asks FRR about its neighbours: cheap enough (one round trip of well below a millisecond) to be asked every second. */
import type { Host } from "../core.ts";
import { openVty } from "./vty.ts";

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

/** The BGP sessions of all VRFs, sorted. Rejects with FRR_UNREACHABLE when bgpd does not answer. */
export async function bgpSessions(host: Host, sockets: string, signal: AbortSignal): Promise<readonly BgpSession[]> {
  const vty = await openVty(host, sockets, "bgpd", signal);
  try {
    const reply = await vty.ask(bgpSummary, signal);
    return readBgpSessions(reply.text);
  } finally {
    vty.close();
  }
}

/** The adjacencies of OSPF or OSPFv3. Rejects with FRR_UNREACHABLE when the daemon does not answer. */
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
    return protocol === "ospf" ? readOspf(reply.text) : readOspf6(reply.text);
  } finally {
    vty.close();
  }
}

/** Reads `show bgp vrf all summary json`. What is no such answer (no instance) has no sessions. */
function readBgpSessions(text: string): readonly BgpSession[] {
  const sessions = new Map<string, BgpSession>();
  for (const [vrf, families] of fields(parse(text))) {
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

function readOspf(text: string): readonly OspfNeighbor[] {
  return fields(record(parse(text))["neighbors"]).flatMap(([routerId, entries]) =>
    list(entries).map((entry) => ({
      protocol: "ospf" as const,
      routerId,
      // "lo0:192.0.2.1": the interface and our address on it.
      interface: string(record(entry)["ifaceName"]).replace(/:[^:]*$/, ""),
      state: string(record(entry)["nbrState"] ?? record(entry)["state"]).replace(/\/.*$/, ""),
    })),
  );
}

function readOspf6(text: string): readonly OspfNeighbor[] {
  return list(record(parse(text))["neighbors"]).map((entry) => ({
    protocol: "ospf6" as const,
    routerId: string(record(entry)["neighborId"]),
    interface: string(record(entry)["interfaceName"]),
    state: string(record(entry)["state"]).replace(/\/.*$/, ""),
  }));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // "% No BGP process is configured" and the like.
    return {};
  }
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
