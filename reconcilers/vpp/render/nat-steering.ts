/**
 * What goes to the translating instance: for det44, what comes from a network that is translated, unless it goes to a private
 * network of this appliance, or between a bypass pair, or comes from a container and goes to any private network; for NAT64, what
 * goes to its prefix. Pure.
 */
import type { Machine } from "../../../schemas/machine.ts";
import type { Port } from "../../../schemas/ports.ts";
import { cidrOf, covers, isPrivate } from "../../../schemas/semantics/networks.ts";
import type { AclRule, Hop } from "../model.ts";
import { anywhereLike, plainRule } from "./acls.ts";
import { containerPort } from "./containers.ts";
import { bare, type Link, linksOf } from "./links.ts";
import type { Steering } from "./steering.ts";

/** After everything that an operator may write: theirs is tried first. */
const priority = 100_000;

export function natSteering(machine: Machine, ports: ReadonlyMap<string, Port>): readonly Steering[] {
  return [...towardsDet44(machine, ports), ...towardsNat64(machine, ports)];
}

/** A network whose hosts are translated, and where its packets come in. */
interface Source {
  readonly on: string;
  /** In the name of its ACL. */
  readonly place: string;
  readonly network: string;
  /** Where they go untranslated. */
  readonly near: readonly string[];
}

/** One ACL and one policy for each interface and network. */
function towardsDet44(machine: Machine, ports: ReadonlyMap<string, Port>): readonly Steering[] {
  const link = linkTo(machine, "det44");
  const bypass = Object.values(machine.nat?.det44?.bypass ?? {});
  if (!link) return [];
  return sourcesOf(machine, ports).map(({ on, place, network, near }) => {
    const name = `nat:${place}:${network}`;
    const rules: readonly AclRule[] = [
      ...[...new Set(near)].map((to) => plainRule("deny", network, to)),
      ...bypass
        .filter(({ source }) => touches(source, network))
        .map(({ source, destination }) => plainRule("deny", source, destination)),
      // A client that renews its lease calls whoever hears it.
      plainRule("deny", network, broadcast),
      plainRule("permit", network, anywhereLike(network)),
    ];
    return { name, acl: name, rules, paths: [link], on: [on], family: "ipv4", priority };
  });
}

function sourcesOf({ nat, containers }: Machine, ports: ReadonlyMap<string, Port>): readonly Source[] {
  const own = [
    ...(containers ? [containers.network] : []),
    ...[...ports.values()].flatMap(networksOf).filter((network) => isPrivate(network)),
  ];
  const inside = (nat?.det44?.inside ?? []).flatMap((on) => {
    const port = ports.get(on);
    return (port ? networksOf(port) : []).map((network) => ({ on, place: on, network, near: own }));
  });
  if (containers?.nat !== true) return inside;
  const near = [...rfc1918, ...own.filter((network) => !rfc1918.some((one) => holds(one, network)))];
  return [...inside, { on: containerPort(containers), place: "containers", network: containers.network, near }];
}

export const broadcast = "255.255.255.255/32";
export const rfc1918 = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];

/** One policy for all: what is to be translated is told by its destination. */
function towardsNat64(machine: Machine, ports: ReadonlyMap<string, Port>): readonly Steering[] {
  const { nat, containers } = machine;
  const link = linkTo(machine, "nat64");
  const nat64 = nat?.nat64;
  if (!nat64 || !link) return [];
  const withIpv6 = [...ports.values()].filter(
    ({ kind, role, settings }) =>
      kind !== "loopback" &&
      role === "routed" &&
      settings.vrf === undefined &&
      settings.addresses.some((address) => address.includes(":")),
  );
  const everywhere = [...withIpv6.map(({ ref }) => ref), ...(containers?.ipv6 ? [containerPort(containers)] : [])];
  const name = `nat64:${nat64.prefix}`;
  const rules = [plainRule("permit", anywhereLike(nat64.prefix), nat64.prefix)];
  return [{ name, acl: name, rules, paths: [link], on: nat64.inside ?? everywhere, family: "ipv6", priority }];
}

function linkTo(machine: Machine, module: Link["module"]): Hop | undefined {
  const link = linksOf(machine).find((one) => one.module === module && one.end === "internal");
  return link && { via: bare(link.nat), interface: link.name };
}

/** IPv4 networks of the main table that a routed interface has addresses in. */
function networksOf({ settings, role }: Port): readonly string[] {
  if (role !== "routed" || settings.vrf !== undefined) return [];
  const networks = settings.addresses.flatMap((text) => cidrOf(text) ?? []).filter(({ family }) => family === "ipv4");
  return [...new Set(networks.map(({ network }) => network))];
}

function holds(outer: string, inner: string): boolean {
  const [one, other] = [cidrOf(outer), cidrOf(inner)];
  return one !== undefined && other !== undefined && covers(one, other);
}

function touches(a: string, b: string): boolean {
  return holds(a, b) || holds(b, a);
}
