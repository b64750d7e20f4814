/** Address translation and containers of a `router.json`: older files have `nat`, newer ones modules. */
import type { JsonObject } from "../../schemas/json.ts";
import type { RouterJson, RouterNat } from "../../schemas/router-json.ts";
import type { Remarks } from "./import.ts";
import { networkOf } from "./interfaces.ts";

export interface ImportedNat {
  readonly section: JsonObject;
  /** A prefix over several pools, which BGP announces in their stead. */
  readonly announce: string | undefined;
  /** Networks that are translated. */
  readonly sources: readonly string[];
}

export function importNat(router: RouterJson, remarks: Remarks): ImportedNat {
  const det44 = importDet44(router, remarks);
  const nat64 = importNat64(router, remarks);
  for (const { name } of router.modules ?? []) {
    if (name !== "nat" && name !== "nat64") remarks.left(`modules: ${name} has no place here.`);
  }
  return { ...det44, section: { ...det44.section, ...nat64 } };
}

function importDet44(router: RouterJson, remarks: Remarks): ImportedNat {
  const nat = natOf(router, remarks);
  const mappings = nat?.mappings ?? [];
  if (nat === undefined || mappings.length === 0) return { section: {}, announce: undefined, sources: [] };
  const inside = (nat.source_interfaces ?? []).map((one) => (typeof one === "string" ? one : one.interface));
  if (inside.length === 0) {
    remarks.left(
      "nat: which interfaces are inside is not in the file: add them to nat.det44.inside, else nothing is translated.",
    );
  }
  const prefixes = [...new Set(mappings.map(({ nat_pool: pool }) => networkOf(pool)))];
  const poolName = (prefix: string) => `pool${prefixes.indexOf(prefix) + 1}`;
  const announced = nat.bgp_prefix !== undefined && nat.bgp_prefix !== "" ? networkOf(nat.bgp_prefix) : undefined;
  const pools = prefixes.map((prefix) => [
    poolName(prefix),
    { prefix, ...(prefix !== announced && { announce: false }) },
  ]);
  const bypass = nat.bypass_pairs ?? [];
  const section = {
    det44: {
      inside,
      pools: Object.fromEntries(pools),
      mappings: numbered("mapping", mappings, ({ source_network: source, nat_pool: pool }) => ({
        source: networkOf(source),
        pool: poolName(networkOf(pool)),
      })),
      ...(bypass.length > 0 && {
        bypass: numbered("bypass", bypass, ({ source, destination }) => ({
          source: networkOf(source),
          destination: networkOf(destination),
        })),
      }),
    },
  };
  return {
    section,
    announce: announced !== undefined && !prefixes.includes(announced) ? announced : undefined,
    sources: mappings.map(({ source_network: source }) => networkOf(source)),
  };
}

/** What is in force: the module's, where there is one. */
function natOf(router: RouterJson, remarks: Remarks): RouterNat | undefined {
  for (const module of router.modules ?? []) {
    if (module.name !== "nat") continue;
    if (module.enabled === false) remarks.left("modules: nat is not enabled, and so left out.");
    return module.enabled === false ? undefined : (module.config as RouterNat | undefined);
  }
  return router.nat ?? undefined;
}

function importNat64(router: RouterJson, remarks: Remarks): JsonObject {
  const module = (router.modules ?? []).find(({ name }) => name === "nat64");
  if (module === undefined) return {};
  const { prefix, pool } = (module.config ?? {}) as { readonly prefix?: string; readonly pool?: string };
  if (module.enabled === false || pool === undefined) {
    const why = module.enabled === false ? "is not enabled" : "has no pool";
    remarks.left(`modules: nat64 ${why}, and so left out.`);
    return {};
  }
  const network = pool.includes("/") ? networkOf(pool) : `${pool}/32`;
  return { nat64: { ...(prefix !== undefined && { prefix }), pools: { nat64: { prefix: network, announce: false } } } };
}

export function importContainers({ container }: RouterJson, nat: ImportedNat, remarks: Remarks): JsonObject {
  if (container === undefined) return {};
  const { network, gateway, bridge_ip, dhcp_start: from, dhcp_end: to, ipv6, ipv6_prefix, ipv6_ra_prefix } = container;
  const isTranslated = nat.sources.includes(networkOf(network));
  if (!isTranslated)
    remarks.left(`container: no NAT mapping has ${network} as its source: the containers are routed as they are.`);
  const bridge = container.bridge_ipv6 === undefined ? {} : { "bridge-address": container.bridge_ipv6 };
  return {
    network: networkOf(network),
    gateway,
    "bridge-address": bridge_ip,
    ...(from !== undefined && to !== undefined && { dhcp: { from, to } }),
    ...(ipv6 !== undefined && {
      ipv6: { network: networkOf(ipv6_ra_prefix ?? `${ipv6}/${ipv6_prefix ?? 64}`), gateway: ipv6, ...bridge },
    }),
    ...(!isTranslated && { nat: false }),
  };
}

function numbered<T>(name: string, list: readonly T[], entry: (one: T) => JsonObject): JsonObject {
  return Object.fromEntries(list.map((one, at) => [`${name}${at + 1}`, entry(one)]));
}
