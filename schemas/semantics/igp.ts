/** Rules about OSPF, OSPFv3 and BFD. */
import { familyOf } from "../primitives.ts";
import type { Report } from "./rules.ts";
import type { View } from "./view.ts";

export function checkIgp(view: View, report: Report): void {
  for (const version of ["ospf", "ospf3"] as const) {
    checkLinks(view, version, report);
    checkAreas(view, version, report);
  }
  checkBfd(view, report);
}

function checkLinks({ machine, ports }: View, version: "ospf" | "ospf3", report: Report): void {
  const family = version === "ospf" ? "ipv4" : "ipv6";
  for (const [ref, link] of Object.entries(machine.routing[version]?.interfaces ?? {})) {
    const path = ["routing", version, "interfaces", ref];
    const addresses = ports.get(ref)?.settings.addresses;
    if (addresses && !addresses.some((address) => familyOf(address) === family))
      report("ospf-address", path, `${ref} has no ${family === "ipv4" ? "IPv4" : "IPv6"} address`);
    const hello = link["hello-seconds"] ?? 10;
    const dead = link["dead-seconds"] ?? 40;
    if (dead <= hello)
      report(
        "ospf-timers",
        [...path, link["dead-seconds"] === undefined ? "hello-seconds" : "dead-seconds"],
        `dead after ${dead} s, one hello each ${hello} s`,
      );
  }
}

function checkAreas({ machine }: View, version: "ospf" | "ospf3", report: Report): void {
  const instance = machine.routing[version];
  if (!instance) return;
  const used = new Set(Object.values(instance.interfaces).map(({ area }) => area));
  for (const [area, { kind }] of Object.entries(instance.areas)) {
    const path = ["routing", version, "areas", area];
    if (!used.has(area)) report("ospf-area-unused", path, "no interface is in it");
    if (area === "0.0.0.0" && kind !== "normal") report("ospf-backbone", [...path, "kind"], `the backbone is ${kind}`);
  }
  if (used.size > 1 && !used.has("0.0.0.0"))
    report("ospf-areas", ["routing", version, "interfaces"], `has ${used.size} areas and no backbone`);
}

function checkBfd({ machine, byAddress, shared }: View, report: Report): void {
  for (const [name, { address, source, multihop }] of Object.entries(machine.routing.bfd?.peers ?? {})) {
    const path = ["routing", "bfd", "peers", name];
    if (byAddress.has(address)) report("bfd-peer", [...path, "address"], `${address} is an own address`);
    if (source === undefined) {
      if (multihop) report("bfd-source", path, "is multihop and has no source");
    } else if (!byAddress.has(source) && !shared.has(source))
      report("bfd-source", [...path, "source"], `${source} is no own address`);
    else if (familyOf(source) !== familyOf(address))
      report("bfd-source", [...path, "source"], `${source} is not of the family of ${address}`);
  }
}
