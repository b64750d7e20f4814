/** Interfaces, VLANs, loopbacks, bridges and cross-connects of a `router.json`. */
import type { JsonObject } from "../../schemas/json.ts";
import { parseCidr } from "../../schemas/primitives.ts";
import type { RouterJson, RouterProtocols, RouterSingle } from "../../schemas/router-json.ts";
import type { Remarks } from "./import.ts";

/** Seconds: the tool advertises prefixes for ever. */
const infinite = 4_294_967_295;

/** A name as the machine file takes it. */
export function nameOf(text: string): string {
  const name = text.replace(/[^A-Za-z0-9._-]+/g, "-").replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, "");
  return name.slice(0, 63);
}

/** `name`, or with a number behind it where that is taken. */
export function freeName(name: string, taken: Readonly<Record<string, unknown>>): string {
  if (!Object.hasOwn(taken, name)) return name;
  for (let count = 2; ; count++) if (!Object.hasOwn(taken, `${name}-${count}`)) return `${name}-${count}`;
}

export function importInterfaces(router: RouterJson, remarks: Remarks): JsonObject {
  const interfaces: Record<string, JsonObject> = {};
  for (const { name, pci, iface, ipv4, ipv6, mtu, subinterfaces, ...protocols } of router.interfaces ?? []) {
    const addresses = [...(ipv4 ?? []), ...(ipv6 ?? [])].map(({ address, prefix }) => `${address}/${prefix}`);
    const vlans = Object.fromEntries(
      (subinterfaces ?? []).map((vlan) => [
        String(vlan.vlan_id),
        { ...importSingle(vlan, `${name}-v${vlan.vlan_id}`, `${name}.${vlan.vlan_id}`) },
      ]),
    );
    for (const vlan of membersOn(router, name)) vlans[vlan] ??= {};
    const nic: JsonObject =
      pci !== undefined
        ? { pci: pciOf(pci) }
        : iface !== undefined
          ? { driver: "af-packet", "kernel-name": iface }
          : {};
    if (pci === undefined)
      remarks.left(`interfaces.${name}: without a PCI address VPP takes it by af-packet, not by DPDK.`);
    interfaces[name] = {
      ...nic,
      mtu: mtu ?? 1500,
      ...(addresses.length > 0 && { addresses }),
      ...advertisements(
        addresses.filter((one) => one.includes(":")),
        protocols,
        (address) => networkOf(address, 64),
      ),
      ...(Object.keys(vlans).length > 0 && { "sub-interfaces": vlans }),
    };
  }
  return interfaces;
}

export function importLoopbacks(router: RouterJson): JsonObject {
  return Object.fromEntries(
    (router.loopbacks ?? []).map((loopback) => [
      `loop${loopback.instance}`,
      importSingle(loopback, `lo${loopback.instance}`, `loop${loopback.instance}`, loopback.name ?? undefined),
    ]),
  );
}

export function importBridges(router: RouterJson): JsonObject {
  const bridges: Record<string, JsonObject> = {};
  for (const bridge of router.bvi_domains ?? []) {
    const id = bridge.bridge_id;
    const members = (bridge.members ?? []).map((member) =>
      member.vlan_id === undefined ? member.interface : `${member.interface}.${member.vlan_id}`,
    );
    const wished = nameOf(bridge.name ?? "");
    const name = freeName(wished === "" ? `bridge-${id}` : wished, bridges);
    bridges[name] = {
      id,
      ...(bridge.name !== undefined && bridge.name !== name && { description: bridge.name }),
      members,
      bvi: importSingle(bridge, `bvi${id}`, `bvi${id}`),
    };
  }
  return bridges;
}

export function importPassthrough(router: RouterJson): JsonObject {
  const connects: Record<string, JsonObject> = {};
  for (const { vlan_id, from_interface: from, to_interface: to, vlan_type, inner_vlan } of router.vlan_passthrough ??
    []) {
    const inner = inner_vlan === undefined ? undefined : inner_vlan;
    const name = nameOf(`vlan-${vlan_id}${inner === undefined ? "" : `-${inner}`}-${from}-${to}`);
    connects[freeName(name, connects)] = {
      from,
      to,
      vlan: vlan_id,
      // With an inner VLAN the tool asks VPP for dot1q outside, whatever the type says.
      ...(inner === undefined ? vlan_type === "dot1ad" && { encapsulation: "dot1ad" } : { "inner-vlan": inner }),
    };
  }
  return connects;
}

/** What an interface with at most one address of each family has. */
function importSingle(single: RouterSingle, tap: string, ref: string, description?: string): JsonObject {
  const { ipv4, ipv4_prefix, ipv6, ipv6_prefix, create_lcp } = single;
  const own = ipv6 === undefined ? [] : [`${ipv6}/${ipv6_prefix ?? 64}`];
  const addresses = [...(ipv4 === undefined ? [] : [`${ipv4}/${ipv4_prefix ?? 32}`]), ...own];
  const hasTap = create_lcp !== false;
  return {
    ...(description !== undefined && description !== "" && description !== ref && { description }),
    ...(addresses.length > 0 && { addresses }),
    ...(hasTap ? tap !== ref && { "linux-cp": tap } : { "linux-cp": false }),
    ...(hasTap && advertisements(own, single, (address) => networkOf(address))),
  };
}

/** The tool sends them wherever there is IPv6, unless told not to. */
function advertisements(ipv6: readonly string[], ra: RouterProtocols, usual: (address: string) => string): JsonObject {
  if (ipv6.length === 0 || ra.ipv6_ra_enabled === false) return {};
  const given = ra.ipv6_ra_prefixes ?? [];
  const prefixes = given.length > 0 ? given.map((one) => networkOf(one)) : ipv6.map(usual);
  const lifetimes = { "valid-lifetime": infinite, "preferred-lifetime": infinite };
  return {
    "router-advertisements": {
      "max-interval": ra.ipv6_ra_interval_max ?? 30,
      "min-interval": ra.ipv6_ra_interval_min ?? 15,
      ...(ra.ipv6_ra_suppress === true && { suppress: true }),
      prefixes: Object.fromEntries(prefixes.map((prefix) => [prefix, lifetimes])),
    },
  };
}

/** The network of an address, of its own length or another one; what is none stays as it is, to be judged with its place. */
export function networkOf(text: string, length?: number): string {
  const parsed = parseCidr(length === undefined ? text : `${text.split("/")[0]}/${length}`);
  return "error" in parsed ? text : parsed.network;
}

/** VLANs that bridges put on an interface. */
function membersOn(router: RouterJson, name: string): readonly string[] {
  const members = (router.bvi_domains ?? []).flatMap((bridge) => bridge.members ?? []);
  return members.flatMap((one) => (one.interface === name && one.vlan_id !== undefined ? [String(one.vlan_id)] : []));
}

/** With its domain, in lower case. */
function pciOf(text: string): string {
  const pci = text.toLowerCase();
  return /^[0-9a-f]{2}:/.test(pci) ? `0000:${pci}` : pci;
}
