/** Instances of the simulated Incus. */
import { checkDevices, configOf, devicesOf, text } from "./objects.ts";
import { Refused, type Body, type Outcome, type Route, type Work } from "./routes.ts";
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
    if (method === "POST" && name === undefined) return make(state, storage, body);
    if (name === undefined) return { sync: [...state.instances.values()].map((one) => shown(state, one)) };
    const instance = state.instances.get(name);
    if (!instance)
      throw new Refused(404, `Failed to fetch instance "${name}" in project "default": Instance not found`);
    if (part === "state")
      return method === "GET" ? { sync: stateOf(state, instance) } : turn(state, storage, instance, body);
    if (part === "rebuild") return rebuild(state, storage, instance, body);
    if (method === "GET") return { sync: shown(state, instance) };
    return method === "DELETE" ? remove(state, storage, instance) : put(state, storage, instance, body);
  };
}

function shown(state: SimState, instance: SimInstance) {
  const { name, type, description, config, devices, profiles, status } = instance;
  const expanded = { expanded_devices: expandedDevices(state, instance), architecture: "x86_64" };
  return { name, type, description, config, devices, profiles, status, ...expanded };
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

/** The record comes first, as it is sent; then its file system, and what a failing call undoes is both. */
function make(state: SimState, storage: Map<string, Stored>, body: Body): Work {
  const [name, profiles] = [text(body["name"]), body["profiles"] as string[] | undefined];
  let made: { readonly stored: Stored; readonly base: string; readonly kept: Kept } | undefined;
  return {
    doing: "Creating instance",
    instance: name,
    fetches: protocolOf(body["source"]),
    begin() {
      busyWith(state, name);
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
      made = { stored, base, kept };
      state.instances.set(name, instanceOn(stored, name, kept));
      state.making.add(name);
    },
    run() {
      if (!made) return;
      const { stored, base, kept } = made;
      state.making.delete(name);
      // What the failing call undoes is what was there before.
      if (stored.instances.delete(name)) {
        state.instances.delete(name);
        throw new Refused(500, `Failed creating instance from image: dataset already exists`);
      }
      stored.instances.set(name, { data: "", made: 1, base, backup: kept });
    },
  };
}

function busyWith({ making }: SimState, name: string): void {
  if (making.has(name)) throw new Refused(500, 'Instance is busy running a "create" operation');
}

function protocolOf(source: unknown): string | undefined {
  const { server, protocol } = configOf(source) as Partial<Record<string, string>>;
  return server === undefined ? undefined : (protocol ?? "incus");
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

function turn(state: SimState, storage: Map<string, Stored>, instance: SimInstance, body: Body): Work {
  const { action, force } = body;
  const run = (): void => {
    busyWith(state, instance.name);
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
  };
  return { doing: action === "start" ? "Starting instance" : "Stopping instance", instance: instance.name, run };
}

/** It keeps nobody away, and in the end its settings are again what they were when it was asked for. */
function rebuild(state: SimState, storage: Map<string, Stored>, instance: SimInstance, body: Body): Outcome {
  if (instance.status === "Running") throw new Refused(400, "Instance must be stopped to be rebuilt");
  const loaded = instance.config;
  return {
    doing: "Rebuilding instance",
    instance: instance.name,
    fetches: protocolOf(body["source"]),
    run: () => {
      withVolume(state, instance);
      const base = fingerprintOf(state, body["source"]);
      const stored = storedOf(state, storage, instance);
      const { made } = instance;
      stored?.instances.delete(instance.name);
      state.rootless.add(instance.name);
      if (base === tooLarge)
        throw new Refused(500, "Failed rebuilding instance from image: write: no space left on device");
      instance.config = { ...loaded, "volatile.base_image": base };
      stored?.instances.set(instance.name, { data: "", made: made + 1, base, backup: keptOf(instance) });
      state.rootless.delete(instance.name);
    },
  };
}

/** Fingerprint of an image for which there is no room. */
export const tooLarge = "too large";

function remove(state: SimState, storage: Map<string, Stored>, instance: SimInstance): Outcome {
  if (instance.status === "Running") throw new Refused(400, "Instance is running");
  return {
    doing: "Deleting instance",
    instance: instance.name,
    run: () => {
      busyWith(state, instance.name);
      storedOf(state, storage, instance)?.instances.delete(instance.name);
      state.instances.delete(instance.name);
      state.rootless.delete(instance.name);
    },
  };
}

function withVolume({ rootless }: SimState, { name }: SimInstance): void {
  if (rootless.has(name)) throw new Refused(500, "Instance storage pool not found");
}

function keptOf({ type, description, config, devices, profiles }: SimInstance): Kept {
  return structuredClone({ type, description, config, devices, profiles });
}

function put(state: SimState, storage: Map<string, Stored>, instance: SimInstance, body: Body): Outcome {
  const profiles = body["profiles"] as string[];
  if (profiles.some((name) => !state.profiles.has(name))) throw new Refused(404, "Profile not found");
  return {
    doing: "Updating instance",
    instance: instance.name,
    run: () => {
      // It takes over what keeps others away while an instance is made, and gives that up.
      state.making.delete(instance.name);
      const [config, devices] = [configOf(body["config"]), devicesOf(body["devices"])];
      const lost = Object.keys(instance.config).some((key) => key.startsWith("volatile.") && config[key] === undefined);
      if (lost) throw new Refused(500, "Volatile idmap keys can't be deleted by the user");
      checkDevices(state, devices);
      withVolume(state, instance);
      const root = storedOf(state, storage, instance)?.instances.get(instance.name);
      if (!root) throw new Refused(500, "Failed to write backup file: Failed to mount: dataset does not exist");
      Object.assign(instance, {
        config: checkedConfig(config),
        devices,
        profiles,
        description: text(body["description"]),
      });
      root.backup = keptOf(instance);
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
