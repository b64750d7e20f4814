/** Instances of the simulated Incus. */
import { checkDevices, configOf, devicesOf, text } from "./objects.ts";
import { Refused, type Body, type Outcome, type Route } from "./routes.ts";
import {
  type Config,
  expandedDevices,
  instanceOn,
  type Kept,
  type SimInstance,
  type SimState,
  type Stored,
  storedOf,
} from "./state.ts";

export function instanceRoutes(state: SimState, storage: Map<string, Stored>): Route {
  return (method, [kind, name, part], body) => {
    if (kind !== "instances") return undefined;
    if (method === "POST" && name === undefined) return { run: () => make(state, storage, body) };
    if (name === undefined) return { sync: [...state.instances.values()].map(shown) };
    const instance = state.instances.get(name);
    if (!instance)
      throw new Refused(404, `Failed to fetch instance "${name}" in project "default": Instance not found`);
    if (part === "state")
      return method === "GET"
        ? { sync: stateOf(state, instance) }
        : { run: () => turn(state, storage, instance, body) };
    if (part === "rebuild") return rebuild(state, storage, instance, body);
    if (method === "GET") return { sync: shown(instance) };
    return method === "DELETE" ? remove(state, storage, instance) : put(state, storage, instance, body);
  };
}

function shown({ name, type, description, config, devices, profiles, status }: SimInstance) {
  return { name, type, description, config, devices, profiles, status, architecture: "x86_64" };
}

function stateOf(state: SimState, instance: SimInstance): unknown {
  const nics = Object.entries(expandedDevices(state, instance)).filter(([, device]) => device["type"] === "nic");
  const network = nics.map(([name, device]) => {
    const address = device["ipv4.address"] ?? "10.234.116.100";
    return [name, { addresses: [{ family: "inet", address, scope: "global" }] }] as const;
  });
  const isUp = instance.status === "Running";
  return { status: instance.status, network: isUp ? Object.fromEntries(network) : null };
}

function make(state: SimState, storage: Map<string, Stored>, body: Body): void {
  const [name, profiles] = [text(body["name"]), body["profiles"] as string[] | undefined];
  if (state.instances.has(name)) {
    throw new Refused(
      500,
      `Failed creating instance record: UNIQUE constraint failed: instances.project_id, instances.name`,
    );
  }
  const base = fingerprintOf(state, body["source"]);
  const kept: Kept = {
    type: text(body["type"]),
    description: text(body["description"]),
    config: checkedConfig({ ...configOf(body["config"]), "image.os": "busybox", "volatile.base_image": base }),
    devices: devicesOf(body["devices"]),
    profiles: profiles ?? ["default"],
  };
  checkDevices(state, kept.devices);
  const stored = storedOf(state, storage, kept);
  if (!stored) throw new Refused(500, "Failed creating instance record: No root device could be found");
  // What the failing call undoes is what was there before.
  if (stored.instances.delete(name))
    throw new Refused(500, `Failed creating instance from image: dataset already exists`);
  stored.instances.set(name, { data: "", made: 1, base, backup: kept });
  state.instances.set(name, instanceOn(stored, name, kept));
}

function fingerprintOf(state: SimState, source: unknown): string {
  const { alias, fingerprint, server } = configOf(source) as Partial<Record<string, string>>;
  const wanted = alias ?? fingerprint ?? "";
  const found = state.images.get(server === undefined ? wanted : `${server} ${wanted}`);
  if (found !== undefined) return found;
  throw new Refused(
    500,
    server === undefined ? "Image not provided for instance creation" : `Failed getting remote image info`,
  );
}

function turn(state: SimState, storage: Map<string, Stored>, instance: SimInstance, { action, force }: Body): void {
  if (action === "start") {
    if (instance.status === "Running") throw new Refused(500, "The instance is already running");
    if (!storedOf(state, storage, instance)?.instances.has(instance.name))
      throw new Refused(500, "Failed to run: dataset does not exist");
    instance.status = "Running";
    instance.startedWith = instance.config;
    return;
  }
  if (instance.status === "Stopped") throw new Refused(400, "The instance is already stopped");
  // One without an init that listens ends only by force.
  if (force !== true && instance.config["user.deaf"] !== undefined)
    throw new Refused(500, 'Failed shutting down instance, status is "Running": context deadline exceeded');
  instance.status = "Stopped";
}

function rebuild(state: SimState, storage: Map<string, Stored>, instance: SimInstance, body: Body): Outcome {
  if (instance.status === "Running") throw new Refused(400, "Instance must be stopped to be rebuilt");
  return {
    run: () => {
      const base = fingerprintOf(state, body["source"]);
      instance.config = { ...instance.config, "volatile.base_image": base };
      const stored = storedOf(state, storage, instance);
      stored?.instances.set(instance.name, { data: "", made: instance.made + 1, base, backup: keptOf(instance) });
    },
  };
}

function remove(state: SimState, storage: Map<string, Stored>, instance: SimInstance): Outcome {
  if (instance.status === "Running") throw new Refused(400, "Instance is running");
  return {
    run: () => {
      storedOf(state, storage, instance)?.instances.delete(instance.name);
      state.instances.delete(instance.name);
    },
  };
}

function keptOf({ type, description, config, devices, profiles }: SimInstance): Kept {
  return structuredClone({ type, description, config, devices, profiles });
}

function put(state: SimState, storage: Map<string, Stored>, instance: SimInstance, body: Body): Outcome {
  const profiles = body["profiles"] as string[];
  if (profiles.some((name) => !state.profiles.has(name))) throw new Refused(404, "Profile not found");
  return {
    run: () => {
      const [config, devices] = [configOf(body["config"]), devicesOf(body["devices"])];
      const lost = Object.keys(instance.config).some((key) => key.startsWith("volatile.") && config[key] === undefined);
      if (lost) throw new Refused(500, "Volatile idmap keys can't be deleted by the user");
      checkDevices(state, devices);
      Object.assign(instance, {
        config: checkedConfig(config),
        devices,
        profiles,
        description: text(body["description"]),
      });
      const root = storedOf(state, storage, instance)?.instances.get(instance.name);
      if (root) root.backup = keptOf(instance);
    },
  };
}

const families =
  /^(user|limits|boot|security|cloud-init|environment|raw|snapshots|linux|nvidia|migration|cluster|image|volatile)\./;

function checkedConfig(config: Config): Config {
  const unknown = Object.keys(config).find((key) => !families.test(key));
  if (unknown !== undefined) throw new Refused(500, `Invalid config: Unknown configuration key: ${unknown}`);
  return config;
}
