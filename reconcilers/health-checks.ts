/** The health checks of a machine: those that are declared, and those that follow from whatever is to be up. Pure. */
import type { DeclaredCheck, HealthCheck } from "../schemas/health.ts";
import { objectOf, subjectOf } from "../schemas/health.ts";
import type { Machine } from "../schemas/machine.ts";
import { type Port, portsOf } from "../schemas/ports.ts";
import { type Networks, cidrOf, networks } from "../schemas/semantics/networks.ts";
import type { ProgramVersions } from "../schemas/when.ts";
import type { LeftOut } from "./derive.ts";
import { peerName } from "./frr/render/bgp-peers.ts";
import { applying } from "./frr/render/lines.ts";
import { nameInVrf } from "./frr/sessions.ts";
import { usesNat, usesVpp } from "./system/render/startup.ts";
import { vppChecks } from "./vpp/health.ts";
import { unsaid, type VppDesired } from "./vpp/model.ts";

/**
 * A session for each BGP peer, an adjacency for each OSPF interface, a BFD session for each of its own peers, a link for each
 * interface that Linux sees, and a unit for FRR, each VPP instance and each service, where they are to be up; an instance of Incus for each service in one; of management
 * the fixed addresses and their gateways; and what VPP is to have (vpp/health.ts). Peers and interfaces are named as FRR and Linux name them.
 */
export function healthChecks(
  machine: Machine,
  versions: ProgramVersions = {},
  { system = false, incus = false }: Partial<LeftOut> = {},
  vpp: VppDesired = unsaid,
): readonly HealthCheck[] {
  const names = namesOf(machine, versions);
  const declared = Object.entries(machine.health).map(([name, check]): HealthCheck => ({
    ...translated(check, names),
    name,
  }));
  const derived = [
    ...sessions(machine, names, versions),
    ...adjacencies("ospf-neighbor", machine.routing.ospf?.interfaces ?? {}, names),
    ...adjacencies("ospf3-neighbor", machine.routing.ospf3?.interfaces ?? {}, names),
    ...bfdSessions(machine),
    ...links(names),
    ...units(machine, versions),
    ...(incus ? [] : instances(machine, versions)),
    ...vppChecks(vpp, unexpected(names)),
    ...(system ? [] : [...vppUnits(machine), ...management(machine)]),
  ];
  // What was declared of the same object counts instead: it may ask for more, or only advise.
  const all = [...derived.filter((check) => !declared.some((other) => isSame(check, other))), ...declared];
  // What is drained may be taken down: it is looked at, and no reason to roll back.
  const drained = drainedIn(machine, versions);
  return all.map((check) => (isAbout(check, drained) ? { ...check, required: false } : check));
}

interface Names {
  readonly ports: ReadonlyMap<string, Port>;
  /** What Linux calls an interface. */
  readonly linux: (ref: string) => string;
  /** Peers that apply, by name. */
  readonly peers: Readonly<Record<string, NonNullable<Machine["routing"]["bgp"]>["peers"][string]>>;
  /** Which interface's network an address is in, by what Linux calls it. */
  readonly connected: Networks<string>;
  readonly machine: Machine;
}

function namesOf(machine: Machine, versions: ProgramVersions): Names {
  const ports = portsOf(machine);
  const own = [...ports.values()].flatMap(({ settings, linux }) =>
    settings.addresses.flatMap((text) => {
      const cidr = cidrOf(text);
      return cidr && linux !== undefined ? [[cidr, linux] as const] : [];
    }),
  );
  return {
    ports,
    linux: (ref) => ports.get(ref)?.linux ?? ref,
    peers: Object.fromEntries(applying(machine.routing.bgp?.peers ?? {}, versions)),
    connected: networks(own),
    machine,
  };
}

/** With the names that FRR and Linux have for what it is about. */
function translated(check: DeclaredCheck, names: Names): HealthCheck {
  if ("interface" in check) return { ...check, interface: names.linux(check.interface) };
  if (!("peer" in check)) return check;
  const alone = check.check === "bfd-peer" ? names.machine.routing.bfd?.peers[check.peer] : undefined;
  const peer = names.peers[check.peer];
  if (alone) return { ...check, peer: alone.address };
  if (!peer) return check;
  return { ...check, peer: peerName(peer, names), ...over(peer, names) };
}

/** The interface that a session with this peer runs over, where the peer is in a connected network. */
function over(peer: Names["peers"][string], { linux, connected }: Names): { readonly over?: string } {
  if (peer.interface !== undefined) return { over: linux(peer.interface) };
  const name = connected.find(peer.address ?? "");
  return name === undefined ? {} : { over: name };
}

function sessions(
  { routing: { bgp, vrfs } }: Machine,
  names: Names,
  versions: ProgramVersions,
): readonly HealthCheck[] {
  const main = expected(bgp, Object.values(names.peers)).map((peer): HealthCheck => ({
    check: "bgp-session",
    peer: peerName(peer, names),
    required: true,
    ...over(peer, names),
  }));
  const apart = Object.entries(vrfs).flatMap(([vrf, own]) =>
    expected(
      own.bgp,
      applying(own.bgp?.peers ?? {}, versions).map(([, peer]) => peer),
    ).map((peer): HealthCheck => {
      const name = peerName(peer, { linux: (interfaceName) => interfaceName });
      return { check: "bgp-session", peer: nameInVrf(name, vrf), required: true };
    }),
  );
  return [...main, ...apart];
}

/** Of an instance's peers, those that are to be up. */
function expected(
  bgp: Pick<NonNullable<Machine["routing"]["bgp"]>, "peer-groups"> | undefined,
  peers: readonly Names["peers"][string][],
): readonly Names["peers"][string][] {
  const isShut = (group: string | undefined) => group !== undefined && bgp?.["peer-groups"][group]?.shutdown === true;
  return peers.filter((peer) => peer.expect === "up" && !(peer.shutdown ?? isShut(peer.group)));
}

interface Adjacent {
  readonly expect: "up" | "down" | "any";
  readonly passive: boolean;
  readonly maintenance?: "drain" | undefined;
}
type Adjacents = Readonly<Record<string, Adjacent>>;

function adjacencies(
  check: "ospf-neighbor" | "ospf3-neighbor",
  interfaces: Adjacents,
  { linux }: Names,
): readonly HealthCheck[] {
  return Object.entries(interfaces)
    .filter(([, one]) => one.expect === "up" && !one.passive)
    .map(([ref]) => ({ check, interface: linux(ref), required: true }));
}

function bfdSessions({ routing: { bfd } }: Machine): readonly HealthCheck[] {
  return Object.values(bfd?.peers ?? {})
    .filter(({ expect }) => expect === "up")
    .map(({ address }) => ({ check: "bfd-peer", peer: address, required: true }));
}

/** A VLAN is up with its interface. */
function isExpected({ settings, parent }: Port): boolean {
  return settings.enabled && settings.expect === "up" && (parent === undefined || isExpected(parent));
}

/** Interfaces that may be down. */
function unexpected({ ports }: Names): ReadonlySet<string> {
  return new Set([...ports.values()].flatMap((port) => (isExpected(port) ? [] : [port.ref])));
}

function links({ ports }: Names): readonly HealthCheck[] {
  return [...ports.values()].flatMap((port): HealthCheck[] =>
    port.linux !== undefined && isExpected(port) ? [{ check: "link", interface: port.linux, required: true }] : [],
  );
}

function units({ routing, services }: Machine, versions: ProgramVersions): readonly HealthCheck[] {
  const routes = Object.keys(routing.static).length > 0;
  const isApart = Object.keys(routing.vrfs).length > 0;
  const usesFrr =
    routes || isApart || [routing.bgp, routing.ospf, routing.ospf3, routing.bfd].some((one) => one !== undefined);
  const enabled = applying(services, versions).flatMap(([unit, { enabled, instance }]) =>
    enabled && instance === undefined ? [unit] : [],
  );
  return [...(usesFrr ? ["frr"] : []), ...enabled].map((unit) => ({ check: "unit", unit, required: true }));
}

function instances({ services }: Machine, versions: ProgramVersions): readonly HealthCheck[] {
  return applying(services, versions).flatMap(([name, { enabled, instance }]): HealthCheck[] =>
    enabled && instance ? [{ check: "instance", instance: name, required: true }] : [],
  );
}

function vppUnits(machine: Machine): readonly HealthCheck[] {
  const instances = [...(usesVpp(machine) ? ["vpp-core"] : []), ...(usesNat(machine) ? ["vpp-nat"] : [])];
  return instances.map((unit) => ({ check: "unit", unit, required: true }));
}

/** That an own address answers shows that it is there. A gateway that is link-local answers nobody who does not say where. */
function management({ management: network }: Machine): readonly HealthCheck[] {
  const fixed = [network?.ipv4, network?.ipv6].flatMap((family) => (typeof family === "object" ? [family] : []));
  const addresses = fixed.flatMap(({ address, gateway }) => [
    address.slice(0, address.indexOf("/")),
    ...(gateway === undefined || gateway.startsWith("fe80:") ? [] : [gateway]),
  ]);
  return addresses.map((address) => ({ check: "ping", address, namespace: "management", required: true }));
}

export interface Drained {
  /** BGP peers, as FRR names them. */
  readonly peers: readonly string[];
  readonly ospf: readonly string[];
  readonly ospf3: readonly string[];
}

/** What is drained, and so not expected to be up nor to bring what it brought. */
export function drainedIn(machine: Machine, versions: ProgramVersions = {}): Drained {
  const names = namesOf(machine, versions);
  const { ospf, ospf3 } = machine.routing;
  const isDrained = (one: { readonly maintenance?: "drain" | undefined }) =>
    (machine.maintenance ?? one.maintenance) === "drain";
  const interfaces = (all: Adjacents) =>
    Object.entries(all).flatMap(([ref, one]) => (isDrained(one) ? [names.linux(ref)] : []));
  return {
    peers: Object.values(names.peers).flatMap((peer) => (isDrained(peer) ? [peerName(peer, names)] : [])),
    ospf: interfaces(ospf?.interfaces ?? {}),
    ospf3: interfaces(ospf3?.interfaces ?? {}),
  };
}

function isAbout(check: HealthCheck, drained: Drained): boolean {
  if ("peer" in check) return drained.peers.includes(check.peer);
  if (check.check === "ospf-neighbor") return drained.ospf.includes(check.interface);
  if (check.check === "ospf3-neighbor") return drained.ospf3.includes(check.interface);
  return check.check === "link" && [...drained.ospf, ...drained.ospf3].includes(check.interface);
}

function isSame(a: HealthCheck, b: HealthCheck): boolean {
  const object = objectOf(a);
  if (subjectOf(a) === subjectOf(b)) return true;
  return a.check === b.check && object !== undefined && object === objectOf(b);
}
