/** Asks FRR about its neighbours: cheap enough (one round trip of well below a millisecond) to be asked every second. */
import type { Host } from "../core.ts";
import { askJson, fields, list, number, record, string } from "./json.ts";

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
  /** For how long it is Established, in milliseconds; 0: it is not. */
  readonly upMs: number;
  /** Received prefixes by family: { ipv4Unicast: 12 }. */
  readonly prefixes: Readonly<Record<string, number>>;
  /** Prefixes that were advertised to the peer, by family. */
  readonly advertised: Readonly<Record<string, number>>;
}

/** One OSPF adjacency, as `show ip ospf neighbor json` or `show ipv6 ospf6 neighbor json` tells it. */
export interface OspfNeighbor {
  readonly protocol: "ospf" | "ospf6";
  readonly routerId: string;
  readonly interface: string;
  /** "Full", "2-Way", "Init" … */
  readonly state: string;
}

/** What a peer is called among those of all VRFs, by its VRF or its instance's line: one address may be a peer in several. */
export function nameInVrf(peer: string, vrf: string | undefined): string {
  return vrf === undefined || vrf === "default" ? peer : `${peer} vrf ${vrf}`;
}

/** The VRF of "router bgp 64500 vrf blue"; undefined: the default one. */
export function vrfOfInstance(line: string): string | undefined {
  return /^router bgp \d+ vrf (\S+)$/.exec(line)?.[1];
}

/** The BGP sessions of all VRFs, sorted. Rejects with FRR_UNREACHABLE when bgpd does not answer, or with anything else. */
export async function bgpSessions(host: Host, sockets: string, signal: AbortSignal): Promise<readonly BgpSession[]> {
  return readBgpSessions(await askJson(host, sockets, "bgpd", "show bgp vrf all summary json", signal));
}

/** The adjacencies of OSPF or OSPFv3. Rejects with FRR_UNREACHABLE when the daemon does not answer, or with anything else. */
export async function ospfNeighbors(
  host: Host,
  sockets: string,
  protocol: "ospf" | "ospf6",
  signal: AbortSignal,
): Promise<readonly OspfNeighbor[]> {
  if (protocol === "ospf") {
    return readOspf(await askJson(host, sockets, "ospfd", "show ip ospf neighbor json", signal));
  }
  return readOspf6(await askJson(host, sockets, "ospf6d", "show ipv6 ospf6 neighbor json", signal));
}

/** The state of every BFD session by the peer's address: "up", "down", "init" … Rejects like the others. */
export async function bfdPeers(host: Host, sockets: string, signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
  const answer = await askJson(host, sockets, "bfdd", "show bfd peers json", signal);
  return new Map(list(answer).map((entry) => [string(record(entry)["peer"]), string(record(entry)["status"])]));
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
        const state = string(record(entry)["state"]).replace(/\/.*$/, "");
        sessions.set(key, {
          vrf,
          peer,
          remoteAs: number(record(entry)["remoteAs"]),
          state,
          upMs: state === "Established" ? number(record(entry)["peerUptimeMsec"]) : 0,
          connectionsEstablished: number(record(entry)["connectionsEstablished"]),
          connectionsDropped: number(record(entry)["connectionsDropped"]),
          ...(description !== "" && { description }),
          prefixes: { ...seen?.prefixes, [family]: number(record(entry)["pfxRcd"]) },
          advertised: { ...seen?.advertised, [family]: number(record(entry)["pfxSnt"]) },
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
