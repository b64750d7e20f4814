/**
 * VPP as objects: what an instance is to have, what it has, and the steps between. Every object is a flat record of plain
 * JSON with a key of its own (reconcilers/vpp/kinds/), so that desired and observed compare field by field.
 */
import type { Step } from "../core.ts";

/** core has the NICs; nat translates, joined to core by memif. */
export const instances = ["core", "nat"] as const;
export type InstanceName = (typeof instances)[number];

/** What is to be there. An instance that is left out is none of this plane's: the system plane has stopped it, or will. */
export interface VppDesired {
  readonly core?: InstanceDesired;
  readonly nat?: InstanceDesired;
  /** "all": what is there and not desired goes, whoever made it. Otherwise what is somebody else's stays. */
  readonly prune?: "all";
}

export interface InstanceDesired {
  readonly objects: readonly VppObject[];
}

/** A generation that says nothing of this plane: what VPP has stays. */
export const unsaid: VppDesired = {};

export interface VppObserved {
  readonly core?: InstanceObserved;
  readonly nat?: InstanceObserved;
}

export interface InstanceObserved {
  /**
   * What it has and what could be ours, each key once: without what linux-cp, det44 or VPP itself made of it (local0, taps
   * of linux-cp, link-local addresses made of the MAC address, routes of other sources than API and CLI, learnt neighbours).
   */
  readonly objects: readonly VppObject[];
  /** As `show version` says: "26.06-release". */
  readonly version: string;
  /**
   * Kinds of objects that no message shows, and of which nobody remembers whether they were configured since this VPP
   * started: only a restart makes that known.
   */
  readonly unknown: readonly VppObject["kind"][];
  /** Kinds that this VPP has no messages for, with what is missing. */
  readonly missing: Readonly<Partial<Record<VppObject["kind"], string>>>;
}

export type VppStep = ObjectStep | RestartStep;

/**
 * One object that comes, goes or changes. What VPP itself takes along with an interface has no step: its settings, addresses,
 * router advertisements and ACL list.
 */
export interface ObjectStep extends Step {
  readonly kind: "add" | "set" | "remove";
  readonly instance: InstanceName;
  /** As it is; left out when it comes, and for the settings of an interface that comes in the same plan. */
  readonly before?: VppObject;
  /** As it is to be; left out when it goes. */
  readonly after?: VppObject;
  /** It goes and comes again because of these: fields that cannot be changed while it stands, or objects that it stands on. */
  readonly recreated?: readonly string[];
  /** Somebody else made it, and what it stands on goes. */
  readonly isForeign?: true;
}

/** The instance starts anew: no other way leads to what is desired. What it lost is planned then. */
export interface RestartStep extends Step {
  readonly kind: "restart";
  readonly instance: InstanceName;
  readonly reason: string;
}

export type VppObject =
  | Vrf
  | Physical
  | HostInterface
  | Tap
  | Loopback
  | Bvi
  | Bond
  | Vlan
  | Vxlan
  | MemifSocket
  | Memif
  | Settings
  | BondMember
  | LinuxPair
  | VrfMember
  | Address
  | Unnumbered
  | RouterAdvertisements
  | AdvertisedPrefix
  | Acl
  | InterfaceAcls
  | AbfPolicy
  | AbfAttachment
  | UnicastRpf
  | Policer
  | PolicerUse
  | Bridge
  | BridgePort
  | TagRewrite
  | CrossConnect
  | Route
  | Neighbor
  | Vrrp
  | DhcpRelay
  | Lldp
  | LldpPort
  | Det44
  | Det44Timeouts
  | Det44Role
  | Det44Mapping
  | Nat64
  | Nat64Prefix
  | Nat64Pool
  | Nat64Role
  | Raw;

export type Kind = VppObject["kind"];
export type ObjectOf<K extends Kind> = Extract<VppObject, { readonly kind: K }>;

// --- VRF tables; the main one, 0, is always there and no object

/** A table of routes of one family. Its name in VPP is VPP's own: that of the first who made it stays. */
export interface Vrf {
  readonly kind: "vrf";
  readonly table: number;
  readonly family: Family;
}

export type Family = "ipv4" | "ipv6";

// --- interfaces; `name` is VPP's, and the key of all that stands on them

/** A NIC that DPDK or another driver gave VPP at its start: never made or removed over the API. */
export interface Physical {
  readonly kind: "physical";
  readonly name: string;
}

/** VPP's end on a Linux interface (af_packet). */
export interface HostInterface {
  readonly kind: "host-interface";
  readonly name: string;
  /** Linux's name, in VPP's namespace. */
  readonly device: string;
  readonly mac?: string;
  /** What it gets where it is made and has no `mac`: one that is there keeps its own. */
  readonly newMac?: string;
}

/** An interface of Linux that VPP makes. */
export interface Tap {
  readonly kind: "tap";
  readonly name: string;
  readonly id: number;
  /** Linux's name for its end. */
  readonly device: string;
  readonly namespace?: string;
  readonly bridge?: string;
  readonly mac?: string;
}

export interface Loopback {
  readonly kind: "loopback";
  /** "loop0". */
  readonly name: string;
  readonly mac?: string;
}

/** The router's own interface in a bridge domain. */
export interface Bvi {
  readonly kind: "bvi";
  /** "bvi10". */
  readonly name: string;
  readonly mac?: string;
}

export interface Bond {
  readonly kind: "bond";
  readonly name: string;
  readonly id: number;
  readonly mode: "lacp" | "active-backup" | "round-robin" | "xor" | "broadcast";
  /** Only xor and lacp have a choice. */
  readonly balance?: "l2" | "l23" | "l34";
  readonly mac?: string;
}

/** A sub-interface, which takes packets with exactly these tags. */
export interface Vlan {
  readonly kind: "vlan";
  /** "external.25". */
  readonly name: string;
  readonly parent: string;
  readonly number: number;
  readonly encapsulation: "dot1q" | "dot1ad";
  readonly outer: number;
  readonly inner?: number;
  /** Only as observed: it takes other packets too, and cannot have addresses. Never desired. */
  readonly isInexact?: true;
}

export interface Vxlan {
  readonly kind: "vxlan";
  /** "vxlan_tunnel10". */
  readonly name: string;
  readonly source: string;
  readonly destination: string;
  readonly vni: number;
}

export interface MemifSocket {
  readonly kind: "memif-socket";
  readonly id: number;
  readonly path: string;
}

export interface Memif {
  readonly kind: "memif";
  /** "memif1/0". */
  readonly name: string;
  readonly socket: number;
  readonly id: number;
  readonly role: "master" | "slave";
  readonly mac: string;
}

/** What every interface has, as long as it is there: observed of each, and never added or removed by a step of its own. */
export interface Settings {
  readonly kind: "settings";
  readonly on: string;
  readonly up: boolean;
  /** Of the packets (L3), in bytes; only a sub-interface may have none (0 in VPP): its parent's holds. */
  readonly mtu?: number;
  /** Of a device with queues; as its driver chose unless it is asked for. */
  readonly rxMode?: "polling" | "interrupt" | "adaptive";
}

export interface BondMember {
  readonly kind: "bond-member";
  readonly on: string;
  readonly bond: string;
}

/** A tap through which Linux, and so FRR, sees the interface. */
export interface LinuxPair {
  readonly kind: "linux-pair";
  readonly on: string;
  /** Linux's name. */
  readonly name: string;
}

// --- layer 3 of an interface

/** Its packets of one family are looked up in a VRF table. VPP lets go of neither while it has addresses of the family. */
export interface VrfMember {
  readonly kind: "vrf-member";
  readonly on: string;
  readonly family: Family;
  readonly table: number;
}

/** Of what stands in the VRF table of its interface, and has to leave it first; left out in the main one. */
interface InTable {
  readonly table?: number;
}

export interface Address extends InTable {
  readonly kind: "address";
  readonly on: string;
  /** With host bits and length: "192.0.2.1/24". A link-local one, of which an interface has one, has /128. */
  readonly address: string;
}

/** It has the addresses of another interface. */
export interface Unnumbered extends InTable {
  readonly kind: "unnumbered";
  readonly on: string;
  readonly as: string;
}

/** Times in seconds. An interface that has all of VPP's defaults, and sends none, has no such object. */
export interface RouterAdvertisements {
  readonly kind: "router-advertisements";
  readonly on: string;
  readonly sends: boolean;
  readonly maxInterval: number;
  readonly minInterval: number;
  /** As default router. */
  readonly lifetime: number;
  readonly managed: boolean;
  readonly other: boolean;
}

/** Times in seconds. */
export interface AdvertisedPrefix {
  readonly kind: "advertised-prefix";
  readonly on: string;
  readonly prefix: string;
  readonly valid: number;
  readonly preferred: number;
  readonly onLink: boolean;
  readonly autonomous: boolean;
  /** Only as observed: less than half is left of what was set, which VPP counts down. Never desired. */
  readonly runsOut?: true;
}

export interface UnicastRpf {
  readonly kind: "unicast-rpf";
  readonly on: string;
  readonly family: Family;
  readonly mode: "strict" | "loose";
}

// --- filters and limits

export interface AclRule {
  readonly action: "deny" | "permit" | "permit-reflect";
  readonly source: string;
  readonly destination: string;
  /** 0: any. */
  readonly protocol: number;
  /** Source ports, or ICMP types: first and last. */
  readonly from: readonly [number, number];
  /** Destination ports, or ICMP codes. */
  readonly to: readonly [number, number];
  readonly tcpMask: number;
  readonly tcpValue: number;
}

export interface Acl {
  readonly kind: "acl";
  /**
   * VPP numbers them as it likes; this is what we know them by. One without a tag, or with that of a lower number, is
   * known as "#3" by its number, here and where it is used; it is nobody's we know.
   */
  readonly tag: string;
  readonly rules: readonly AclRule[];
}

/** In the order in which they are tried. With neither, it is not there. */
export interface InterfaceAcls {
  readonly kind: "interface-acls";
  readonly on: string;
  readonly in: readonly string[];
  readonly out: readonly string[];
}

export interface Hop {
  readonly via?: string;
  readonly interface?: string;
  /** Only as observed: it is looked for in another table than that of the route. Never desired. */
  readonly elsewhere?: number;
}

/** What an ACL permits goes to these next hops. */
export interface AbfPolicy {
  readonly kind: "abf-policy";
  readonly id: number;
  readonly acl: string;
  /** Sorted. */
  readonly paths: readonly Hop[];
}

export interface AbfAttachment {
  readonly kind: "abf-attachment";
  readonly policy: number;
  readonly on: string;
  readonly family: Family;
  readonly priority: number;
}

export interface Policer {
  readonly kind: "policer";
  readonly name: string;
  readonly rateKbps: number;
  readonly burstBytes: number;
  readonly exceed: "drop" | "transmit" | number;
}

export interface PolicerUse {
  readonly kind: "policer-use";
  readonly on: string;
  readonly direction: "in" | "out";
  readonly policer: string;
}

// --- switching

export interface Bridge {
  readonly kind: "bridge";
  readonly id: number;
  readonly learn: boolean;
  /** Broadcast, multicast and unknown unicast alike. */
  readonly flood: boolean;
  readonly forward: boolean;
  readonly arpTermination: boolean;
  /** Minutes; 0: never. */
  readonly macAge: number;
}

export interface BridgePort {
  readonly kind: "bridge-port";
  readonly on: string;
  readonly bridge: number;
  readonly isBvi: boolean;
}

/** Takes this many tags off what comes in, and puts them back on what leaves. */
export interface TagRewrite {
  readonly kind: "tag-rewrite";
  readonly on: string;
  readonly pop: 1 | 2;
}

/** One direction. */
export interface CrossConnect {
  readonly kind: "cross-connect";
  readonly on: string;
  readonly to: string;
}

// --- routes and neighbours

export interface Route {
  readonly kind: "route";
  /** Of a VRF; left out in the main one. A next hop without an interface is looked for in the same one. */
  readonly table?: number;
  readonly prefix: string;
  /** Sorted. None: what goes there is dropped. */
  readonly paths: readonly Hop[];
  /** Only as observed: who put it there; the API's hides the CLI's (the boot file's). A step takes care of both. */
  readonly sources?: readonly ("api" | "cli")[];
  /** Only as observed: somebody else hides it, and whoever made, changed or removed it ended meanwhile. Never desired. */
  readonly isBegun?: true;
}

export interface Neighbor extends InTable {
  readonly kind: "neighbor";
  readonly on: string;
  readonly address: string;
  readonly mac: string;
}

// --- protocols

export interface Vrrp extends InTable {
  readonly kind: "vrrp";
  readonly on: string;
  readonly id: number;
  readonly family: Family;
  readonly addresses: readonly string[];
  readonly priority: number;
  /** In 10 ms, as VRRP version 3 counts. */
  readonly interval: number;
  readonly preempt: boolean;
  readonly accept: boolean;
  /** Unicast, when there are any. */
  readonly peers: readonly string[];
  /** Interface and how much the priority falls while it is down; sorted. */
  readonly track: readonly (readonly [string, number])[];
  /** Only as observed: it is there and was not started. Never desired. */
  readonly isStopped?: true;
}

export interface DhcpRelay {
  readonly kind: "dhcp-relay";
  readonly server: string;
  readonly source: string;
}

export interface Lldp {
  readonly kind: "lldp";
  readonly systemName: string;
  /** Seconds. */
  readonly interval: number;
  readonly hold: number;
}

export interface LldpPort {
  readonly kind: "lldp-port";
  readonly on: string;
  readonly description: string;
}

// --- address translation

/** det44 is switched on. */
export interface Det44 {
  readonly kind: "det44";
}

/** Seconds. */
export interface Det44Timeouts {
  readonly kind: "det44-timeouts";
  readonly udp: number;
  readonly tcpEstablished: number;
  readonly tcpTransitory: number;
  readonly icmp: number;
}

export interface Det44Role {
  readonly kind: "det44-role";
  readonly on: string;
  readonly side: "inside" | "outside";
}

export interface Det44Mapping {
  readonly kind: "det44-mapping";
  readonly inside: string;
  readonly outside: string;
}

/** NAT64 is switched on. */
export interface Nat64 {
  readonly kind: "nat64";
}

export interface Nat64Prefix {
  readonly kind: "nat64-prefix";
  readonly prefix: string;
}

/** One address of a pool. */
export interface Nat64Pool {
  readonly kind: "nat64-pool";
  readonly address: string;
}

export interface Nat64Role {
  readonly kind: "nat64-role";
  readonly on: string;
  readonly side: "inside" | "outside";
}

// --- what the schema has no word for

export interface Raw {
  readonly kind: "raw";
  readonly name: string;
  readonly commands: readonly string[];
  readonly undo: readonly string[];
  readonly impact: Step["impact"];
  /** Only as observed: whoever ran it ended meanwhile, or VPP refused one. How much was done nobody knows. Never desired. */
  readonly isBegun?: true;
}
