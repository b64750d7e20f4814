/** Rules about BGP sessions between two appliances: both sides have to mean the same. */
import type { Fleet, FleetReport } from "./check-fleet.ts";
import { type Session, sessionOf } from "./session.ts";
import type { View } from "./view.ts";

export function checkFleetBgp({ views, owners }: Fleet, report: FleetReport): void {
  const back = sessionsByAddress(views);
  for (const [name, view] of views) {
    const { bgp } = view.machine.routing;
    for (const [peer, session] of back.get(name)?.named ?? []) {
      const { address } = session.peer;
      const [owner, ...more] = (address === undefined ? undefined : owners.get(address)) ?? [];
      // An anycast address may be anybody's.
      if (!bgp || !owner || more.length > 0 || owner.machine === name || owner.own.port?.settings.anycast) continue;
      if (session.get("shutdown")) continue;
      const path = ["routing", "bgp", "peers", peer];
      const there = views.get(owner.machine)?.machine.routing.bgp;
      const answer = findAnswer(view, back.get(owner.machine)?.byAddress);
      const shown = answer?.localAs ?? there?.asn;
      const { remoteAs } = session;
      const wanted = remoteAs === "internal" ? bgp.asn : remoteAs;
      if (
        shown !== undefined &&
        (wanted === "external" ? shown === bgp.asn : wanted !== undefined && wanted !== shown)
      ) {
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
      else if (session.get("password") === undefined && answer.get("password") !== undefined)
        report(name, "fleet-bgp-password", path, `has no password, but ${owner.machine} has one for this session`);
    }
  }
}

interface Sessions {
  readonly named: readonly (readonly [string, Session])[];
  readonly byAddress: ReadonlyMap<string, Session>;
}

function sessionsByAddress(views: Fleet["views"]): ReadonlyMap<string, Sessions> {
  return new Map(
    [...views].flatMap(([name, { machine }]) => {
      const { bgp } = machine.routing;
      if (!bgp) return [];
      const named = Object.entries(bgp.peers).map(([peer, one]) => [peer, sessionOf(bgp, one)] as const);
      const byAddress = new Map(
        named.flatMap(([, session]) =>
          session.peer.address === undefined ? [] : [[session.peer.address, session] as const],
        ),
      );
      return [[name, { named, byAddress }] as const];
    }),
  );
}

/** The other side's session with any of our addresses; looked up from the side that has fewer. */
function findAnswer(view: View, there: ReadonlyMap<string, Session> | undefined): Session | undefined {
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
