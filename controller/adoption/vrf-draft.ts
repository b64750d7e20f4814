/** Tables of core as VRFs, with their routes. */
import type { Hop } from "../../reconcilers/vpp/model.ts";
import type { JsonObject } from "../../schemas/json.ts";
import { type Objects, section } from "./objects.ts";

export function vrfName(table: number): string {
  return `vrf-${table}`;
}

export function vrfsOf(core: Objects): JsonObject {
  const tables = new Set(core.of("vrf").map(({ table }) => table));
  const routes = core.of("route");
  return Object.fromEntries(
    [...tables].map((table) => {
      const own = routes.filter((route) => route.table === table);
      const said = own.flatMap(({ prefix, paths }) => {
        const route = routeDraft(paths);
        return route === undefined ? [] : [[prefix, route] as const];
      });
      return [vrfName(table), { table, ...section("routes", Object.fromEntries(said)) }] as const;
    }),
  );
}

/** undefined: next hops on several interfaces have no word. */
function routeDraft(paths: readonly Hop[]): JsonObject | undefined {
  const [first] = paths;
  if (first === undefined) return { discard: true };
  if (paths.some((hop) => hop.interface !== first.interface || hop.elsewhere !== undefined)) return undefined;
  const via = paths.flatMap((hop) => hop.via ?? []);
  return {
    ...(via.length > 0 && { via }),
    ...(first.interface !== undefined && { interface: first.interface }),
  };
}
