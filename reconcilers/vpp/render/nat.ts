/** Address translation: what the second instance is, and how core reaches its pools. Pure. */
import type { Machine } from "../../../schemas/machine.ts";
import { printAddress } from "../../../schemas/primitives.ts";
import { cidrOf } from "../../../schemas/semantics/networks.ts";
import type { Route, VppObject } from "../model.ts";
import { bare, type Link, linksOf, renderLinks } from "./links.ts";

const modules = ["det44", "nat64"] as const;

/** In core: pools are behind the external links. Announcing them is FRR's. */
export function renderPoolRoutes(machine: Machine): readonly VppObject[] {
  const link = finderIn(linksOf(machine));
  return modules.flatMap((module) => {
    const out = link(module, "external");
    const pools = Object.values(machine.nat?.[module]?.pools ?? {});
    return out ? pools.map(({ prefix }) => routeTo(prefix, out.nat, out)) : [];
  });
}

/** All of the second instance but its raw commands. */
export function renderNat(machine: Machine): readonly VppObject[] {
  const links = linksOf(machine);
  const link = finderIn(links);
  // What is translated leaves over one of them; answers come back over the one that their pool is behind.
  const out = link("det44", "external") ?? link("nat64", "external");
  const [inside, inside6] = modules.map((module) => link(module, "internal"));
  const sources = new Set(Object.values(machine.nat?.det44?.mappings ?? {}).map(({ source }) => source));
  return [
    ...renderLinks("nat", machine),
    ...(out ? [routeTo("0.0.0.0/0", out.core, out)] : []),
    ...(inside ? [...sources].map((source) => routeTo(source, inside.core, inside)) : []),
    ...(inside6 ? [routeTo("::/0", inside6.core, inside6)] : []),
    ...renderDet44(machine, links),
    ...renderNat64(machine, links),
  ];
}

function finderIn(links: readonly Link[]) {
  return (module: Link["module"], end: Link["end"]): Link | undefined =>
    links.find((one) => one.module === module && one.end === end);
}

function routeTo(prefix: string, via: string, { name }: Link): Route {
  return { kind: "route", prefix, paths: [{ via: bare(via), interface: name }] };
}

function renderDet44({ nat }: Machine, links: readonly Link[]): readonly VppObject[] {
  const det44 = nat?.det44;
  if (det44 === undefined) return [];
  const { timeouts, mappings, pools } = det44;
  return [
    { kind: "det44" },
    {
      kind: "det44-timeouts",
      udp: timeouts.udp,
      tcpEstablished: timeouts["tcp-established"],
      tcpTransitory: timeouts["tcp-transitory"],
      icmp: timeouts.icmp,
    },
    ...rolesIn(links, "det44").map((role) => ({ kind: "det44-role", ...role }) as const),
    ...Object.values(mappings).flatMap(({ source, pool }) => {
      const outside = pools[pool]?.prefix;
      return outside === undefined ? [] : [{ kind: "det44-mapping", inside: source, outside } as const];
    }),
  ];
}

function renderNat64({ nat }: Machine, links: readonly Link[]): readonly VppObject[] {
  const nat64 = nat?.nat64;
  if (nat64 === undefined) return [];
  const addresses = Object.values(nat64.pools).flatMap(({ prefix }) => addressesOf(prefix));
  return [
    { kind: "nat64" },
    { kind: "nat64-prefix", prefix: nat64.prefix },
    ...addresses.map((address) => ({ kind: "nat64-pool", address }) as const),
    ...rolesIn(links, "nat64").map((role) => ({ kind: "nat64-role", ...role }) as const),
  ];
}

function rolesIn(links: readonly Link[], module: Link["module"]) {
  return links
    .filter((link) => link.module === module)
    .map(({ name, end }) => ({ on: name, side: end === "internal" ? "inside" : "outside" }) as const);
}

/** Every address of an IPv4 network, in order. */
function addressesOf(prefix: string): readonly string[] {
  const cidr = cidrOf(prefix);
  if (cidr?.family !== "ipv4") return [];
  const first = cidr.bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  return Array.from({ length: 2 ** (32 - cidr.length) }, (_, offset) => {
    const number = first + offset;
    return printAddress([24, 16, 8, 0].map((shift) => (number >>> shift) & 0xff));
  });
}
