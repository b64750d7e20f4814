/** Routing of a `router.json`, with the lists and route-maps that the tool writes into frr.conf beside it. */
import type { JsonObject, JsonValue } from "../../schemas/json.ts";
import { familyOf } from "../../schemas/primitives.ts";
import type { RouterJson, RouterProtocols, RouterSingle } from "../../schemas/router-json.ts";
import type { Remarks } from "./import.ts";
import { freeName, nameOf, networkOf } from "./interfaces.ts";

/** `announce`: a prefix over NAT pools. */
export function importRouting(router: RouterJson, announce: string | undefined, remarks: Remarks): JsonObject {
  const routerId = router.bgp?.router_id ?? router.ospf?.router_id ?? router.ospf6?.router_id;
  const ospf = router.ospf?.enabled === true ? importOspf(router, "ipv4", remarks) : undefined;
  const ospf3 = router.ospf6?.enabled === true ? importOspf(router, "ipv6", remarks) : undefined;
  const bgp = importBgp(router, announce, remarks);
  const statics = importStatic(router, remarks);
  const lists = { ...ospf?.lists, ...ospf3?.lists };
  const maps = { ...bgp?.maps, ...ospf?.maps, ...ospf3?.maps };
  return {
    ...(routerId !== undefined && (bgp ?? ospf ?? ospf3) !== undefined && { "router-id": routerId }),
    ...(Object.keys(statics).length > 0 && { static: statics }),
    ...(Object.keys(lists).length > 0 && { "prefix-lists": lists }),
    ...(Object.keys(maps).length > 0 && { "route-maps": maps }),
    ...(bgp !== undefined && { bgp: bgp.section }),
    ...(ospf !== undefined && { ospf: ospf.section }),
    ...(ospf3 !== undefined && { ospf3: ospf3.section }),
  };
}

function importStatic(router: RouterJson, remarks: Remarks): JsonObject {
  const routes: Record<string, { readonly [key: string]: JsonValue }> = {};
  for (const { destination, via, interface: tap } of router.routes ?? []) {
    const prefix = networkOf(destination);
    const before = routes[prefix];
    const on = tap === undefined || tap === "" ? undefined : refOf(tap, router);
    if (/^(blackhole|reject|null0)$/i.test(via)) {
      const discard = via.toLowerCase() === "reject" ? "reject" : "blackhole";
      if (before === undefined) routes[prefix] = { discard };
      else if (before["discard"] !== discard) remarks.left(beside(destination, via, "does something else"));
    } else if (before === undefined) {
      routes[prefix] = { via: [via], ...(on !== undefined && { interface: on }) };
    } else if (!Array.isArray(before["via"])) {
      remarks.left(beside(destination, via, "does something else"));
    } else if (before["interface"] === on) {
      routes[prefix] = { ...before, via: [...new Set([...before["via"], via])] };
    } else {
      remarks.left(beside(destination, via, "goes by another interface"));
    }
  }
  return routes;
}

function beside(destination: string, via: string, how: string): string {
  return `routes: ${destination} via ${via} ${how} than the one before it. Write it as raw.`;
}

interface Part {
  readonly section: JsonObject;
  readonly lists?: JsonObject;
  readonly maps: JsonObject;
}

function importBgp(router: RouterJson, announce: string | undefined, remarks: Remarks): Part | undefined {
  const { bgp } = router;
  if (bgp === undefined || bgp.enabled !== true || bgp.asn === undefined) {
    if ((bgp?.peers ?? []).length > 0) remarks.left("bgp: it is not enabled, and so its peers are left out.");
    return undefined;
  }
  const peers: Record<string, JsonObject> = {};
  for (const { name, peer_ip: address, peer_asn: asn, description, update_source } of bgp.peers ?? []) {
    const family = familyOf(address);
    const source = update_source ?? firstAddress(router, family);
    const wished = nameOf(name ?? "");
    const called = freeName(wished === "" ? nameOf(address) : wished, peers);
    peers[called] = {
      address,
      "remote-as": asn,
      ...(description !== undefined && description !== "" && { description }),
      ...(source !== undefined && { "update-source": source }),
      [family]: { "soft-reconfiguration": true },
    };
    if (asn !== bgp.asn) {
      remarks.advise(
        `bgp peer ${called}: without a route-map nothing goes over it either way (RFC 8212), as until now.`,
      );
    }
    remarks.advise(`bgp peer ${called}: it has no maximum of prefixes, as until now.`);
  }
  const prefixes = [...(bgp.announced_prefixes ?? []).map((one) => networkOf(one)), ...(announce ? [announce] : [])];
  return {
    section: {
      asn: bgp.asn,
      ...(prefixes.length > 0 && { announce: Object.fromEntries(prefixes.map((prefix) => [prefix, {}])) }),
      redistribute: { connected: { "route-map": "ALLOW_OUT" } },
      peers,
    },
    maps: { ALLOW_OUT: { entries: { "10": {} } } },
  };
}

/** The tool gives a session the first address of the first interface that has one. */
function firstAddress(router: RouterJson, family: "ipv4" | "ipv6"): string | undefined {
  for (const one of router.interfaces ?? []) {
    const [first] = one[family] ?? [];
    if (first) return first.address;
  }
  return undefined;
}

const words = {
  ipv4: { area: "ospf_area", passive: "ospf_passive", section: "ospf", map: "OSPF-REDISTRIBUTE", list: "LOCAL-ROUTES" },
  ipv6: {
    area: "ospf6_area",
    passive: "ospf6_passive",
    section: "ospf6",
    map: "OSPF6-REDISTRIBUTE",
    list: "LOCAL-ROUTES6",
  },
} as const;

function importOspf(router: RouterJson, family: "ipv4" | "ipv6", remarks: Remarks): Part {
  const { area, passive, section, map, list } = words[family];
  const interfaces: Record<string, JsonObject> = {};
  for (const port of portsOf(router)) {
    const where = port.protocols[area];
    if (where === undefined || port[family].length === 0 || !port.hasTap) continue;
    const isPassive = port.protocols[passive] === true;
    interfaces[port.ref] = { area: areaOf(where), ...(isPassive && { passive: true }) };
    if (isPassive && family === "ipv4" && port.isVlan) {
      remarks.advise(
        `ospf on ${port.ref}: passive was asked for and had no effect, since the tap has another name; now it has.`,
      );
    }
  }
  // VLANs are not among the networks that the tool's route-map lets through.
  const local = portsOf(router).filter(({ isVlan }) => !isVlan);
  const networks = [...new Set(local.flatMap((port) => port[family].map((address) => networkOf(address))))];
  const entries = Object.fromEntries(networks.map((prefix, at) => [String((at + 1) * 10), { prefix }]));
  const hosts = family === "ipv4";
  const redistributes = hosts || networks.length > 0;
  const matches = [...(hosts ? ["LOOPBACKS"] : []), ...(networks.length > 0 ? [list] : [])];
  return {
    section: {
      ...(router[section]?.router_id !== undefined && { "router-id": router[section].router_id }),
      // FRR's own, which the tool leaves as it is.
      "reference-bandwidth": 100,
      interfaces,
      ...(redistributes && { redistribute: { connected: { "route-map": map } } }),
      ...(router[section]?.default_originate === true && { "default-originate": {} }),
    },
    lists: {
      ...(hosts && { LOOPBACKS: { entries: { "5": { prefix: "0.0.0.0/0", ge: 32, le: 32 } } } }),
      ...(networks.length > 0 && { [list]: { ...(hosts ? {} : { family }), entries } }),
    },
    maps: redistributes
      ? {
          [map]: {
            entries: Object.fromEntries(
              matches.map((name, at) => [String((at + 1) * 10), { match: { "prefix-list": name } }]),
            ),
          },
        }
      : {},
  };
}

interface ImportedPort {
  readonly ref: string;
  /** What FRR calls it. */
  readonly tap: string;
  readonly hasTap: boolean;
  readonly isVlan: boolean;
  readonly ipv4: readonly string[];
  readonly ipv6: readonly string[];
  readonly protocols: RouterProtocols;
}

function portsOf(router: RouterJson): readonly ImportedPort[] {
  const one = (ref: string, tap: string, isVlan: boolean, single: RouterSingle) => ({
    ref,
    tap,
    isVlan,
    hasTap: single.create_lcp !== false,
    ipv4: single.ipv4 === undefined ? [] : [`${single.ipv4}/${single.ipv4_prefix ?? 32}`],
    ipv6: single.ipv6 === undefined ? [] : [`${single.ipv6}/${single.ipv6_prefix ?? 64}`],
    protocols: single,
  });
  const cidrs = (list: { readonly address: string; readonly prefix: number }[] | undefined) =>
    (list ?? []).map(({ address, prefix }) => `${address}/${prefix}`);
  return [
    ...(router.loopbacks ?? []).map((loopback) =>
      one(`loop${loopback.instance}`, `lo${loopback.instance}`, false, loopback),
    ),
    ...(router.interfaces ?? []).flatMap((port) => [
      {
        ref: port.name,
        tap: port.name,
        hasTap: true,
        isVlan: false,
        ipv4: cidrs(port.ipv4),
        ipv6: cidrs(port.ipv6),
        protocols: port,
      },
      ...(port.subinterfaces ?? []).map((vlan) =>
        one(`${port.name}.${vlan.vlan_id}`, `${port.name}-v${vlan.vlan_id}`, true, vlan),
      ),
    ]),
    ...(router.bvi_domains ?? []).map((bridge) =>
      one(`bvi${bridge.bridge_id}`, `bvi${bridge.bridge_id}`, false, bridge),
    ),
  ];
}

/** The interface that FRR calls so. */
function refOf(tap: string, router: RouterJson): string {
  return portsOf(router).find((port) => port.tap === tap)?.ref ?? tap;
}

/** As an address. */
function areaOf(area: number | string): string {
  if (typeof area === "string" && !/^\d+$/.test(area)) return area;
  const number = Number(area);
  return [24, 16, 8, 0].map((bits) => (number >>> bits) & 255).join(".");
}
