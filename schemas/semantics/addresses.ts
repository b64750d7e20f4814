/** Rules about addresses: each once, no overlapping networks, router advertisements, VRRP. */
import type { Port } from "../ports.ts";
import { familyOf } from "../primitives.ts";
import { cidrOf, covers, isNetworkOrBroadcast, overlaps } from "./networks.ts";
import type { Report } from "./rules.ts";
import { isLinkLocal, type Own, type View, vrfOf } from "./view.ts";

export function checkAddresses(view: View, report: Report): void {
  checkReuse(view.own, report);
  for (const own of Map.groupBy(view.apart, vrfOf).values()) checkReuse(own, report);
  checkUsable(view, report);
  for (const port of view.ports.values()) {
    checkAdvertisements(port, report);
    if (port.settings["unicast-rpf"] && port.role === "routed" && port.settings.addresses.length === 0)
      report("rpf-without-address", [...port.path, "unicast-rpf"], `${port.ref} has no address`);
  }
  checkVrrp(view, report);
}

function checkReuse(own: readonly Own[], report: Report): void {
  const global = own.filter(({ cidr }) => !isLinkLocal(cidr.address));
  const seen = new Map<string, Own>();
  const once: Own[] = [];
  for (const one of global) {
    const other = seen.get(one.cidr.address);
    if (other) report("address-reused", one.path, `${one.cidr.address} stands on ${other.on} already`);
    else once.push(one);
    seen.set(one.cidr.address, other ?? one);
  }
  for (const [inner, outer] of overlaps(once)) {
    // Several addresses of one network on one interface are usual.
    if (inner.on === outer.on && inner.cidr.network === outer.cidr.network) continue;
    // Whichever was written later is the one to change.
    const [late, early] = own.indexOf(inner) > own.indexOf(outer) ? [inner, outer] : [outer, inner];
    const how = late.cidr.network === early.cidr.network ? "is the network" : "overlaps the network";
    report("network-overlap", late.path, `${late.cidr.network} ${how} ${early.cidr.network} of ${early.on}`);
  }
}

function checkUsable({ own, apart }: View, report: Report): void {
  for (const { cidr, path } of [...own, ...apart]) {
    const { address, bytes, family, network } = cidr;
    const wrong = isNetworkOrBroadcast(cidr)
      ? `${address} is the first or last address of ${network}`
      : family === "ipv4"
        ? badIpv4(bytes[0] ?? 0)
        : address === "::" || address === "::1" || address.startsWith("ff")
          ? "unspecified, loopback or multicast"
          : undefined;
    if (wrong !== undefined)
      report("address-unusable", path, wrong.startsWith(address) ? wrong : `${address} is ${wrong}`);
  }
}

function badIpv4(first: number): string | undefined {
  if (first === 0) return "in 0.0.0.0/8";
  if (first === 127) return "a loopback address";
  return first >= 224 ? "multicast or reserved" : undefined;
}

function checkAdvertisements({ ref, path, settings, role }: Port, report: Report): void {
  const advertised = settings["router-advertisements"];
  if (advertised === undefined || advertised.suppress || role !== "routed") return;
  const at = [...path, "router-advertisements"];
  const networks = settings.addresses.flatMap((text) => cidrOf(text) ?? []).filter(({ family }) => family === "ipv6");
  const prefixes = Object.keys(advertised.prefixes);
  if (prefixes.length === 0 && !networks.some(({ length, address }) => length === 64 && !isLinkLocal(address)))
    report("ra-without-network", at, `${ref} has no IPv6 network of length 64`);
  for (const text of prefixes) {
    const prefix = cidrOf(text);
    if (!prefix) continue;
    const own = networks.some((network) => covers(network, prefix));
    if (prefix.length !== 64) report("ra-prefix", [...at, "prefixes", text], "hosts make addresses from a /64 only");
    else if (!own) report("ra-prefix", [...at, "prefixes", text], `is no network of ${ref}`);
  }
}

/** The interface, where it has this address. */
function ownIn(apart: readonly Own[], on: string, address: string): string | undefined {
  return apart.some((one) => one.on === on && one.cidr.address === address) ? on : undefined;
}

function checkVrrp({ machine, ports, byAddress, apart }: View, report: Report): void {
  const seen = new Map<string, string>();
  for (const [name, vrrp] of Object.entries(machine.vrrp)) {
    const isApart = ports.get(vrrp.interface)?.settings.vrf !== undefined;
    const path = ["vrrp", name];
    const key = `${vrrp.interface} ${vrrp.family} ${vrrp.id}`;
    const other = seen.get(key);
    if (other !== undefined)
      report("vrrp-reused", [...path, "id"], `${vrrp.id} is the id of ${other} on ${vrrp.interface}`);
    seen.set(key, other ?? name);
    const networks = (ports.get(vrrp.interface)?.settings.addresses ?? []).flatMap((text) => cidrOf(text) ?? []);
    for (const [index, address] of vrrp.addresses.entries()) {
      const at = [...path, "addresses", index];
      const cidr = cidrOf(address);
      const on = isApart ? ownIn(apart, vrrp.interface, address) : byAddress.get(address)?.on;
      if (familyOf(address) !== vrrp.family) report("vrrp-outside", at, `${address} is not of family ${vrrp.family}`);
      else if (!isLinkLocal(address) && ports.has(vrrp.interface) && !networks.some((one) => cidr && covers(one, cidr)))
        report("vrrp-outside", at, `${address} is in no network of ${vrrp.interface}`);
      else if ((on === vrrp.interface) !== (vrrp.priority === 255) && !isLinkLocal(address))
        report(
          "vrrp-owner",
          [...path, "priority"],
          on === undefined ? `${address} is not an own address` : `${address} is an own address`,
        );
    }
    for (const [index, peer] of vrrp.peers.entries()) {
      const at = [...path, "peers", index];
      if (!isApart && byAddress.has(peer)) report("vrrp-peer", at, `${peer} is an own address`);
      else if (familyOf(peer) !== vrrp.family) report("vrrp-peer", at, `${peer} is not of family ${vrrp.family}`);
    }
  }
}
