/** What one look sees: FRR's sessions and the dataplane's links, each source asked once however many checks want it. */
import type { Host } from "../../reconcilers/core.ts";
import type { Daemon } from "../../reconcilers/frr/model.ts";
import { bgpNeighbors } from "../../reconcilers/frr/neighbors.ts";
import { routeCounts, type RouteCounts } from "../../reconcilers/frr/routes.ts";
import { bfdPeers, bgpSessions, nameInVrf, ospfNeighbors } from "../../reconcilers/frr/sessions.ts";
import { type HealthCheck, isVpp } from "../../schemas/health.ts";
import { asProblem } from "../../schemas/problem.ts";
import { type Link, readLinks } from "./links.ts";
import { lookAtVpp, type OpenInstance, type VppSights } from "./vpp-sight.ts";

/** One BGP session as FRR shows it. */
export interface Session {
  readonly peer: string;
  /** The peer's name, where FRR knows one. */
  readonly description?: string;
  readonly up: boolean;
  readonly state: string;
  /** For how long it is Established, in milliseconds. */
  readonly upMs?: number;
  /** Prefixes accepted from the peer, all families, and each: { ipv4Unicast: 12 }. */
  readonly prefixes: number;
  readonly families?: Readonly<Record<string, number>>;
  /** Prefixes advertised to the peer, by family. */
  readonly advertised?: Readonly<Record<string, number>>;
  /** How often it came up, and went down, since the daemon knows the peer. */
  readonly established: number;
  readonly dropped: number;
  /** How long ago the peer's operator took it down, in milliseconds; undefined: nobody there did. */
  readonly ceasedMsAgo?: number | undefined;
  /** Whether the peer has sent all that it has; undefined: it does not say, or was not asked. */
  readonly endOfRib?: boolean | undefined;
}

/** Where to look. */
export interface Viewpoint {
  readonly host: Host;
  /** The folder of FRR's vty sockets. */
  readonly sockets: string;
  /** Name of the dataplane's network namespace. */
  readonly dataplane: string;
  /** Incus's socket; left out where Incus is somebody else's. */
  readonly incus?: string;
  /** Left out where VPP is somebody else's. */
  readonly vpp?: OpenInstance;
}

export interface Sight {
  readonly sessions: ReadonlyMap<string, Session>;
  /** Full adjacencies by interface; undefined where nobody was asked or nobody answered, as below. */
  readonly ospf: ReadonlyMap<string, number> | undefined;
  readonly ospf6: ReadonlyMap<string, number> | undefined;
  readonly bfd: ReadonlyMap<string, string> | undefined;
  readonly links: ReadonlyMap<string, Link> | undefined;
  readonly routes: { readonly ipv4: RouteCounts; readonly ipv6: RouteCounts } | undefined;
  readonly vpp: VppSights | undefined;
  /** The daemons that were asked and do not listen. */
  readonly silent: readonly Daemon[];
}

/**
 * Looks once. `thoroughly`: also at what only counts after a restart. Rejects with a Problem when FRR cannot be looked at.
 */
export async function lookAt(
  { host, sockets, dataplane, vpp: open }: Viewpoint,
  wanted: readonly HealthCheck[],
  thoroughly: boolean,
  signal: AbortSignal,
): Promise<Sight> {
  const silent: Daemon[] = [];
  const wants = (check: HealthCheck["check"]) => wanted.some((one) => one.check === check);
  /** A daemon that does not listen is noted: a box without BGP is not unhealthy for it, one that lost bgpd is. */
  async function from<T>(daemon: Daemon, isWanted: boolean, work: () => Promise<T>): Promise<T | undefined> {
    if (!isWanted || silent.includes(daemon)) return undefined;
    try {
      return await work();
    } catch (thrown) {
      signal.throwIfAborted();
      if (asProblem(thrown).code !== "FRR_UNREACHABLE") throw thrown;
      silent.push(daemon);
      return undefined;
    }
  }
  const adjacencies = (protocol: "ospf" | "ospf6", isWanted: boolean) =>
    from(`${protocol}d`, isWanted, () => fullOn(host, sockets, protocol, signal));
  const ofVpp = wanted.filter((one) => isVpp(one));
  const [sessions, ospf, ospf6, bfd, ipv4, ipv6, links, vpp] = await Promise.all([
    from("bgpd", true, () => readSessions(host, sockets, thoroughly, signal)),
    adjacencies("ospf", wants("ospf-neighbor")),
    adjacencies("ospf6", wants("ospf3-neighbor")),
    from("bfdd", wants("bfd-peer"), () => bfdPeers(host, sockets, signal)),
    from("zebra", thoroughly, () => routeCounts(host, sockets, "ipv4", signal)),
    from("zebra", thoroughly, () => routeCounts(host, sockets, "ipv6", signal)),
    wants("link") ? readLinks(host, dataplane, signal) : undefined,
    open && ofVpp.length > 0 ? lookAtVpp(host, open, ofVpp, signal) : undefined,
  ]);
  const routes = ipv4 && ipv6 ? { ipv4, ipv6 } : undefined;
  return { sessions: sessions ?? new Map(), ospf, ospf6, bfd, links, routes, vpp, silent: [...new Set(silent)] };
}

/** How many full adjacencies there are on each interface. */
async function fullOn(
  host: Host,
  sockets: string,
  protocol: "ospf" | "ospf6",
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const found = await ospfNeighbors(host, sockets, protocol, signal);
  const full = Map.groupBy(
    found.filter((one) => one.state === "Full"),
    (one) => one.interface,
  );
  return new Map([...full].map(([name, all]) => [name, all.length]));
}

async function readSessions(
  host: Host,
  sockets: string,
  thoroughly: boolean,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Session>> {
  const found = await bgpSessions(host, sockets, signal);
  const down = found.filter((session) => session.state !== "Established");
  const asked = (thoroughly ? found : down).map(({ peer, vrf }) => nameInVrf(peer, vrf));
  const neighbors = await bgpNeighbors(host, sockets, asked, signal, thoroughly ? asked.length : undefined);
  return new Map(
    found.map((session) => {
      const { vrf, state, description, upMs, prefixes: families, advertised } = session;
      const peer = nameInVrf(session.peer, vrf);
      const { ceasedMsAgo, endOfRib } = neighbors.get(peer) ?? {};
      return [
        peer,
        {
          peer,
          state,
          up: state === "Established",
          upMs,
          prefixes: Object.values(families).reduce((sum, count) => sum + count, 0),
          families,
          advertised,
          established: session.connectionsEstablished,
          dropped: session.connectionsDropped,
          ceasedMsAgo,
          endOfRib,
          ...(description !== undefined && { description }),
        },
      ];
    }),
  );
}
