/** Rules about OSPF between appliances on one network: an adjacency needs both sides to agree. */
import type { Path } from "../json.ts";
import type { Fleet, FleetReport } from "./check-fleet.ts";
import type { Port } from "../ports.ts";
import { isLinkLocal } from "./view.ts";

/** One appliance's interface on a network on which it speaks OSPF. */
export interface Side {
  readonly machine: string;
  readonly port: Port;
  readonly ref: string;
  readonly path: Path;
  /** What has to be equal, in words. */
  readonly means: Readonly<
    Record<"area" | "MTU" | "network type" | "hello interval" | "dead interval", string | number>
  >;
  readonly ignoresMtu: boolean;
}

export function checkFleetOspf({ views }: Fleet, report: FleetReport): void {
  for (const version of ["ospf", "ospf3"] as const) {
    const first = new Map<string, Side>();
    for (const [network, side] of ospfSides(views, version)) {
      const other = first.get(network);
      if (!other) first.set(network, side);
      else if (other.machine !== side.machine) compare(other, side, report);
    }
  }
}

/** Every interface that forms adjacencies, with its network. */
export function* ospfSides(views: Fleet["views"], version: "ospf" | "ospf3"): Iterable<readonly [string, Side]> {
  const family = version === "ospf" ? "ipv4" : "ipv6";
  for (const [machine, view] of views) {
    const links = view.machine.routing[version]?.interfaces;
    if (!links) continue;
    const done = new Set<string>();
    for (const { cidr, port } of view.own) {
      if (!port || cidr.family !== family || port.settings.anycast || isLinkLocal(cidr.address)) continue;
      // Nobody else is on a network of one address.
      if (cidr.length === (family === "ipv4" ? 32 : 128)) continue;
      const link = Object.hasOwn(links, port.ref) ? links[port.ref] : undefined;
      if (!link || link.passive || done.has(cidr.network)) continue;
      done.add(cidr.network);
      const means = {
        area: link.area,
        MTU: port.mtu ?? 1500,
        "network type": link.network ?? "broadcast",
        "hello interval": link["hello-seconds"] ?? 10,
        "dead interval": link["dead-seconds"] ?? 40,
      };
      const path = ["routing", version, "interfaces", port.ref];
      yield [cidr.network, { machine, port, ref: port.ref, path, means, ignoresMtu: link["mtu-ignore"] }];
    }
  }
}

function compare(other: Side, side: Side, report: FleetReport): void {
  for (const what of Object.keys(side.means) as (keyof Side["means"])[]) {
    const [here, there] = [side.means[what], other.means[what]];
    // The side with the smaller MTU refuses, unless it is told not to look.
    if (here === there || (what === "MTU" && side.ignoresMtu && other.ignoresMtu)) continue;
    const message = `${side.ref} has ${what} ${here}, ${other.ref} of ${other.machine} on the same network ${there}`;
    report(side.machine, "fleet-ospf", side.path, message);
  }
}
