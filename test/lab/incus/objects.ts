/** Pools, networks, profiles and volumes of the simulated Incus. */
import { Refused, type Body, type Outcome, type Route } from "./routes.ts";
import {
  type Config,
  type Devices,
  type SimProfile,
  type SimState,
  type SimVolume,
  type Stored,
  usersOfNetwork,
  usersOfProfile,
  usersOfVolume,
  volumeOn,
} from "./state.ts";

export function objectRoutes(state: SimState, storage: Map<string, Stored>): Route {
  return (method, [kind = "", name, deeper, of, inner], body) => {
    if (kind === "storage-pools" && deeper === "volumes" && of === "custom" && name !== undefined) {
      return volumes(state, storage, name, method, inner, body);
    }
    if (kind === "storage-pools") return pools(state, storage, method, name, body);
    if (kind === "networks") return networks(state, method, name, body);
    return kind === "profiles" ? profiles(state, method, name, body) : undefined;
  };
}

const made: Outcome = { sync: null, status: 201 };
const done: Outcome = { sync: {} };

function pools(
  state: SimState,
  storage: Map<string, Stored>,
  method: string,
  name: string | undefined,
  body: Body,
): Outcome {
  const shown = (pool: { name: string; driver: string; source: string }) => ({
    name: pool.name,
    driver: pool.driver,
    config: { source: pool.source },
    used_by: [...state.volumes.keys()].map(
      (key) => `/1.0/storage-pools/${pool.name}/volumes/custom/${key.split("/")[1]}`,
    ),
    status: "Created",
  });
  if (method === "POST") {
    const [called, driver, source] = [
      text(body["name"]),
      text(body["driver"]),
      configOf(body["config"])["source"] ?? "",
    ];
    if (state.pools.has(called)) throw new Refused(409, "The storage pool already exists: The record already exists");
    if (storage.has(source)) throw new Refused(500, `Source path '${source}' isn't empty`);
    storage.set(source, { volumes: new Map(), instances: new Map() });
    state.pools.set(called, { name: called, driver, source });
    return made;
  }
  if (name === undefined) return { sync: [...state.pools.values()].map(shown) };
  const pool = state.pools.get(name);
  if (!pool) throw new Refused(404, "Storage pool not found");
  return { sync: shown(pool) };
}

function networks(state: SimState, method: string, name: string | undefined, body: Body): Outcome {
  const shown = ({ name: called, config }: { name: string; config: Config }) => ({
    name: called,
    config,
    type: "bridge",
    managed: true,
    used_by: usersOfNetwork(state, called),
  });
  if (method === "POST") {
    const called = text(body["name"]);
    if (state.networks.has(called)) throw new Refused(409, `Network "${called}" already exists`);
    state.networks.set(called, { name: called, config: checkedNetwork(called, configOf(body["config"])) });
    return made;
  }
  if (name === undefined)
    return { sync: [...[...state.networks.values()].map(shown), { name: "lo", managed: false, config: {} }] };
  const network = state.networks.get(name);
  if (!network) throw new Refused(404, "Network not found");
  if (method === "GET") return { sync: shown(network) };
  if (method === "DELETE") {
    if (usersOfNetwork(state, name).length > 0) throw new Refused(400, "The network is currently in use");
    state.networks.delete(name);
    return done;
  }
  network.config = checkedNetwork(name, configOf(body["config"]));
  return done;
}

function checkedNetwork(name: string, config: Config): Config {
  const address = config["ipv4.address"];
  if (address !== undefined && address !== "none" && !/^[\d.]+\/\d+$/.test(address)) {
    throw new Refused(
      500,
      `Invalid value for network "${name}" option "ipv4.address": invalid CIDR address: ${address}`,
    );
  }
  return config;
}

function profiles(state: SimState, method: string, name: string | undefined, body: Body): Outcome {
  const shown = (profile: SimProfile) => ({ ...profile, used_by: usersOfProfile(state, profile.name) });
  const content = () => {
    const devices = devicesOf(body["devices"]);
    checkDevices(state, devices);
    return { description: text(body["description"]), config: configOf(body["config"]), devices };
  };
  if (method === "POST") {
    const called = text(body["name"]);
    if (state.profiles.has(called))
      throw new Refused(500, `Error inserting "${called}" into database: The profile already exists`);
    state.profiles.set(called, { name: called, ...content() });
    return made;
  }
  if (name === undefined) return { sync: [...state.profiles.values()].map(shown) };
  const profile = state.profiles.get(name);
  if (!profile) throw new Refused(404, "Profile not found");
  if (method === "GET") return { sync: shown(profile) };
  if (method === "DELETE") {
    if (name === "default") throw new Refused(403, 'The "default" profile cannot be deleted');
    if (usersOfProfile(state, name).length > 0) throw new Refused(400, "Profile is currently in use");
    state.profiles.delete(name);
    return done;
  }
  Object.assign(profile, content());
  return done;
}

/** What a device is on has to be there. */
export function checkDevices(state: SimState, devices: Devices): void {
  for (const [name, device] of Object.entries(devices)) {
    const { network, pool, source, type } = device as Partial<Record<string, string>>;
    if (type === "nic" && network !== undefined && !state.networks.has(network))
      throw new Refused(
        500,
        `Device validation failed for "${name}": Failed loading network "${network}": Network not found`,
      );
    if (type !== "disk" || pool === undefined) continue;
    if (!state.pools.has(pool))
      throw new Refused(500, `Device validation failed for "${name}": Storage pool not found`);
    if (source !== undefined && !state.volumes.has(`${pool}/${source}`))
      throw new Refused(500, `Device validation failed for "${name}": Storage volume not found`);
  }
}

function volumes(
  state: SimState,
  storage: Map<string, Stored>,
  pool: string,
  method: string,
  name: string | undefined,
  body: Body,
): Outcome {
  const at = state.pools.get(pool);
  if (!at) throw new Refused(404, "Storage pool not found");
  const shown = (volume: SimVolume) => ({
    name: volume.name,
    config: volume.config,
    type: "custom",
    content_type: "filesystem",
    used_by: usersOfVolume(state, pool, volume.name),
  });
  if (method === "POST") {
    const called = text(body["name"]);
    if (state.volumes.has(`${pool}/${called}`)) throw new Refused(409, "Volume by that name already exists");
    const stored = storage.get(at.source);
    if (stored?.volumes.has(called))
      throw new Refused(500, `Volume path "${at.source}/custom/${called}" already exists`);
    stored?.volumes.set(called, { data: "" });
    state.volumes.set(`${pool}/${called}`, volumeOn(stored, called, configOf(body["config"])));
    return done;
  }
  if (name === undefined) {
    const here = [...state.volumes].filter(([key]) => key.startsWith(`${pool}/`));
    return { sync: here.map(([, volume]) => shown(volume)) };
  }
  const volume = state.volumes.get(`${pool}/${name}`);
  if (!volume) throw new Refused(404, "Storage volume not found");
  if (method === "GET") return { sync: shown(volume) };
  if (method === "DELETE") {
    if (usersOfVolume(state, pool, name).length > 0) throw new Refused(400, "The storage volume is still in use");
    state.volumes.delete(`${pool}/${name}`);
    storage.get(at.source)?.volumes.delete(name);
    return done;
  }
  volume.config = configOf(body["config"]);
  return done;
}

export function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

export function configOf(value: unknown): Config {
  return { ...(value as Config | undefined) };
}

export function devicesOf(value: unknown): Devices {
  return structuredClone((value ?? {}) as Devices);
}
