/** Rules about NICs, the management network and CPUs. */
import { formatPath, type Path } from "../json.ts";
import { cidrOf, covers, isNetworkOrBroadcast } from "./networks.ts";
import type { Report } from "./rules.ts";
import type { View } from "./view.ts";

export function checkHardware({ machine }: View, report: Report): void {
  checkNics(machine, report);
  checkMacs(machine, report);
  checkManagement(machine, report);
  checkCpu(machine, report);
}

type Machine = View["machine"];

function checkNics({ interfaces, management }: Machine, report: Report): void {
  const seen = new Map<string, string>();
  const nic = management?.interface;
  for (const mac of nic?.macs ?? []) seen.set(`mac ${mac}`, "");
  if (nic?.name !== undefined) seen.set(`kernel-name ${nic.name}`, "");
  if (nic?.path?.startsWith("pci-")) seen.set(`pci ${nic.path.slice("pci-".length)}`, "");
  for (const [name, port] of Object.entries(interfaces)) {
    if (port.driver === "dpdk" && port.pci === undefined)
      report("nic-of-dpdk", ["interfaces", name], "has no pci, and its driver is dpdk");
    for (const key of ["pci", "mac", "kernel-name"] as const) {
      const value = port[key];
      if (value === undefined) continue;
      const other = seen.get(`${key} ${value}`);
      if (other === "") report("nic-of-management", ["interfaces", name, key], `${value} is the management interface`);
      else if (other !== undefined) report("nic-reused", ["interfaces", name, key], `${value} is ${other} already`);
      else seen.set(`${key} ${value}`, name);
    }
  }
}

function checkMacs({ bonds, bridges, interfaces, identity }: Machine, report: Report): void {
  const all: (readonly [Path, string | undefined])[] = [
    ...Object.entries(interfaces).map(([name, { mac }]) => [["interfaces", name, "mac"], mac] as const),
    ...Object.entries(bonds).map(([name, { mac }]) => [["bonds", name, "mac"], mac] as const),
    ...Object.entries(bridges).map(([name, { bvi }]) => [["bridges", name, "bvi", "mac"], bvi?.mac] as const),
    ...(identity?.macs ?? []).map((mac, index) => [["identity", "macs", index], mac] as const),
  ];
  for (const [path, mac] of all) {
    if (mac === undefined || Number.parseInt(mac.slice(0, 2), 16) % 2 === 0) continue;
    report("mac-multicast", path, `${mac} is a multicast address`);
  }
}

function checkManagement({ management }: Machine, report: Report): void {
  if (management === undefined) return;
  if (management.ipv4 === "none" && management.ipv6 === "none")
    report("management-none", ["management", "ipv6"], "has neither IPv4 nor IPv6");
  for (const family of ["ipv4", "ipv6"] as const) {
    const fixed = management[family];
    if (typeof fixed === "string") continue;
    const own = cidrOf(fixed.address);
    const path = ["management", family];
    if (own && isNetworkOrBroadcast(own))
      report("address-unusable", [...path, "address"], `${own.address} is the first or last address of ${own.network}`);
    const gateway = fixed.gateway === undefined ? undefined : cidrOf(fixed.gateway);
    if (!own || !gateway || gateway.address.startsWith("fe80:")) continue;
    if (gateway.address === own.address) report("management-gateway", [...path, "gateway"], "is the own address");
    else if (!covers(own, gateway))
      report("management-gateway", [...path, "gateway"], `${gateway.address} is not in ${own.network}`);
  }
}

function checkCpu({ cpu }: Machine, report: Report): void {
  const used = new Map<number, string>();
  const take = (path: Path, number: number): void => {
    const other = used.get(number);
    if (other !== undefined) report("cpu-reused", path, `CPU ${number} is used by ${other} already`);
    else used.set(number, formatPath(path));
    if (number === 0) report("cpu-zero", path, "takes CPU 0");
    if (number >= (cpu?.count ?? Infinity)) report("cpu-missing", path, `there is no CPU ${number}`);
  };
  for (const instance of ["core", "nat"] as const) {
    const threads = cpu?.[instance];
    if (threads?.main !== undefined) take(["cpu", instance, "main"], threads.main);
    for (const range of threads?.workers?.split(",") ?? []) {
      const path = ["cpu", instance, "workers"];
      const [from = 0, to = from] = range.split("-").map(Number);
      if (from > to || to > 1023) report("cpu-range", path, `"${range}" is no range of CPUs up to 1023`);
      else for (let number = from; number <= to; number++) take(path, number);
    }
  }
}
