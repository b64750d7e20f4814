/** Routes that neither FRR nor an interface made, and neighbours that were not learned. */
import type { Neighbor, Route, VppObject } from "../model.ts";
import { dump, type Reader, type Target, type Writers } from "./kind.ts";
import { none } from "./names.ts";
import { fromPaths, toPaths } from "./paths.ts";

/** Who made a route: the API, or the CLI, with which the boot commands are given. The lower number wins. */
const sources = { api: 8, cli: 9 } as const;

export const readRoutes: Reader = async (sight) => {
  const found = await Promise.all(
    Object.values(sources).flatMap((src) =>
      [false, true].map((is_ip6) => dump(sight, "ip_route_v2_dump", { src, table: { table_id: 0, is_ip6, name: "" } })),
    ),
  );
  const names = await sight.names;
  return found.flat().map(({ route: { prefix, paths, src } }): Route => {
    const source = src === sources.api ? "api" : "cli";
    return { kind: "route", prefix, paths: fromPaths(paths, names), sources: [source] };
  });
};

export const readNeighbors: Reader = async (sight) => {
  const found = await Promise.all([0, 1].map((af) => dump(sight, "ip_neighbor_dump", { sw_if_index: none, af })));
  const names = await sight.names;
  return found.flat().flatMap(({ neighbor }): VppObject[] => {
    const on = names.nameOf(neighbor.sw_if_index);
    if (on === undefined || (neighbor.flags & 1) === 0) return [];
    return [{ kind: "neighbor", on, address: neighbor.ip_address, mac: neighbor.mac_address }];
  });
};

/** All paths at once. */
function replaceRoute({ prefix, paths }: Route, { vpp, names }: Target): Promise<unknown> {
  const isIpv6 = prefix.includes(":");
  const hops = toPaths(paths.length > 0 ? paths : [{}], isIpv6, names);
  const encoded = paths.length > 0 ? hops : hops.map((path) => ({ ...path, type: 2 }));
  return vpp.call("ip_route_add_del_v2", {
    is_add: true,
    is_multipath: false,
    route: { table_id: 0, stats_index: 0, prefix, n_paths: encoded.length, src: sources.api, paths: encoded },
  });
}

/** The API's and the boot commands', of which only one can be seen. VPP does not mind a route that is not there. */
function removeRoute({ prefix }: Route, { vpp }: Target): Promise<unknown> {
  return Promise.all(
    Object.values(sources).map((src) =>
      vpp.call("ip_route_add_del_v2", {
        is_add: false,
        is_multipath: false,
        route: { table_id: 0, stats_index: 0, prefix, n_paths: 0, src, paths: [] },
      }),
    ),
  );
}

function neighbor(is_add: boolean, { on, address, mac }: Neighbor, { vpp, names }: Target): Promise<unknown> {
  const sw_if_index = names.interface(on);
  const fields = { sw_if_index, flags: 1, mac_address: mac, ip_address: address };
  return vpp.call("ip_neighbor_add_del", { is_add, neighbor: fields });
}

export const routeWriters: Writers<"route" | "neighbor"> = {
  route: {
    needs: ["ip_route_v2_dump", "ip_route_add_del_v2"],
    add: replaceRoute,
    set: (_, after, to) => replaceRoute(after, to),
    remove: removeRoute,
  },
  neighbor: {
    needs: ["ip_neighbor_dump", "ip_neighbor_add_del"],
    add: (object, to) => neighbor(true, object, to),
    set: (_, after, to) => neighbor(true, after, to),
    remove: (object, to) => neighbor(false, object, to),
  },
};
