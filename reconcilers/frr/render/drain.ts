/**
 * Draining: traffic is asked to go elsewhere while sessions and adjacencies stay. Done to the machine before it is
 * rendered, so that what is rendered is what an operator could have written.
 *
 * A peer: its route-maps are wrapped, so that nothing that they do is lost: out with the community GRACEFUL_SHUTDOWN (RFC
 * 8326) and, for the own AS, local preference 0; in with local preference 0. The whole appliance: bgp.ts does the same to
 * all peers by one line. OSPF: the highest cost, which leaves the last way open. `max-metric` would do as much, but
 * FRR 8.4 does not show it while no interface has joined; OSPFv3's `stub-router` would take away the last way.
 */
import type { Bgp, Peer } from "../../../schemas/bgp.ts";
import type { Machine } from "../../../schemas/machine.ts";
import type { RouteMap } from "../../../schemas/route-maps.ts";
import { type Session, sessionOf } from "../../../schemas/semantics/session.ts";
import { carries } from "./bgp-peers.ts";

/** OSPF's LSInfinity: used when there is no other way. */
const highestCost = 65_535;

type Family = "ipv4" | "ipv6";
type Direction = "in" | "out";

/** The machine with everything that is drained as it is to be rendered. */
export function withDrains(machine: Machine): Machine {
  const { bgp, ospf, ospf3 } = machine.routing;
  const maps: Record<string, RouteMap> = {};
  const routing = {
    ...machine.routing,
    ...(bgp && { bgp: drainPeers(bgp, maps) }),
    ...(ospf && { ospf: { ...ospf, interfaces: drainLinks(machine, ospf.interfaces) } }),
    ...(ospf3 && { ospf3: { ...ospf3, interfaces: drainLinks(machine, ospf3.interfaces) } }),
  };
  return { ...machine, routing: { ...routing, "route-maps": { ...routing["route-maps"], ...maps } } };
}

function drainLinks<L extends { readonly passive: boolean; readonly maintenance?: "drain" | undefined }>(
  { maintenance }: Machine,
  links: Readonly<Record<string, L>>,
): Record<string, L> {
  const drained = (link: L) => !link.passive && (maintenance ?? link.maintenance) === "drain";
  return Object.fromEntries(
    Object.entries(links).map(([ref, link]) => [ref, drained(link) ? { ...link, cost: highestCost } : link]),
  );
}

/** `maps` is given the route-maps that the peers refer to then. */
function drainPeers(bgp: Bgp, maps: Record<string, RouteMap>): Bgp {
  const peers = Object.entries(bgp.peers).map(([name, peer]): [string, Peer] => {
    if (peer.maintenance !== "drain") return [name, peer];
    const session = sessionOf(bgp, peer);
    const { group } = session;
    const wrapped: Peer = { ...peer };
    for (const family of ["ipv4", "ipv6"] as const satisfies readonly Family[]) {
      if (!carries(peer, family, group?.[family]?.activate)) continue;
      const around = (direction: Direction) => {
        const inner = peer[family]?.["route-map"]?.[direction] ?? group?.[family]?.["route-map"]?.[direction];
        if (inner === undefined && isClosed(bgp, session, family, direction)) return {};
        const map = inner === undefined ? `_drain-${direction}` : `_drain-${direction}-${inner}`;
        maps[map] = draining(direction, inner);
        return { [direction]: map };
      };
      wrapped[family] = { ...peer[family], "route-map": { ...around("in"), ...around("out") } };
    }
    return [name, wrapped];
  });
  return { ...bgp, peers: Object.fromEntries(peers) };
}

/** Nothing passes an eBGP session without a policy (RFC 8212): a route-map that only drains would open it. */
function isClosed(bgp: Bgp, { peer, group, internal }: Session, family: Family, direction: Direction): boolean {
  if (!bgp["ebgp-requires-policy"] || internal) return false;
  return [peer[family], group?.[family]].every(
    (policy) => (policy?.["prefix-list"]?.[direction] ?? policy?.["as-path-list"]?.[direction]) === undefined,
  );
}

/** FRR carries out `set` before it calls: what the inner map sets would win. So it is called first, then drained. */
function draining(direction: Direction, inner: string | undefined): RouteMap {
  const plain = { additive: false, "clear-communities": false, "clear-large-communities": false } as const;
  const match = { "community-exact": false } as const;
  const leaving = direction === "out" ? { communities: ["graceful-shutdown"], additive: true } : {};
  const last = { action: "permit", match, set: { ...plain, "local-preference": 0, ...leaving } } as const;
  if (inner === undefined) return { entries: { 10: last } };
  return { entries: { 10: { action: "permit", match, set: plain, call: inner, continue: "next" }, 20: last } };
}
