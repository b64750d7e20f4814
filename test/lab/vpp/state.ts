/** What one run of the simulated VPP has: plain records in maps, as the real one has pools. Gone when it dies. */
import type { AclRule, FibPath, MacipAclRule, PolicerConfig } from "../../../reconcilers/vpp/api/messages.ts";

/** "No interface", "all of them", "number it yourself". */
export const none = 0xffffffff;

export type DeviceType = "local" | "dpdk" | "Loopback" | "BVI" | "af-packet" | "tap" | "memif" | "bond" | "VXLAN";

/** Return values of VPP that the simulator gives (vnet/error.h). */
export const retval = {
  unspecified: -1,
  invalidInterface: -2,
  noSuchFib: -3,
  noSuchEntry: -6,
  invalidValue: -7,
  invalidValue2: -8,
  again: -165,
} as const;

/** Numbers of the FIB's sources as `show fib source` lists them. */
export const source = { special: 1, interface: 4, api: 8, cli: 9, defaultRoute: 20, linuxCp: 24 } as const;

/** Of those that have one route, the one of the lowest priority wins (vnet/fib/fib_source.h). */
export const fibSources: ReadonlyMap<number, { readonly name: string; readonly priority: number }> = new Map([
  [source.special, { name: "special", priority: 0x00 }],
  [source.interface, { name: "interface", priority: 0x03 }],
  [source.api, { name: "API", priority: 0x80 }],
  [source.cli, { name: "CLI", priority: 0x81 }],
  [source.defaultRoute, { name: "default-route", priority: 0xfd }],
  [source.linuxCp, { name: "lcp-rt", priority: 0x10 }],
  [source.linuxCp + 1, { name: "lcp-rt-dynamic", priority: 0x11 }],
]);

export interface Tags {
  readonly id: number;
  readonly count: number;
  readonly outer: number;
  readonly inner: number;
  readonly flags: number;
}

export interface Interface {
  readonly index: number;
  readonly type: DeviceType;
  /** Of a sub-interface. */
  readonly parent?: Interface;
  readonly tags?: Tags;
  name: string;
  mac: string;
  /** As it was made: what a member of a bond has again when it leaves. */
  readonly ownMac: string;
  isUp: boolean;
  /** There is something at the other end; memif and bond find out for themselves. */
  hasCarrier: boolean;
  linkMtu: number;
  mtu: readonly number[];
  tag: string;
  /** "arc/feature", with how many times it is there. */
  readonly features: Map<string, number>;
  readonly addresses: Set<string>;
  readonly tables: { 4: number; 6: number };
  /** How many things have IPv6 on: addresses, and who switched it on by itself. */
  ipv6Locks: number;
  /** A new tap of it lost its link-local address when it already had others; seconds later Linux has one again, here never. */
  isIpv6Off?: true;
  /** While there are any. */
  linkLocal?: string;
  advertisements?: Advertisements;
  /** It has the addresses of this one. */
  lender?: Interface;
  layer2?: Layer2;
  rewrite: readonly [operation: number, dot1q: number, tag1: number, tag2: number];
  rxMode: number;
}

export type Layer2 =
  | { readonly kind: "bridge"; readonly bridge: number; readonly port: number; readonly group: number }
  | { readonly kind: "cross-connect"; readonly to: number };

export interface Advertisements {
  managed: boolean;
  other: boolean;
  linkLayer: boolean;
  unicast: boolean;
  cease: boolean;
  sends: boolean;
  lifetime: number;
  max: number;
  min: number;
  initialCount: number;
  initialInterval: number;
  readonly prefixes: Map<string, AdvertisedPrefix>;
}

export interface AdvertisedPrefix {
  readonly onLink: boolean;
  readonly autonomous: boolean;
  readonly advertised: boolean;
  readonly valid: number;
  readonly preferred: number;
}

export interface Policy {
  readonly acl: number;
  paths: readonly FibPath[];
  /** Its path list was freed under it: the next that touches it is VPP's last. */
  isBroken: boolean;
}

export interface Pair {
  readonly phy: Interface;
  readonly host: Interface;
  readonly vif: number;
  readonly name: string;
  readonly namespace: string;
  readonly type: number;
}

export interface Router {
  readonly on: number;
  readonly id: number;
  readonly isIpv6: boolean;
  readonly index: number;
  priority: number;
  interval: number;
  flags: number;
  addresses: readonly string[];
  peers: readonly string[];
  readonly tracked: Map<number, number>;
  isStarted: boolean;
}

export interface Tunnel {
  readonly instance: number;
  readonly source: string;
  readonly destination: string;
  readonly vni: number;
  readonly table: number;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly next: number;
  readonly multicast: number;
}

export interface Table {
  readonly name: string;
  readonly holders: Set<TableHolder>;
}

export type TableHolder = "API" | "CLI" | "lcp-rt";

export interface BridgeDomain {
  flags: number;
  macAge: number;
  readonly tag: string;
}

/** A pool: numbers that were given back are given out again, the last one first. */
export class Pool {
  private next = 0;
  private readonly free: number[] = [];

  take(): number {
    const again = this.free.pop();
    if (again !== undefined) return again;
    this.next += 1;
    return this.next - 1;
  }

  give(number: number): void {
    this.free.push(number);
  }
}

/** For what VPP numbers itself without a pool. */
export function lowestFree(taken: Iterable<number>): number {
  const used = new Set(taken);
  let id = 0;
  while (used.has(id)) id += 1;
  return id;
}

let randomMacs = 0;

/** No two alike, as VPP's random ones. */
export function randomMac(): string {
  randomMacs += 1;
  return `02:fe:${[24, 16, 8, 0].map((shift) => ((randomMacs >> shift) & 255).toString(16).padStart(2, "0")).join(":")}`;
}

/** VPP fell over: every connection is closed, and all that it had is gone. */
export class Died extends Error {
  override readonly name = "Died";
}

export interface StateOptions {
  /** NICs that are there at the start; "external", or with a MAC address. */
  readonly physical?: readonly (string | { readonly name: string; readonly mac: string })[];
  /** Interfaces that Linux has; every one that is asked for, unless given. */
  readonly devices?: readonly string[];
  /** Network namespaces that Linux has; every one, unless given. */
  readonly namespaces?: readonly string[];
  /** As startup.conf says of linux-cp. */
  readonly linuxCp?: { readonly sync?: boolean; readonly autoSubint?: boolean; readonly namespace?: string };
  /** Of the main heap, for det44; 512 MiB unless given. */
  readonly heapBytes?: number;
}

/** An address of an interface, with the length of its network. */
export interface StandingAddress {
  readonly other: Interface;
  readonly standing: string;
  readonly size: number;
}

export class State {
  readonly options: StateOptions;
  readonly pools = { interface: new Pool(), acl: new Pool(), macip: new Pool(), policer: new Pool(), vrrp: new Pool() };
  readonly interfaces = new Map<number, Interface>();
  /** All addresses of them, by where others could overlap. */
  readonly standing = new Map<string, Map<string, StandingAddress>>();
  readonly taps = new Map<
    number,
    {
      readonly id: number;
      readonly device: string;
      readonly namespace: string;
      readonly bridge: string;
      readonly mac: string;
      readonly mtu: number;
      readonly flags: number;
    }
  >();
  readonly hostDevices = new Map<number, string>();
  readonly memifSockets = new Map<number, string>([[0, "/run/vpp/memif.sock"]]);
  readonly memifs = new Map<
    number,
    {
      readonly socket: number;
      readonly id: number;
      readonly role: number;
      readonly mode: number;
      readonly ring: number;
      readonly buffer: number;
      readonly zeroCopy: boolean;
    }
  >();
  readonly bonds = new Map<
    number,
    { readonly id: number; readonly mode: number; readonly balance: number; readonly mac: string | undefined }
  >();
  readonly members = new Map<
    number,
    { readonly bond: number; readonly isPassive: boolean; readonly isLong: boolean; weight: number }
  >();
  readonly tunnels = new Map<number, Tunnel>();
  /** "table/4" → its name, and who holds it; the interfaces in it do too. */
  readonly tables = new Map<string, Table>([
    ["0/4", { name: "ipv4-VRF:0", holders: new Set() }],
    ["0/6", { name: "ipv6-VRF:0", holders: new Set() }],
  ]);
  /** "table prefix" → source → paths. */
  readonly routes = new Map<string, Map<number, readonly FibPath[]>>();
  /** The same → the prefix as it was first said, with its host bits: that is what VPP lists. */
  readonly routesAsSaid = new Map<string, string>();
  /** "interface address" → MAC and flags. */
  readonly neighbors = new Map<
    string,
    { readonly on: number; readonly address: string; readonly mac: string; readonly flags: number }
  >();
  readonly pairs = new Map<number, Pair>();
  /** What became of devices of Linux, and linux-nl has not heard yet. */
  readonly linuxNews: { readonly itf: Interface; readonly isUp: boolean; readonly isNew?: true }[] = [];
  readonly linuxCp: { sync: boolean; autoSubint: boolean; namespace: string };
  readonly acls = new Map<number, { readonly tag: string; readonly rules: readonly AclRule[] }>();
  readonly macips = new Map<number, { readonly tag: string; readonly rules: readonly MacipAclRule[] }>();
  readonly interfaceAcls = new Map<number, { in: readonly number[]; out: readonly number[] }>();
  readonly policies = new Map<number, Policy>();
  /** "policy interface" → how; it outlives the interface. */
  readonly attachments = new Map<
    string,
    { readonly policy: number; readonly on: number; readonly priority: number; readonly isIpv6: boolean }
  >();
  readonly bridges = new Map<number, BridgeDomain>();
  readonly policers = new Map<number, { readonly name: string; config: PolicerConfig }>();
  /** The highest number of an interface that a policer was ever put on. */
  readonly policed = { in: -1, out: -1 };
  /** "interface family direction" → mode. */
  readonly reversePaths = new Map<string, number>();
  readonly routers = new Map<number, Router>();
  /** Family → server → source, of the main table. */
  readonly relays = { 4: new Map<string, string>(), 6: new Map<string, string>() };
  readonly lldp = { hold: 4, interval: 30, name: "", ports: new Map<number, string>() };
  readonly det44 = {
    isEnabled: false,
    /** Interface's number → side; it outlives the interface. */
    sides: new Map<number, "inside" | "outside">(),
    maps: new Map<string, { readonly inside: string; readonly outside: string; readonly bytes: number }>(),
    timeouts: { udp: 300, tcp_established: 7440, tcp_transitory: 240, icmp: 60 },
  };
  readonly nat64 = {
    isEnabled: false,
    /** Interface's number → flags. */
    sides: new Map<number, number>(),
    pool: new Set<string>(),
    /** Table → prefix. */
    prefixes: new Map<number, string>(),
  };
  /** Told of every interface that comes, goes, or changes. */
  onInterface: ((itf: Interface, isDeleted: boolean) => void) | undefined;

  constructor(options: StateOptions) {
    this.options = options;
    this.linuxCp = {
      sync: options.linuxCp?.sync ?? false,
      autoSubint: options.linuxCp?.autoSubint ?? false,
      namespace: options.linuxCp?.namespace ?? "",
    };
  }

  byName(name: string): Interface | undefined {
    for (const itf of this.interfaces.values()) if (itf.name === name) return itf;
    return undefined;
  }
}
