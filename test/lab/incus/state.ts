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

/** As the database has it; what it holds is in the storage. */
export interface SimVolume {
  readonly name: string;
  config: Config;
  /** What somebody wrote into it. */
  data: string;
}

/** As the database has it; its file system is in the storage. */
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
  readonly made: number;
  /** What it runs with: of the last start. */
  startedWith: Config;
}

export interface SimPool {
  readonly name: string;
  readonly driver: string;
  readonly source: string;
}

/** What stands in the file system or dataset of a pool, whatever any database says. */
export interface Stored {
  readonly volumes: Map<string, { data: string }>;
  readonly instances: Map<string, Root>;
}

/** What an instance has of its own. */
export interface Root {
  data: string;
  /** How often it was made, and of which image last. */
  made: number;
  base: string;
  /** backup.yaml: the instance as it is to be taken over. */
  backup: Kept;
}

export type Kept = Readonly<Pick<SimInstance, "type" | "description" | "config" | "devices" | "profiles">>;

export function volumeOn(stored: Stored | undefined, name: string, config: Config): SimVolume {
  return {
    name,
    config,
    get data() {
      return stored?.volumes.get(name)?.data ?? "";
    },
    set data(text) {
      const kept = stored?.volumes.get(name);
      if (kept) kept.data = text;
    },
  };
}

export function instanceOn(stored: Stored | undefined, name: string, kept: Kept): SimInstance {
  return {
    name,
    ...structuredClone(kept),
    status: "Stopped",
    startedWith: {},
    get data() {
      return stored?.instances.get(name)?.data ?? "";
    },
    set data(text) {
      const root = stored?.instances.get(name);
      if (root) root.data = text;
    },
    get made() {
      return stored?.instances.get(name)?.made ?? 0;
    },
  };
}

/** Where an instance's file system is. */
export function storedOf(
  state: SimState,
  storage: ReadonlyMap<string, Stored>,
  instance: Pick<SimInstance, "profiles" | "devices">,
): Stored | undefined {
  const root = Object.values(expandedDevices(state, instance)).find((device) => device["path"] === "/");
  return storage.get(state.pools.get(root?.["pool"] ?? "")?.source ?? "");
}

export interface SimState {
  readonly pools: Map<string, SimPool>;
  readonly networks: Map<string, SimNetwork>;
  readonly profiles: Map<string, SimProfile>;
  readonly instances: Map<string, SimInstance>;
  /** Those that are being made: nothing else can be done to them. */
  readonly making: Set<string>;
  /** Those whose file system is gone, and its record with it. */
  readonly rootless: Set<string>;
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
    making: new Set(),
    rootless: new Set(),
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
