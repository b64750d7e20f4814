/** What the simulated Incus knows, and what its storage keeps when it forgets. */

export type Config = Record<string, string>;
export type Devices = Record<string, Config>;

export interface SimNetwork {
  readonly name: string;
  config: Config;
}

export interface SimProfile {
  readonly name: string;
  description: string;
  config: Config;
  devices: Devices;
}

export interface SimVolume {
  readonly name: string;
  config: Config;
  /** What somebody wrote into it. */
  data: string;
}

export interface SimInstance {
  readonly name: string;
  readonly type: string;
  description: string;
  config: Config;
  devices: Devices;
  profiles: string[];
  status: "Running" | "Stopped";
  /** What somebody wrote into its own file system, and how often that was made. */
  data: string;
  made: number;
  /** What it runs with: of the last start. */
  startedWith: Config;
}

export interface SimPool {
  readonly name: string;
  readonly driver: string;
  readonly source: string;
}

/** What stands in the file system or dataset of a pool. */
export interface Stored {
  readonly volumes: Map<string, SimVolume>;
  readonly instances: Map<string, SimInstance>;
}

export interface SimState {
  readonly pools: Map<string, SimPool>;
  readonly networks: Map<string, SimNetwork>;
  readonly profiles: Map<string, SimProfile>;
  readonly instances: Map<string, SimInstance>;
  /** By pool and name. */
  readonly volumes: Map<string, SimVolume>;
  /** Aliases of images that are here, to their fingerprints; of servers "https://… alias". */
  readonly images: Map<string, string>;
}

/** A daemon that never ran before, beside what its storage keeps. */
export function freshState(images: Readonly<Record<string, string>>): SimState {
  const usual = { name: "default", description: "Default Incus profile", config: {}, devices: {} };
  return {
    pools: new Map(),
    networks: new Map(),
    profiles: new Map([["default", usual]]),
    instances: new Map(),
    volumes: new Map(),
    images: new Map(Object.entries(images)),
  };
}

/** An instance's devices, with those of its profiles. */
export function expandedDevices(
  state: SimState,
  { profiles, devices }: Pick<SimInstance, "profiles" | "devices">,
): Devices {
  return Object.assign({}, ...profiles.map((name) => state.profiles.get(name)?.devices), devices) as Devices;
}

const isOn = (name: string) => (device: Config) => device["type"] === "nic" && device["network"] === name;

/** As `used_by` has them. */
export function usersOfNetwork(state: SimState, name: string): string[] {
  return [
    ...[...state.profiles.values()].flatMap((one) =>
      Object.values(one.devices).some(isOn(name)) ? [`/1.0/profiles/${one.name}`] : [],
    ),
    ...instancesWith(state, isOn(name)),
  ];
}

export function usersOfVolume(state: SimState, pool: string, name: string): string[] {
  return instancesWith(state, (device) => device["pool"] === pool && device["source"] === name);
}

export function usersOfProfile(state: SimState, name: string): string[] {
  return [...state.instances.values()].flatMap((one) =>
    one.profiles.includes(name) ? [`/1.0/instances/${one.name}`] : [],
  );
}

function instancesWith(state: SimState, fits: (device: Config) => boolean): string[] {
  return [...state.instances.values()].flatMap((one) =>
    Object.values(expandedDevices(state, one)).some(fits) ? [`/1.0/instances/${one.name}`] : [],
  );
}
