/** From a machine to what Incus is to have: the containers' bridge, and for its services storage, profiles and instances. Pure. */
import type { Containers } from "../../schemas/containers.ts";
import type { Instance as Declared } from "../../schemas/instances.ts";
import type { Machine } from "../../schemas/machine.ts";
import { applies, type ProgramVersions } from "../../schemas/when.ts";
import {
  type Config,
  type Devices,
  type ImageSource,
  imageMark,
  type IncusDesired,
  type IncusObject,
  type Instance,
  mark,
  type Network,
  type Profile,
} from "./model.ts";

type Values = Readonly<Record<string, string | number | boolean>>;

const marked = { [mark]: "1" } as const;

/** Without containers, and so without anything of Incus, it asks for nothing; what was ours goes then. */
export function renderIncus({ containers, services, policy }: Machine, versions: ProgramVersions = {}): IncusDesired {
  const prune = policy.prune === "all" ? ({ prune: "all" } as const) : {};
  if (containers === undefined) return { objects: [], ...prune };
  const declared = Object.entries(services).flatMap(([name, { instance, enabled, description = "", when }]) =>
    instance && applies(when, versions) ? [{ name, enabled, description, instance }] : [],
  );
  return {
    objects: [networkOf(containers), ...(declared.length > 0 ? ofServices(containers, declared) : [])],
    ...prune,
  };
}

interface Service {
  readonly name: string;
  readonly enabled: boolean;
  readonly description: string;
  readonly instance: Declared;
}

function ofServices(containers: Containers, services: readonly Service[]): readonly IncusObject[] {
  const { pool, driver, source } = containers.storage;
  const volumes = services.flatMap(({ name, instance }) =>
    Object.entries(instance.data).map(([part, { size, volume }]) => ({
      kind: "volume" as const,
      pool,
      name: volume ?? `${name}-${part}`,
      config: { ...marked, ...(size !== undefined && { size }) },
    })),
  );
  return [
    { kind: "pool", name: pool, driver, source },
    defaultProfile(containers),
    ...profilesOf(containers),
    ...new Map(volumes.map((volume) => [volume.name, volume])).values(),
    ...services.map((service) => instanceOf(containers, service)),
  ];
}

/**
 * VPP is the gateway, translates, and sends the router advertisements: Incus gives addresses, and routes nothing, so that nobody
 * gets from a container to the management network.
 */
function networkOf(containers: Containers): Network {
  const { network, gateway, bridge, dhcp, ipv6, "bridge-address": address } = containers;
  const six = ipv6?.["bridge-address"];
  return {
    kind: "network",
    name: bridge,
    config: {
      ...marked,
      "ipv4.address": `${address}${lengthOf(network)}`,
      "ipv4.nat": "false",
      "ipv4.routing": "false",
      ...(dhcp
        ? { "ipv4.dhcp.gateway": gateway, "ipv4.dhcp.ranges": `${dhcp.from}-${dhcp.to}` }
        : { "ipv4.dhcp": "false" }),
      ...(ipv6 && six !== undefined
        ? {
            "ipv6.address": `${six}${lengthOf(ipv6.network)}`,
            "ipv6.nat": "false",
            "ipv6.routing": "false",
            "ipv6.dhcp": "false",
            // A router of lifetime 0 is nobody's default gateway.
            "raw.dnsmasq": `ra-param=${bridge},0,0`,
          }
        : { "ipv6.address": "none" }),
    },
  };
}

function lengthOf(prefix: string): string {
  return prefix.slice(prefix.indexOf("/"));
}

/** What every instance has, also one that is made by hand. */
function defaultProfile({ bridge, storage: { pool } }: Containers): Profile {
  return {
    kind: "profile",
    name: "default",
    description: "Default Incus profile",
    config: marked,
    devices: {
      root: { type: "disk", path: "/", pool },
      eth0: { type: "nic", name: "eth0", network: bridge },
    },
  };
}

function profilesOf({ profiles }: Containers): readonly Profile[] {
  return Object.entries(profiles).map(([name, { description = "", config, devices }]) => ({
    kind: "profile",
    name,
    description,
    config: { ...marked, ...textsOf(config) },
    devices: devicesOf(devices),
  }));
}

function instanceOf(containers: Containers, { name, enabled, description, instance }: Service): Instance {
  const { limits, "user-data": userData } = instance;
  return {
    kind: "instance",
    name,
    type: instance.type,
    description,
    config: {
      ...marked,
      [imageMark]: JSON.stringify(sourceOf(containers, instance)),
      "boot.autostart": String(enabled),
      ...(limits.cpu !== undefined && { "limits.cpu": String(limits.cpu) }),
      ...(limits.memory !== undefined && { "limits.memory": limits.memory }),
      ...(userData !== undefined && { "cloud-init.user-data": userData }),
      ...textsOf(instance.config),
    },
    devices: ownDevices(containers, name, instance),
    profiles: ["default", ...instance.profiles],
    running: enabled,
  };
}

function ownDevices({ bridge, storage: { pool } }: Containers, instance: string, declared: Declared): Devices {
  const { address, limits, data, devices } = declared;
  const volumes = Object.entries(data).map(([part, { path, volume }]) => [
    `data-${part}`,
    { type: "disk", pool, source: volume ?? `${instance}-${part}`, path },
  ]);
  return {
    ...(limits.disk !== undefined && { root: { type: "disk", path: "/", pool, size: limits.disk } }),
    ...(address !== undefined && { eth0: { type: "nic", name: "eth0", network: bridge, "ipv4.address": address } }),
    ...Object.fromEntries(volumes),
    ...devicesOf(devices),
  };
}

function sourceOf({ remotes }: Containers, { image: { alias, fingerprint, remote } }: Declared): ImageSource {
  const from = remote === undefined ? undefined : remotes[remote];
  return {
    ...(alias !== undefined && { alias }),
    ...(fingerprint !== undefined && { fingerprint }),
    ...(from && { server: from.url, protocol: from.protocol }),
  };
}

function textsOf(values: Values): Config {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, String(value)]));
}

function devicesOf(devices: Readonly<Record<string, Values>>): Devices {
  return Object.fromEntries(Object.entries(devices).map(([name, device]) => [name, textsOf(device)]));
}
