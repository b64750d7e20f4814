/** How the simulated Incus takes over a pool that another one filled. */
import { configOf, text } from "./objects.ts";
import { Refused, type Body, type Route } from "./routes.ts";
import { expandedDevices, instanceOn, type Root, type SimPool, type SimState, type Stored, volumeOn } from "./state.ts";

export function recoverRoutes(state: SimState, storage: Map<string, Stored>): Route {
  return (method, [internal, recover, verb], body) => {
    if (method !== "POST" || internal !== "internal" || recover !== "recover") return undefined;
    const pools = poolsIn(body);
    for (const { source } of pools)
      if (!storage.has(source)) throw new Refused(500, `Pool source "${source}" doesn't exist`);
    const found = pools.map((pool) => [pool, unknownIn(state, pool, storage.get(pool.source))] as const);
    const errors = found.flatMap(([, { instances }]) => missing(state, [...instances.values()]));
    const unknown = found.flatMap(([{ name: pool }, { volumes, instances }]) => [
      ...[...volumes.keys()].map((name) => ({ name, type: "volume", project: "default", pool })),
      ...[...instances].map(([name, { backup }]) => ({ name, type: backup.type, project: "default", pool })),
    ]);
    if (verb === "validate")
      return { sync: { UnknownVolumes: unknown, DependencyErrors: errors.length > 0 ? errors : null } };
    if (errors.length > 0) return { sync: { UnknownVolumes: unknown, DependencyErrors: errors } };
    for (const [pool, stored] of found) take(state, pool, stored, storage.get(pool.source));
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

/** What the storage has and the database does not. */
function unknownIn(state: SimState, { name }: SimPool, stored: Stored | undefined): Stored {
  return {
    volumes: new Map([...(stored?.volumes ?? [])].filter(([volume]) => !state.volumes.has(`${name}/${volume}`))),
    instances: new Map([...(stored?.instances ?? [])].filter(([instance]) => !state.instances.has(instance))),
  };
}

function missing(state: SimState, roots: readonly Root[]): readonly string[] {
  const instances = roots.map(({ backup }) => backup);
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
function take(state: SimState, pool: SimPool, { volumes, instances }: Stored, stored: Stored | undefined): void {
  state.pools.set(pool.name, state.pools.get(pool.name) ?? pool);
  for (const name of volumes.keys()) state.volumes.set(`${pool.name}/${name}`, volumeOn(stored, name, {}));
  for (const [name, { backup }] of instances) {
    const devices = { ...backup.devices, root: { path: "/", pool: pool.name, type: "disk" } };
    state.instances.set(name, instanceOn(stored, name, { ...backup, devices }));
  }
}
