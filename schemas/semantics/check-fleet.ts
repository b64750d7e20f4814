/** Rules across appliances. */
import type { Machine } from "../machine.ts";
import type { FleetFinding } from "./finding.ts";

/** Machines by "<site>/<appliance>"; those with errors of their own are left out. */
export function checkFleet(machines: ReadonlyMap<string, Machine>): readonly FleetFinding[] {
  return duplicateRouterIds(machines);
}

/** A router ID is one router's. */
function duplicateRouterIds(machines: ReadonlyMap<string, Machine>): readonly FleetFinding[] {
  const first = new Map<string, string>();
  const findings: FleetFinding[] = [];
  for (const [machine, { routing }] of machines) {
    const id = routing["router-id"];
    if (id === undefined) continue;
    const other = first.get(id);
    if (other === undefined) first.set(id, machine);
    else {
      findings.push({
        machine,
        path: ["routing", "router-id"],
        message: `${other} has the router ID ${id} too`,
        remedy: "Give each appliance its own; the address of its loopback is a good one.",
        severity: "error",
      });
    }
  }
  return findings;
}
