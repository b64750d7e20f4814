/**
 * Incus's bridge and VPP's end on it as `containers`, and the instances that impctl made as `services`: the inverse of
 * reconcilers/incus/render.ts and vpp/render/containers.ts.
 */
import type { Config, Instance, LiveObject, Profile } from "../../reconcilers/incus/model.ts";
import { imageMark, imageOf, isMarked, mark } from "../../reconcilers/incus/model.ts";
import type { HostInterface } from "../../reconcilers/vpp/model.ts";
import type { JsonObject } from "../../schemas/json.ts";
import { cidrOf, covers } from "../../schemas/semantics/networks.ts";
import type { Found } from "./found.ts";
import { steersContainers } from "./nat-draft.ts";
import { named, Objects, section } from "./objects.ts";

export interface ContainersDraft {
  /** VPP's interface, which is no port of the machine then. */
  readonly port: string;
  readonly sections: JsonObject;
}

/** undefined: VPP has no interface in a network of Incus. */
export function containersDraft(found: Found): ContainersDraft | undefined {
  const core = new Objects(found.vpp.core);
  const objects = found.incus.objects.map(({ object }: LiveObject) => object);
  for (const network of objects) {
    if (network.kind !== "network") continue;
    for (const host of core.of("host-interface").filter(({ name, device }) => name === `host-${device}`)) {
      const own = addressesIn(core, host, network.config);
      if (own === undefined) continue;
      const nat = steersContainers(found, host.name);
      const services = objects.filter((one) => one.kind === "instance").filter(isMarked);
      const remotes = remotesOf(services);
      const profiles = objects.filter((one) => one.kind === "profile").filter(({ name }) => name !== "default");
      const containers = {
        ...own,
        bridge: network.name,
        "host-interface": host.device,
        ...(nat === false && { nat }),
        ...section("storage", storageOf(found)),
        ...section("profiles", named(profiles, profileOf)),
        ...section("remotes", remotes),
      };
      const sizes = new Map(
        objects.flatMap((one) =>
          one.kind === "volume" && one.config["size"] !== undefined ? [[one.name, one.config["size"]]] : [],
        ),
      );
      const all = named(services, (one) => serviceOf(one, remotes, sizes));
      return { port: host.name, sections: { containers, ...section("services", all) } };
    }
  }
  return undefined;
}

/** Both ends of the bridge's networks; undefined: VPP's is not in Incus's. */
function addressesIn(core: Objects, { name }: HostInterface, config: Config): JsonObject | undefined {
  const all = core.on("address", name).flatMap(({ address }) => cidrOf(address) ?? []);
  const ends = (["ipv4", "ipv6"] as const).map((family) => {
    const bridge = cidrOf(config[`${family}.address`] ?? "none");
    const gateway = all.find(
      (one) =>
        one.family === family &&
        (bridge === undefined || covers(one, bridge)) &&
        one.length < (family === "ipv4" ? 32 : 128),
    );
    return { bridge, gateway };
  });
  const [four, six] = ends;
  if (four?.bridge === undefined || four.gateway === undefined) return undefined;
  const [from = "", to] = (config["ipv4.dhcp.ranges"] ?? "").split("-");
  return {
    network: four.gateway.network,
    gateway: four.gateway.address,
    "bridge-address": four.bridge.address,
    ...(to !== undefined && config["ipv4.dhcp"] !== "false" && { dhcp: { from, to } }),
    ...(six?.gateway && {
      ipv6: {
        network: six.gateway.network,
        gateway: six.gateway.address,
        ...(six.bridge && { "bridge-address": six.bridge.address }),
      },
    }),
  };
}

/** The pool of the default profile's root disk. */
function storageOf({ incus: { objects } }: Found): JsonObject {
  const all = objects.map(({ object }) => object);
  const usual = all.find((one): one is Profile => one.kind === "profile" && one.name === "default");
  const name = usual?.devices["root"]?.["pool"];
  const pool = all.find((one) => one.kind === "pool" && one.name === name);
  return pool?.kind === "pool" ? { pool: pool.name, driver: pool.driver, source: pool.source } : {};
}

function profileOf({ description, config, devices }: Profile): JsonObject {
  return {
    ...(description !== "" && { description }),
    ...section("config", own(config)),
    ...section("devices", devices),
  };
}

function remotesOf(instances: readonly Instance[]): JsonObject {
  const servers = new Map(
    instances.flatMap((instance) => {
      const { server, protocol } = imageOf(instance) ?? {};
      return server === undefined ? [] : [[server, { url: server, ...(protocol !== undefined && { protocol }) }]];
    }),
  );
  return Object.fromEntries([...servers.values()].map((remote, at) => [`remote${at + 1}`, remote]));
}

/** `sizes`: of volumes, by name. */
function serviceOf(instance: Instance, remotes: JsonObject, sizes: ReadonlyMap<string, string>): JsonObject {
  const { type, description, config, devices, profiles, running } = instance;
  const { alias, fingerprint, server } = imageOf(instance) ?? {};
  const remote = Object.entries(remotes).find(([, one]) => (one as { readonly url: string }).url === server)?.[0];
  const {
    "boot.autostart": _,
    "limits.cpu": cpu,
    "limits.memory": memory,
    "cloud-init.user-data": userData,
    ...rest
  } = own(config);
  const { root, eth0, ...others } = devices;
  const volumes = Object.entries(others).filter(
    ([name, { type: kind }]) => name.startsWith("data-") && kind === "disk",
  );
  const data = volumes.map(([name, { path = "", source = "" }]) => {
    const size = sizes.get(source);
    return [name.slice("data-".length), { path, volume: source, ...(size !== undefined && { size }) }] as const;
  });
  const kept = Object.entries(others).filter(([name]) => !volumes.some(([volume]) => volume === name));
  const limits = {
    ...(cpu !== undefined && { cpu: Number(cpu) }),
    ...(memory !== undefined && { memory }),
    ...(root?.["size"] !== undefined && { disk: root["size"] }),
  };
  return {
    ...(description !== "" && { description }),
    ...(!running && { enabled: false }),
    instance: {
      type,
      image: {
        ...(alias !== undefined && { alias }),
        ...(fingerprint !== undefined && { fingerprint }),
        ...(remote !== undefined && { remote }),
      },
      ...(profiles.length > 1 && { profiles: profiles.slice(1) }),
      ...(eth0?.["ipv4.address"] !== undefined && { address: eth0["ipv4.address"] }),
      ...section("limits", limits),
      ...(userData !== undefined && { "user-data": userData }),
      ...section("data", Object.fromEntries(data)),
      ...section("config", rest),
      ...section("devices", Object.fromEntries(kept)),
    },
  };
}

/** Without the marks of impctl. */
function own(config: Config): Config {
  const { [mark]: _, [imageMark]: __, ...rest } = config;
  return rest;
}
