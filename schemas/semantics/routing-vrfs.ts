/** Rules about VRFs of FRR. What is connected in them nobody here knows: their interfaces are Linux's. */
import type { Path } from "../json.ts";
import type { Machine } from "../machine.ts";
import type { VrfBgp } from "../routing-vrfs.ts";
import { checkInstance } from "./bgp.ts";
import { missing } from "./references.ts";
import type { Report } from "./rules.ts";
import type { Session } from "./session.ts";
import type { View } from "./view.ts";

export function checkRoutingVrfs({ machine }: View, report: Report): void {
  const { routing, maintenance } = machine;
  for (const [name, { bgp, static: routes }] of Object.entries(routing.vrfs)) {
    const path = ["routing", "vrfs", name];
    if (!bgp) continue;
    const at = [...path, "bgp"];
    if ((bgp["router-id"] ?? routing["router-id"]) === undefined) report("router-id-missing", at, "has no router ID");
    checkInstance(bgp, routes, at, maintenance, report, (session, peer) => {
      const { group } = session.peer;
      if (group !== undefined && session.group === undefined)
        missing("peer-group", { name: group, path: [...peer, "group"] }, Object.keys(bgp["peer-groups"]), report);
      checkApart(session, peer, report);
      return false;
    });
    for (const [group, settings] of Object.entries(bgp["peer-groups"]))
      if (settings.kind !== undefined || settings.hygiene !== undefined)
        report("vrf-peer", [...at, "peer-groups", group], "has a kind or hygiene");
    checkImport(name, bgp, routing, [...at, "import", "from"], report);
  }
}

/** What belongs to the main table, where the internet is. */
function checkApart({ peer }: Session, path: Path, report: Report): void {
  for (const key of ["kind", "hygiene", "role", "maintenance"] as const)
    if (peer[key] !== undefined) report("vrf-peer", [...path, key], `has ${key}`);
}

/**
 * FRR makes the instance that is imported from where there is none yet, as while it reads its file, with the AS number of who
 * imports; it does not let it be of another then.
 */
function checkImport(own: string, bgp: VrfBgp, routing: Machine["routing"], path: Path, report: Report): void {
  for (const [index, name] of (bgp.import?.from ?? []).entries()) {
    const other = name === "default" ? routing.bgp : Object.hasOwn(routing.vrfs, name) && routing.vrfs[name]?.bgp;
    if (name === own) report("vrf-import", [...path, index], "is the VRF itself");
    else if (!other) report("vrf-import", [...path, index], `${name} has no BGP here`);
    else if (other.asn !== bgp.asn)
      report("vrf-import", [...path, index], `${name} has the AS number ${other.asn}, and ${own} ${bgp.asn}`);
  }
}
