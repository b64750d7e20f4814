/** How the simulated Incus takes over a pool that another one filled. */
import { configOf, text } from "./objects.ts";
import { Refused, type Body, type Route } from "./routes.ts";
import { expandedDevices, type SimPool, type SimState, type Stored } from "./state.ts";

export function recoverRoutes(state: SimState, storage: Map<string, Stored>): Route {
  return (method, [internal, recover, verb], body) => {
    if (method !== "POST" || internal !== "internal" || recover !== "recover") return undefined;
    const pools = poolsIn(body);
    for (const { source } of pools)
      if (!storage.has(source)) throw new Refused(500, `Pool source "${source}" doesn't exist`);
    const errors = pools.flatMap((pool) => missing(state, storage.get(pool.source)));
    const unknown = pools.flatMap(({ source }) =>
      [...(storage.get(source)?.instances.keys() ?? [])].map((name) => ({ name })),
    );
    if (verb === "validate")
      return { sync: { UnknownVolumes: unknown, DependencyErrors: errors.length > 0 ? errors : null } };
    if (errors.length > 0) return { sync: { UnknownVolumes: unknown, DependencyErrors: errors } };
    for (const pool of pools) take(state, pool, storage.get(pool.source));
    return { sync: {} };
  };
}

function poolsIn(body: Body): readonly SimPool[] {
  return ((body["pools"] ?? []) as Body[]).map((pool) => ({
    name: text(pool["name"]),
    driver: text(pool["driver"]),
    source: configOf(pool["config"])["source"] ?? "",
  }));
}

function missing(state: SimState, stored: Stored | undefined): readonly string[] {
  const instances = [...(stored?.instances.values() ?? [])];
  const profiles = instances.flatMap(({ profiles: names }) => names).filter((name) => !state.profiles.has(name));
  const networks = instances
    .flatMap((instance) => Object.values(expandedDevices(state, instance)))
    .flatMap((device) =>
      device["type"] === "nic" && !state.networks.has(device["network"] ?? "") ? [device["network"]] : [],
    );
  return [
    ...[...new Set(profiles)].map((name) => `Profile "${name}" in project "default"`),
    ...[...new Set(networks)].map((name) => `Network "${name}" in project "default"`),
  ];
}

/** Volumes come without their settings, instances stopped, and with a root device of their own. */
function take(state: SimState, pool: SimPool, stored: Stored | undefined): void {
  state.pools.set(pool.name, pool);
  for (const volume of stored?.volumes.values() ?? []) {
    volume.config = {};
    state.volumes.set(`${pool.name}/${volume.name}`, volume);
  }
  for (const instance of stored?.instances.values() ?? []) {
    instance.status = "Stopped";
    instance.devices = { ...instance.devices, root: { path: "/", pool: pool.name, type: "disk" } };
    state.instances.set(instance.name, instance);
  }
}
