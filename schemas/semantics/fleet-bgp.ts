/** Rules about BGP sessions between two appliances: both sides have to mean the same. */
import type { Path } from "../json.ts";
import type { Fleet, FleetReport } from "./check-fleet.ts";
import { type Session, sessionOf } from "./session.ts";
import type { Own, View } from "./view.ts";

/** A session of one appliance with another one of the fleet. */
export interface FleetSession {
  readonly name: string;
  readonly view: View;
  /** The peer's name, and where it stands in the machine. */
  readonly peer: string;
  readonly path: Path;
  readonly session: Session;
  readonly address: string;
  /** Who has the address, and what of it. */
  readonly owner: { readonly machine: string; readonly own: Own };
  /** The session of the other side; undefined where it has none. */
  readonly answer: { readonly peer: string; readonly session: Session } | undefined;
}

/** Every session whose other end is an appliance too, from each of its ends. Those that are shut are left out. */
export function* fleetSessions({ views, owners }: Fleet): Iterable<FleetSession> {
  const back = sessionsByAddress(views);
  for (const [name, view] of views) {
    for (const [peer, session] of back.get(name)?.named ?? []) {
      const { address } = session.peer;
      const [owner, ...more] = (address === undefined ? undefined : owners.get(address)) ?? [];
      // An anycast address may be anybody's.
      if (address === undefined || !owner || more.length > 0 || owner.machine === name) continue;
      if (owner.own.port?.settings.anycast || session.get("shutdown")) continue;
      const path = ["routing", "bgp", "peers", peer];
      const answer = findAnswer(view, back.get(owner.machine)?.byAddress);
      yield { name, view, peer, path, session, address, owner, answer };
    }
  }
}

export function checkFleetBgp(fleet: Fleet, report: FleetReport): void {
  for (const { name, view, path, session, address, owner, answer } of fleetSessions(fleet)) {
    const { bgp } = view.machine.routing;
    if (!bgp) continue;
    const there = fleet.views.get(owner.machine)?.machine.routing.bgp;
    const shown = answer?.session.localAs ?? there?.asn;
    const { remoteAs } = session;
    const wanted = remoteAs === "internal" ? bgp.asn : remoteAs;
    if (shown !== undefined && (wanted === "external" ? shown === bgp.asn : wanted !== undefined && wanted !== shown)) {
      const at = session.peer["remote-as"] === undefined ? path : [...path, "remote-as"];
      report(
        name,
        "fleet-bgp-asn",
        at,
        `${address} is ${owner.machine}, whose AS number is ${shown}, not ${remoteAs === "external" ? "another one" : wanted}`,
      );
    }
    if (!answer)
      report(name, "fleet-bgp-one-sided", path, `${address} is ${owner.machine}, which has no session with ${name}`);
    else if (session.get("password") === undefined && answer.session.get("password") !== undefined)
      report(name, "fleet-bgp-password", path, `has no password, but ${owner.machine} has one for this session`);
  }
}

interface Sessions {
  readonly named: readonly (readonly [string, Session])[];
  readonly byAddress: ReadonlyMap<string, { readonly peer: string; readonly session: Session }>;
}

function sessionsByAddress(views: Fleet["views"]): ReadonlyMap<string, Sessions> {
  return new Map(
    [...views].flatMap(([name, { machine }]) => {
      const { bgp } = machine.routing;
      if (!bgp) return [];
      const named = Object.entries(bgp.peers).map(([peer, one]) => [peer, sessionOf(bgp, one)] as const);
      const byAddress = new Map(
        named.flatMap(([peer, session]) =>
          session.peer.address === undefined ? [] : [[session.peer.address, { peer, session }] as const],
        ),
      );
      return [[name, { named, byAddress }] as const];
    }),
  );
}

/** The other side's session with any of our addresses; looked up from the side that has fewer. */
function findAnswer(view: View, there: Sessions["byAddress"] | undefined): FleetSession["answer"] {
  if (!there) return undefined;
  if (there.size < view.byAddress.size) {
    for (const [address, session] of there) if (view.byAddress.has(address)) return session;
    return undefined;
  }
  for (const address of view.byAddress.keys()) {
    const session = there.get(address);
    if (session) return session;
  }
  return undefined;
}
