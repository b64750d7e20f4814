/** The FIB and the neighbours of the simulated VPP. Every source has its own paths, and one of them wins. */
import type { FibPath } from "../../../reconcilers/vpp/api/messages.ts";
import type { Calls, DumpsOf } from "./handlers.ts";
import { fibSources, none, retval, source, type State } from "./state.ts";
import { isIpv6, network } from "./text.ts";

export interface WantedRoute {
  readonly prefix: string;
  readonly table?: number;
  readonly paths: readonly FibPath[];
  readonly from: number;
  /** Adds to what is there, or removes of it. */
  readonly isMultipath?: boolean;
}

export function addRoute(vpp: State, { prefix, table = 0, paths, from, isMultipath = false }: WantedRoute): number {
  const refused = refuses(vpp, prefix, table, paths);
  if (refused !== 0) return refused;
  if (paths.length === 0) return -52;
  const key = `${table} ${network(prefix)}`;
  const sources = vpp.routes.get(key) ?? new Map<number, readonly FibPath[]>();
  if (!vpp.routes.has(key)) vpp.routesAsSaid.set(key, prefix);
  vpp.routes.set(key, sources);
  const standing = isMultipath ? (sources.get(from) ?? []) : [];
  const merged = new Map([...standing, ...paths.map(canonical)].map((path) => [pathKey(path), path]));
  sources.set(
    from,
    [...merged.values()].sort((a, b) => (pathKey(a) < pathKey(b) ? -1 : 1)),
  );
  return 0;
}

/** Whatever is not there is no error. */
export function removeRoute(vpp: State, { prefix, table = 0, paths, from, isMultipath = false }: WantedRoute): number {
  const refused = refuses(vpp, prefix, table, paths);
  if (refused !== 0) return refused;
  const key = `${table} ${network(prefix)}`;
  const sources = vpp.routes.get(key);
  if (!sources) return 0;
  const gone = new Set(paths.map((path) => pathKey(canonical(path))));
  const left = isMultipath ? (sources.get(from) ?? []).filter((path) => !gone.has(pathKey(path))) : [];
  if (left.length > 0) sources.set(from, left);
  else sources.delete(from);
  if (sources.size === 0) vpp.routes.delete(key);
  return 0;
}

function refuses(vpp: State, prefix: string, table: number, paths: readonly FibPath[]): number {
  if (!vpp.tables.has(`${table}/${isIpv6(prefix) ? 6 : 4}`)) return retval.noSuchFib;
  const isKnown = ({ sw_if_index }: FibPath): boolean => sw_if_index === none || vpp.interfaces.has(sw_if_index);
  if (!paths.every(isKnown)) return -54;
  const isThere = ({ sw_if_index, proto, type, table_id }: FibPath): boolean =>
    sw_if_index !== none || type !== 0 || vpp.tables.has(`${table_id}/${proto === 1 ? 6 : 4}`);
  return paths.every(isThere) ? 0 : retval.noSuchFib;
}

function canonical(path: FibPath): FibPath {
  return { ...path, weight: path.weight || 1 };
}

/** The one that wins. */
function best(sources: ReadonlyMap<number, readonly FibPath[]>): number {
  const rank = (from: number) => fibSources.get(from)?.priority ?? 255;
  return [...sources.keys()].reduce((one, other) => (rank(other) < rank(one) ? other : one));
}

/** What tells one path from another. */
export function pathKey({ type, proto, nh, sw_if_index, table_id }: FibPath): string {
  const via = proto === 1 ? nh.address.ip6 : nh.address.ip4;
  return [type, proto, via, sw_if_index, sw_if_index === none ? table_id : 0].join(" ");
}

/** For a path through an interface, to a next hop, or to nowhere. */
export function pathOf(parts: {
  readonly via?: string;
  readonly index?: number;
  readonly isIpv6: boolean;
  readonly isDrop?: boolean;
  /** Where the next hop is looked for. */
  readonly table?: number;
}): FibPath {
  const { via, index = none, isDrop = false, table = 0 } = parts;
  const address = parts.isIpv6 ? { ip6: via ?? "::" } : { ip4: via ?? "0.0.0.0" };
  return {
    sw_if_index: index,
    table_id: table,
    rpf_id: 0,
    weight: 1,
    preference: 0,
    type: isDrop ? 2 : 0,
    flags: 0,
    proto: parts.isIpv6 ? 1 : 0,
    nh: { address, via_label: 0, obj_id: 0, classify_table_index: 0 },
    n_labels: 0,
    label_stack: [],
  };
}

/** A path through an interface that went stays, and leads nowhere. */
function shown(vpp: State, path: FibPath): FibPath {
  const isGone = path.sw_if_index !== none && !vpp.interfaces.has(path.sw_if_index);
  const address = path.proto === 1 ? { ip6: path.nh.address.ip6 ?? "::" } : { ip4: path.nh.address.ip4 ?? "0.0.0.0" };
  return { ...path, nh: { ...path.nh, address }, ...(isGone && { sw_if_index: none, type: 2 }) };
}

/** What VPP has from the start, in every table: reserved ranges, and a default route to nowhere. */
export const ownRoutes: readonly (readonly [prefix: string, source: number])[] = [
  ["0.0.0.0/0", source.defaultRoute],
  ["0.0.0.0/32", source.defaultRoute],
  ["224.0.0.0/4", source.special],
  ["240.0.0.0/4", source.special],
  ["255.255.255.255/32", source.defaultRoute],
  ["::/0", source.defaultRoute],
  ["fe80::/10", source.special],
];

export const routeCalls = {
  ip_route_add_del_v2(vpp, { is_add, is_multipath, route }) {
    const { prefix, table_id: table, paths, src } = route;
    const wanted = { prefix, table, paths, from: src || source.api, isMultipath: is_multipath };
    return is_add ? addRoute(vpp, wanted) : removeRoute(vpp, wanted);
  },
  ip_route_lookup_v2(vpp, { table_id, exact, prefix }) {
    const sources = exact ? vpp.routes.get(`${table_id} ${network(prefix)}`) : undefined;
    if (!sources) return retval.noSuchEntry;
    const src = best(sources);
    const paths = (sources.get(src) ?? []).map((path) => shown(vpp, path));
    return { route: { table_id, stats_index: 0, prefix: network(prefix), n_paths: paths.length, src, paths } };
  },
  ip_neighbor_add_del(vpp, { is_add, neighbor }) {
    const { sw_if_index, ip_address, mac_address, flags } = neighbor;
    if (!vpp.interfaces.has(sw_if_index)) return retval.invalidInterface;
    const key = `${sw_if_index} ${ip_address}`;
    const standing = vpp.neighbors.get(key);
    if (!is_add) return vpp.neighbors.delete(key) ? 0 : retval.noSuchEntry;
    if (standing && (standing.flags & 1) === 1 && (flags & 1) === 0) return retval.invalidInterface;
    vpp.neighbors.set(key, { on: sw_if_index, address: ip_address, mac: mac_address, flags });
    return 0;
  },
  ip_neighbor_flush(vpp, { af, sw_if_index }) {
    for (const [key, { on, address, flags }] of vpp.neighbors) {
      const isMeant = sw_if_index === none || sw_if_index === on;
      if (isMeant && isIpv6(address) === (af === 1) && (flags & 1) === 0) vpp.neighbors.delete(key);
    }
    return 0;
  },
  ip_neighbor_config: () => 0,
  ip_neighbor_config_get: (_vpp, { af }) => ({ af, max_number: 50_000, max_age: 0, recycle: false }),
} satisfies Calls;

export const routeDumps = {
  *ip_route_v2_dump(vpp, { src, table }) {
    for (const [key, sources] of vpp.routes) {
      const [id, prefix = ""] = key.split(" ");
      if (Number(id) !== table.table_id || isIpv6(prefix) !== table.is_ip6) continue;
      const said = vpp.routesAsSaid.get(key) ?? prefix;
      const from = best(sources);
      if (src !== 0 && src !== from) continue;
      const paths = (sources.get(from) ?? []).map((path) => shown(vpp, path));
      yield {
        route: { table_id: table.table_id, stats_index: 0, prefix: said, n_paths: paths.length, src: from, paths },
      };
    }
  },
  *ip_neighbor_dump(vpp, { sw_if_index, af }) {
    for (const { on, address, mac, flags } of vpp.neighbors.values()) {
      if (isIpv6(address) !== (af === 1) || (sw_if_index !== none && sw_if_index !== on)) continue;
      yield { age: 0, neighbor: { sw_if_index: on, flags, mac_address: mac, ip_address: address } };
    }
  },
} satisfies DumpsOf;
