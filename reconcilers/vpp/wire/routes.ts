/** Routes that neither FRR nor an interface made, and neighbours that were not learned. */
import { commands } from "../api/cli.ts";
import { noSuchEntry, noSuchFib } from "../api/retvals.ts";
import type { Vpp } from "../api/vpp.ts";
import type { Family, Neighbor, Route, VppObject } from "../model.ts";
import { dump, each, type Reader, type Sight, type Target, type Writers } from "./kind.ts";
import { none } from "./names.ts";
import { fromPaths, toPaths } from "./paths.ts";
import { inTable } from "./vrfs.ts";

/**
 * Who made a route: the API, or the CLI, with which the boot commands are given (vnet/fib/fib_source.h). Of several that have
 * one VPP lists it under the one that wins alone: the API before the CLI, and linux-cp, which mirrors Linux's, before both.
 */
const sources = { api: 8, cli: 9 } as const;

export const readRoutes: Reader = async (sight) => {
  const main = (["ipv4", "ipv6"] as const).map((family) => routesOf(0, family, sight));
  const vrfs = sight.tables.then((tables) =>
    Promise.all(tables.map(({ table, family }) => routesOf(table, family, sight))),
  );
  const [found, others, names] = await Promise.all([Promise.all(main), vrfs, sight.names]);
  const hidden = await hiddenRoutes(new Set(found.flat().map(({ prefix }) => prefix)), sight);
  const seen = [...found, ...others].flat().map(({ table_id, prefix, paths, src }): Route => {
    const source = src === sources.api ? "api" : "cli";
    const place = table_id !== 0 && { table: table_id };
    return { kind: "route", ...place, prefix, paths: fromPaths(paths, names, table_id), sources: [source] };
  });
  return [...seen, ...hidden];
};

/**
 * Those of the main table that we made, and that somebody has as well who wins: FRR has a route to each pool that it announces.
 * Where one has it who yields to us, as VPP itself its default route, ours is gone.
 */
async function hiddenRoutes(listed: ReadonlySet<string>, { remembered, vpp }: Sight): Promise<readonly Route[]> {
  const ours = remembered.all("route").filter(({ prefix }) => !listed.has(prefix));
  if (ours.length === 0) return [];
  const [winners, before] = await Promise.all([each(ours, ({ prefix }) => winnerOf(prefix, vpp)), winning(vpp)]);
  return ours.filter((_, at) => before.has(winners[at] ?? 0)).map((route): Route => ({ ...route, sources: ["api"] }));
}

/** The number of the source whose route it is; undefined where nobody has one. */
async function winnerOf(prefix: string, vpp: Vpp): Promise<number | undefined> {
  const asked = { table_id: 0, exact: 1, prefix };
  const { retval, route } = await vpp.call("ip_route_lookup_v2", asked, [noSuchEntry, noSuchFib]);
  return retval === 0 ? route.src : undefined;
}

/** Numbers of the sources that win over the API; those of plugins differ from one VPP to the next. */
async function winning(vpp: Vpp): Promise<ReadonlySet<number>> {
  const rows = (await vpp.cli(commands.fibSources)).matchAll(/^\[(\d+)\] .* prio:(\d+)\./gm);
  const priorities = new Map([...rows].map(([, number, priority]) => [Number(number), Number(priority)]));
  const own = priorities.get(sources.api) ?? 0;
  return new Set([...priorities].filter(([, priority]) => priority < own).map(([number]) => number));
}

/** Those of the two sources, of one table. */
async function routesOf(table_id: number, family: Family, sight: Sight) {
  const table = { table_id, is_ip6: family === "ipv6", name: "" };
  const found = await Promise.all(Object.values(sources).map((src) => dump(sight, "ip_route_v2_dump", { src, table })));
  return found.flat().map(({ route }) => route);
}

export const readNeighbors: Reader = async (sight) => {
  const found = await Promise.all([0, 1].map((af) => dump(sight, "ip_neighbor_dump", { sw_if_index: none, af })));
  const [names, memberships] = await Promise.all([sight.names, sight.memberships]);
  return found.flat().flatMap(({ neighbor }): VppObject[] => {
    const on = names.nameOf(neighbor.sw_if_index);
    if (on === undefined || (neighbor.flags & 1) === 0) return [];
    const { sw_if_index, ip_address: address, mac_address: mac } = neighbor;
    const family = address.includes(":") ? "ipv6" : "ipv4";
    return [{ kind: "neighbor", on, address, mac, ...inTable(memberships, sw_if_index, family) }];
  });
};

/** All paths at once. */
function replaceRoute({ prefix, paths, table: table_id = 0 }: Route, { vpp, names }: Target): Promise<unknown> {
  const isIpv6 = prefix.includes(":");
  const hops = toPaths(paths.length > 0 ? paths : [{}], isIpv6, names, table_id);
  const encoded = paths.length > 0 ? hops : hops.map((path) => ({ ...path, type: 2 }));
  return vpp.call("ip_route_add_del_v2", {
    is_add: true,
    is_multipath: false,
    route: { table_id, stats_index: 0, prefix, n_paths: encoded.length, src: sources.api, paths: encoded },
  });
}

/** The API's and the boot commands', of which only one can be seen. VPP does not mind a route that is not there. */
function removeRoute({ prefix, table: table_id = 0 }: Route, { vpp }: Target): Promise<unknown> {
  return Promise.all(
    Object.values(sources).map((src) =>
      vpp.call("ip_route_add_del_v2", {
        is_add: false,
        is_multipath: false,
        route: { table_id, stats_index: 0, prefix, n_paths: 0, src, paths: [] },
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
    needs: ["ip_route_v2_dump", "ip_route_lookup_v2", "ip_route_add_del_v2"],
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
