/** The two ends of each BGP session and OSPF adjacency between appliances: which values of either make it. Pure. */
import type { Path } from "../json.ts";
import type { Machine } from "../machine.ts";
import { type Fleet, fleetOf } from "./check-fleet.ts";
import { fleetSessions } from "./fleet-bgp.ts";
import { ospfSides } from "./fleet-ospf.ts";

/** One end: values of an appliance's file that decide whether the session comes up. */
export interface End {
  readonly machine: string;
  readonly paths: readonly Path[];
}

/** A session or an adjacency as its near end sees it. On a network of several routers there is one for each other one. */
export interface Ends {
  /** Of the check that watches it: "bgp-session 192.0.2.1", "ospf-neighbor external.25". */
  readonly key: string;
  readonly near: End;
  readonly far: End;
}

/** Machines by "<site>/<appliance>". */
export function endsOf(machines: ReadonlyMap<string, Machine>): readonly Ends[] {
  const fleet = fleetOf(machines);
  return [...bgpEnds(fleet), ...ospfEnds(fleet, "ospf"), ...ospfEnds(fleet, "ospf3")];
}

function bgpEnds(fleet: Fleet): readonly Ends[] {
  const found: Ends[] = [];
  for (const { name, view, peer, session, address, owner, answer } of fleetSessions(fleet)) {
    if (!answer) continue;
    const own = view.byAddress.get(answer.session.peer.address ?? "");
    const near = bgpPaths(peer, session.peer.group, own?.port?.path);
    const far = bgpPaths(answer.peer, answer.session.peer.group, owner.own.port?.path);
    found.push({
      key: `bgp-session ${address}`,
      near: { machine: name, paths: near },
      far: { machine: owner.machine, paths: far },
    });
  }
  return found;
}

function bgpPaths(peer: string, group: string | undefined, port: Path | undefined): readonly Path[] {
  const bgp = ["routing", "bgp"];
  return [
    ["routing", "router-id"],
    [...bgp, "asn"],
    [...bgp, "router-id"],
    [...bgp, "peers", peer],
    ...(group === undefined ? [] : [[...bgp, "peer-groups", group]]),
    ...(port ? [port] : []),
  ];
}

function ospfEnds({ views }: Fleet, version: "ospf" | "ospf3"): readonly Ends[] {
  const networks = new Map<string, (End & { readonly linux: string })[]>();
  for (const [network, { machine, port, ref, means, path }] of ospfSides(views, version)) {
    const area = ["routing", version, "areas", String(means.area)];
    const paths = [["routing", "router-id"], ["routing", version, "router-id"], area, path, port.path];
    const end = { machine, paths, linux: port.linux ?? ref };
    networks.set(network, [...(networks.get(network) ?? []), end]);
  }
  return [...networks.values()].flatMap((ends) =>
    ends.flatMap(({ linux, ...near }) =>
      ends
        .filter(({ machine }) => machine !== near.machine)
        .map(({ machine, paths }) => ({ key: `${version}-neighbor ${linux}`, near, far: { machine, paths } })),
    ),
  );
}
