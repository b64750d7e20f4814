/** From a machine to what every plane and the health checks are to be: computed once, here, for all of them. Pure. */
import type { HealthCheck } from "../schemas/health.ts";
import type { Machine } from "../schemas/machine.ts";
import { portsOf } from "../schemas/ports.ts";
import type { ProgramVersions } from "../schemas/when.ts";
import { peerName } from "./frr/render/bgp-peers.ts";
import { applying } from "./frr/render/lines.ts";
import { renderFrr } from "./frr/render/render.ts";
import type { Desired } from "./generation.ts";

/** Versions of the programs in the image: what `when:` asks for. From the image's manifest, never from the running box. */
export type Versions = ProgramVersions;

/** `seal` gives the sealed form of a secret, by its name. */
export function derive(machine: Machine, versions: Versions, seal: (secret: string) => string): Desired {
  return { frr: renderFrr(machine, versions, seal) };
}

/** Sections that are carried out, or that are about the agent itself. */
const managed: ReadonlySet<string> = new Set([
  "routing",
  "health",
  "policy",
  "identity",
  "age-key",
  "maintenance",
  "after",
  "status",
]);

/** The sections of the machine file that are used and that no plane carries out yet, in the order of the file. */
export function notManaged(machine: Machine): readonly string[] {
  return Object.entries(machine)
    .filter(([section, value]) => !managed.has(section) && !isEmpty(value))
    .map(([section]) => section);
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

/**
 * The declared checks and those that follow: a session for each BGP peer and an adjacency for each OSPF interface that
 * is expected up. Peers and interfaces are named as FRR names them.
 */
export function healthChecks(machine: Machine, versions: Versions = {}): readonly HealthCheck[] {
  const ports = portsOf(machine);
  const linux = (ref: string) => ports.get(ref)?.linux ?? ref;
  const { bgp, ospf, ospf3 } = machine.routing;
  const peers = Object.fromEntries(applying(bgp?.peers ?? {}, versions));
  const declared = Object.values(machine.health).map((check): HealthCheck => {
    if (check.check === "bgp-session") {
      const peer = peers[check.peer];
      return peer ? { ...check, peer: peerName(peer, { linux }) } : check;
    }
    return "interface" in check ? { ...check, interface: linux(check.interface) } : check;
  });
  const isShut = (group: string | undefined) => group !== undefined && bgp?.["peer-groups"][group]?.shutdown === true;
  const sessions = Object.values(peers)
    .filter((peer) => peer.expect === "up" && !(peer.shutdown ?? isShut(peer.group)))
    .map((peer): HealthCheck => ({ check: "bgp-session", peer: peerName(peer, { linux }), required: true }));
  const adjacencies = (check: "ospf-neighbor" | "ospf3-neighbor", interfaces: Links) =>
    Object.entries(interfaces)
      .filter(([, link]) => link.expect === "up" && !link.passive)
      .map(([ref]): HealthCheck => ({ check, interface: linux(ref), required: true }));
  const derived = [
    ...sessions,
    ...adjacencies("ospf-neighbor", ospf?.interfaces ?? {}),
    ...adjacencies("ospf3-neighbor", ospf3?.interfaces ?? {}),
  ];
  // What was declared of the same peer or interface counts instead: it may ask for more, or only advise.
  const all = [...derived.filter((check) => !declared.some((other) => isSame(check, other))), ...declared];
  // What is drained may be taken down: it is looked at, and no reason to roll back.
  const drained = drainedIn(machine, versions);
  return all.map((check) => (isAbout(check, drained) ? { ...check, required: false } : check));
}

export interface Drained {
  /** BGP peers, as FRR names them. */
  readonly peers: readonly string[];
  readonly ospf: readonly string[];
  readonly ospf3: readonly string[];
}

/** What is drained, and so not expected to be up nor to bring what it brought. */
export function drainedIn(machine: Machine, versions: Versions = {}): Drained {
  const ports = portsOf(machine);
  const linux = (ref: string) => ports.get(ref)?.linux ?? ref;
  const { bgp, ospf, ospf3 } = machine.routing;
  const isDrained = (one: { readonly maintenance?: "drain" | undefined }) =>
    (machine.maintenance ?? one.maintenance) === "drain";
  const links = (interfaces: Links) =>
    Object.entries(interfaces).flatMap(([ref, link]) => (isDrained(link) ? [linux(ref)] : []));
  return {
    peers: applying(bgp?.peers ?? {}, versions).flatMap(([, peer]) =>
      isDrained(peer) ? [peerName(peer, { linux })] : [],
    ),
    ospf: links(ospf?.interfaces ?? {}),
    ospf3: links(ospf3?.interfaces ?? {}),
  };
}

function isAbout(check: HealthCheck, drained: Drained): boolean {
  if (check.check === "bgp-session") return drained.peers.includes(check.peer);
  if (check.check === "ospf-neighbor") return drained.ospf.includes(check.interface);
  return check.check === "ospf3-neighbor" && drained.ospf3.includes(check.interface);
}

interface Link {
  readonly expect: "up" | "down" | "any";
  readonly passive: boolean;
  readonly maintenance?: "drain" | undefined;
}
type Links = Readonly<Record<string, Link>>;

function isSame(a: HealthCheck, b: HealthCheck): boolean {
  if (a.check === "bgp-session") return b.check === a.check && a.peer === b.peer;
  return "interface" in a && "interface" in b && a.check === b.check && a.interface === b.interface;
}
