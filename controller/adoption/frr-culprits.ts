/** Which value of a draft asks for a line of FRR that is not live as it says. */
import type { LiveChange } from "../../reconcilers/frr/live-changes.ts";
import { neighborOf } from "../../reconcilers/frr/grammar.ts";
import { peerName } from "../../reconcilers/frr/render/bgp-peers.ts";
import type { Spelling } from "../../reconcilers/frr/spelling.ts";
import { type JsonObject, type Path, valueAt } from "../../schemas/json.ts";
import type { Machine } from "../../schemas/machine.ts";
import { portsOf } from "../../schemas/ports.ts";

/** Empty: nobody knows. */
export function frrCulprits(
  change: LiveChange,
  machine: Machine,
  draft: JsonObject,
  spelled: Spelling,
): readonly Path[] {
  // As if it were gone: what takes it back is what says it.
  const said = spelled.of({ ...change, live: undefined }).flat();
  const written = said.map(({ path }) => path).filter((path) => valueAt(draft, path) !== undefined);
  if (written.length > 0) return written.slice(0, 1);
  return [ownerOf(change, machine)].filter((path) => path.length > 0 && valueAt(draft, path) !== undefined);
}

/** The peer, instance or interface that the line belongs to. */
function ownerOf({ path, desired = "" }: LiveChange, machine: Machine): Path {
  const root = path[0] ?? desired;
  const refOf = (linux: string) => [...ports.values()].find((port) => port.linux === linux)?.ref ?? linux;
  const ports = portsOf(machine);
  const neighbor = neighborOf(path, desired);
  if (neighbor !== undefined) {
    const peers = Object.entries(machine.routing.bgp?.peers ?? {});
    const name = peers.find(
      ([, peer]) => peerName(peer, { linux: (ref) => ports.get(ref)?.linux ?? ref }) === neighbor,
    );
    return name ? ["routing", "bgp", "peers", name[0]] : ["routing", "bgp", "peer-groups", neighbor];
  }
  const map = /^route-map (\S+) /.exec(root)?.[1];
  if (map !== undefined) return ["routing", "route-maps", map];
  const link = /^interface (\S+)$/.exec(root)?.[1];
  if (link !== undefined) {
    const version = desired.startsWith("ipv6 ospf6 ") ? "ospf3" : "ospf";
    return ["routing", version, "interfaces", refOf(link)];
  }
  if (root.startsWith("router bgp ")) return ["routing", "bgp"];
  const section = { "router ospf": "ospf", "router ospf6": "ospf3", bfd: "bfd" }[root];
  return section === undefined ? [] : ["routing", section];
}
