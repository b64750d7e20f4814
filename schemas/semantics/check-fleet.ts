/** Rules across appliances. docs/validation.md lists them. */
import type { Path } from "../json.ts";
import type { Machine } from "../machine.ts";
import type { FleetFinding } from "./finding.ts";
import { checkFleetBgp } from "./fleet-bgp.ts";
import { checkFleetOspf } from "./fleet-ospf.ts";
import { cidrOf } from "./networks.ts";
import { type FleetRule, finding, type RuleFinding } from "./rules.ts";
import { isLinkLocal, type Own, type View, viewOf } from "./view.ts";

export interface FleetRuleFinding extends FleetFinding, Pick<RuleFinding, "rule"> {}

/** Notes a finding in one of the machines. */
export type FleetReport = (machine: string, rule: FleetRule, path: Path, message: string, remedy?: string) => void;

/** All machines, and who has which address. */
export interface Fleet {
  readonly views: ReadonlyMap<string, View>;
  /** Who has an address: of several, all. */
  readonly owners: ReadonlyMap<string, readonly { readonly machine: string; readonly own: Own }[]>;
}

/** Machines by "<site>/<appliance>"; those with errors of their own are left out. Linear in what they hold. */
export function checkFleet(machines: ReadonlyMap<string, Machine>): readonly FleetRuleFinding[] {
  const findings: FleetRuleFinding[] = [];
  const report: FleetReport = (machine, ...found) => findings.push({ ...finding(...found), machine });
  const fleet = fleetOf(machines);
  checkOwners(fleet, report);
  checkRouterIds(fleet, report);
  checkBoxes(fleet, report);
  checkManagement(fleet, report);
  checkStatus(fleet, report);
  checkFleetBgp(fleet, report);
  checkFleetOspf(fleet, report);
  return findings;
}

export function fleetOf(machines: ReadonlyMap<string, Machine>): Fleet {
  const views = new Map([...machines].map(([name, machine]) => [name, viewOf(machine)] as const));
  return { views, owners: ownersOf(views) };
}

/** Of interfaces alone: the containers' network and the links to the translating instance may be the same everywhere. */
function ownersOf(views: Fleet["views"]): Fleet["owners"] {
  const owners = new Map<string, { machine: string; own: Own }[]>();
  for (const [machine, view] of views) {
    for (const own of view.byAddress.values()) {
      const { address } = own.cidr;
      if (!own.port || isLinkLocal(address)) continue;
      const others = owners.get(address);
      if (others) others.push({ machine, own });
      else owners.set(address, [{ machine, own }]);
    }
  }
  return owners;
}

function checkOwners({ owners }: Fleet, report: FleetReport): void {
  for (const [address, [first, ...others]] of owners) {
    for (const { machine, own } of others) {
      if (!first || (first.own.port?.settings.anycast && own.port?.settings.anycast)) continue;
      report(machine, "fleet-address", own.path, `${address} stands on ${first.own.on} of ${first.machine} too`);
    }
  }
}

/** Reports the second and every later machine that has the same. */
function once(rule: FleetRule, what: string, report: FleetReport) {
  const seen = new Map<string, string>();
  return (machine: string, value: string, path: Path): void => {
    const other = seen.get(value);
    if (other === undefined) seen.set(value, machine);
    else if (other !== machine) report(machine, rule, path, `${value} is ${what} of ${other} too`);
  };
}

function checkRouterIds({ views }: Fleet, report: FleetReport): void {
  const take = once("fleet-router-id", "the router ID", report);
  for (const [name, { machine }] of views) {
    const { routing } = machine;
    if (routing["router-id"] !== undefined) take(name, routing["router-id"], ["routing", "router-id"]);
    for (const section of ["bgp", "ospf", "ospf3"] as const) {
      const id = routing[section]?.["router-id"];
      if (id !== undefined && id !== routing["router-id"]) take(name, id, ["routing", section, "router-id"]);
    }
  }
}

function checkBoxes({ views }: Fleet, report: FleetReport): void {
  const uuid = once("fleet-identity", "the box", report);
  const mac = once("fleet-identity", "a NIC", report);
  for (const [name, { machine }] of views) {
    const { identity, interfaces, management } = machine;
    if (identity?.["dmi-uuid"] !== undefined) uuid(name, identity["dmi-uuid"], ["identity", "dmi-uuid"]);
    for (const [index, one] of (identity?.macs ?? []).entries()) mac(name, one, ["identity", "macs", index]);
    for (const [index, one] of (management?.interface.macs ?? []).entries())
      mac(name, one, ["management", "interface", "macs", index]);
    for (const [ref, port] of Object.entries(interfaces))
      if (port.mac !== undefined) mac(name, port.mac, ["interfaces", ref, "mac"]);
  }
}

function checkManagement({ views }: Fleet, report: FleetReport): void {
  const take = once("fleet-management-address", "the management address", report);
  for (const [name, { machine }] of views) {
    for (const family of ["ipv4", "ipv6"] as const) {
      const fixed = machine.management?.[family];
      const address = typeof fixed === "object" ? cidrOf(fixed.address)?.address : undefined;
      if (address !== undefined && !isLinkLocal(address)) take(name, address, ["management", family, "address"]);
    }
  }
}

/** A block that was copied along with its appliance would have one router vouch for another. */
function checkStatus({ views }: Fleet, report: FleetReport): void {
  const address = once("fleet-status", "the status address", report);
  const fingerprint = once("fleet-status", "the fingerprint", report);
  for (const [name, { machine }] of views) {
    if (!machine.status) continue;
    address(name, machine.status.address, ["status", "address"]);
    fingerprint(name, machine.status.fingerprint, ["status", "fingerprint"]);
  }
}
