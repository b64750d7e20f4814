/** Reads what Incus has, whoever made it. It is not asked where it is not installed. */
import { asProblem } from "../../schemas/problem.ts";
import type { Host } from "../core.ts";
import { type Incus, openIncus } from "./api.ts";
import { type Answered, record, textOf } from "./http.ts";
import {
  type Config,
  type Devices,
  dueMark,
  type IncusObserved,
  laterMark,
  type LiveObject,
  unfinished,
} from "./model.ts";

/** No answer at all: there is no Incus here. */
export const absent = "absent";

/** One answer to who only looks: nobody else is to wait for an Incus that hangs. */
const answerMs = 5000;

/** Implements Reconciler.observe: that Incus does not answer concerns only who asks something of it. */
export async function observeIncus(host: Host, socket: string, signal: AbortSignal): Promise<IncusObserved> {
  if ((await host.attributes(socket)) === undefined) return { silent: absent, objects: [] };
  try {
    const incus = openIncus(host, socket, answerMs);
    const { environment } = record(await incus.get("/1.0", signal));
    const { server_version: version } = record(environment);
    return {
      ...(typeof version === "string" && { version }),
      objects: await liveObjects(incus, signal),
      images: await imagesOf(incus, signal),
    };
  } catch (thrown) {
    signal.throwIfAborted();
    return { silent: asProblem(thrown).message, objects: [] };
  }
}

async function liveObjects(incus: Incus, signal: AbortSignal): Promise<readonly LiveObject[]> {
  const all = (path: string) => listed(incus, path, signal);
  const pools = await all("storage-pools");
  const networks = (await all("networks")).filter(({ managed }) => managed === true);
  const profiles = await all("profiles");
  const instances = await all("instances");
  const volumes: LiveObject[] = [];
  for (const pool of pools.map(({ name }) => textOf(name))) {
    for (const volume of await all(`storage-pools/${encodeURIComponent(pool)}/volumes/custom`)) {
      const [name, config] = [textOf(volume.name), configOf(volume.config)];
      volumes.push({ object: { kind: "volume", pool, name, config }, users: usersOf(volume) });
    }
  }
  return [
    ...networks.map((network) => ({
      object: { kind: "network", name: textOf(network.name), config: configOf(network.config) } as const,
      users: usersOf(network),
    })),
    ...pools.map((pool) => {
      const { source = "" } = configOf(pool.config);
      const [name, driver] = [textOf(pool.name), textOf(pool.driver)];
      return { object: { kind: "pool", name, driver, source } as const, users: usersOf(pool) };
    }),
    ...profiles.map((profile) => ({ object: profileOf(profile), users: usersOf(profile) })),
    ...volumes,
    ...instances.map(instanceOf),
  ];
}

async function listed(incus: Incus, path: string, signal: AbortSignal): Promise<readonly Answered[]> {
  const found = await incus.get(`/1.0/${path}?recursion=1`, signal);
  return Array.isArray(found) ? found.map(record) : [];
}

async function imagesOf(incus: Incus, signal: AbortSignal): Promise<readonly string[]> {
  const images = await listed(incus, "images", signal);
  return images.flatMap(({ fingerprint, aliases }) => [
    textOf(fingerprint),
    ...(Array.isArray(aliases) ? aliases.map((alias) => textOf(record(alias).name)) : []),
  ]);
}

function profileOf(profile: Answered) {
  return {
    kind: "profile",
    name: textOf(profile.name),
    description: textOf(profile.description),
    config: configOf(profile.config),
    devices: devicesOf(profile.devices),
  } as const;
}

function instanceOf(instance: Answered): LiveObject {
  const { [dueMark]: due, [laterMark]: later, ...config } = configOf(instance.config);
  return {
    object: {
      kind: "instance",
      name: textOf(instance.name),
      type: instance.type === "virtual-machine" ? "virtual-machine" : "container",
      description: textOf(instance.description),
      config,
      devices: devicesOf(instance.devices),
      profiles: Array.isArray(instance.profiles) ? instance.profiles.map(textOf) : [],
      running: instance.status !== "Stopped",
    },
    users: [],
    ...(due !== undefined && { isDue: true }),
    ...(later !== undefined && { isLater: true }),
    ...(later === unfinished && { isUnfinished: true }),
  };
}

/** Without what Incus remembers there by itself, and what it takes over from an image. */
function configOf(value: unknown): Config {
  const entries = Object.entries(record(value)).filter(([key]) => !isKept(key));
  return Object.fromEntries(entries.map(([key, text]) => [key, textOf(text)]));
}

/** Whether a key is none of ours, and stays as it is when others change. */
export function isKept(key: string): boolean {
  return /^(volatile|image)\./.test(key);
}

function devicesOf(value: unknown): Devices {
  return Object.fromEntries(Object.entries(record(value)).map(([name, device]) => [name, configOf(device)]));
}

/** "/1.0/instances/unbound?project=default" → "instance unbound" */
function usersOf(object: Answered): readonly string[] {
  const paths = Array.isArray(object.used_by) ? object.used_by.map(textOf) : [];
  return paths.flatMap((path) => {
    const [, kind = "", name = ""] = /^\/1\.0\/([a-z-]+)\/([^/?]+)/.exec(path) ?? [];
    return kind === "" ? [] : [`${kind.replace(/s$/, "")} ${decodeURIComponent(name)}`];
  });
}
