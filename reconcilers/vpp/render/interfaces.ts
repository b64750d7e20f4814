/** Interfaces of core: NICs, bonds, VLANs, loopbacks, bridges and cross-connects, and Linux's sight of them. Pure. */
import type { Machine } from "../../../schemas/machine.ts";
import type { Port } from "../../../schemas/ports.ts";
import type { VppObject } from "../model.ts";
import { macFor } from "./numbers.ts";

/** VPP's own, of what has no interface below it and says nothing. */
const usualMtu = 9000;

export function renderInterfaces(machine: Machine, ports: ReadonlyMap<string, Port>): readonly VppObject[] {
  const all = [...ports.values()];
  return [
    ...Object.entries(machine.interfaces).map(([name, one]) => nicOf(machine, name, one, ports.get(name)?.role)),
    ...renderBonds(machine),
    ...renderMade(machine),
    ...all.flatMap((port) => renderPort(port, machine)),
    ...renderPairs(all),
    ...renderBridges(machine, ports),
    ...renderCrossConnects(machine, ports),
  ];
}

/**
 * Through the kernel it has the NIC's own MAC address where that is known: a NIC may refuse packets to others. A member of a bond
 * has the bond's.
 */
function nicOf(
  { hostname = "" }: Machine,
  name: string,
  one: Machine["interfaces"][string],
  role: Port["role"] | undefined,
): VppObject {
  const device = one["kernel-name"];
  if (one.driver !== "af-packet" || device === undefined) return { kind: "physical", name };
  const mac = one.mac === undefined ? { newMac: macFor(`${hostname} ${name}`) } : { mac: one.mac };
  return { kind: "host-interface", name, device, ...(role !== "bonded" && mac) };
}

function renderBonds({ bonds }: Machine): readonly VppObject[] {
  const taken = new Set(Object.values(bonds).flatMap(({ id }) => id ?? []));
  let next = 0;
  const free = (): number => {
    while (taken.has(next)) next += 1;
    return next++;
  };
  return Object.entries(bonds)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, { id = free(), mode, members, mac, "load-balance": balance }]): readonly VppObject[] => {
      const hasChoice = mode === "lacp" || mode === "xor";
      return [
        { kind: "bond", name, id, mode, ...(hasChoice && { balance }), ...(mac !== undefined && { mac }) },
        ...members.map((on) => ({ kind: "bond-member", on, bond: name }) as const),
      ];
    });
}

/** Loopbacks, taps and tunnels, which are named as VPP names them. */
function renderMade({ loopbacks, taps, vxlan }: Machine): readonly VppObject[] {
  return [
    ...Object.entries(loopbacks).map(([name, { mac }]) => ({
      kind: "loopback" as const,
      name,
      ...(mac !== undefined && { mac }),
    })),
    ...Object.entries(taps).map(([name, { "host-interface": device, namespace, bridge, mac }]) => ({
      kind: "tap" as const,
      name,
      id: Number(name.replace("tap", "")),
      device,
      ...(namespace !== undefined && { namespace }),
      ...(bridge !== undefined && { bridge }),
      ...(mac !== undefined && { mac }),
    })),
    ...Object.entries(vxlan).map(([name, { source, destination, vni }]) => ({
      kind: "vxlan" as const,
      name,
      source,
      destination,
      vni,
    })),
  ];
}

function renderPort(port: Port, { interfaces }: Machine): readonly VppObject[] {
  const { ref, kind, settings, parent, tags, mtu = usualMtu } = port;
  const up = settings.enabled && parent?.settings.enabled !== false;
  const rxMode = kind === "physical" ? interfaces[ref]?.["rx-mode"] : undefined;
  return [
    ...(parent && tags ? [vlanOf(ref, parent.ref, tags)] : []),
    // Of a VLAN as well: behind a tap it has that of Linux's device, whatever it was told not to have.
    { kind: "settings", on: ref, up, mtu, ...(rxMode !== undefined && { rxMode }) },
  ];
}

function vlanOf(name: string, parent: string, { encapsulation, vlan, inner }: NonNullable<Port["tags"]>): VppObject {
  const number = Number(name.slice(parent.length + 1));
  return { kind: "vlan", name, parent, number, encapsulation, outer: vlan, ...(inner !== undefined && { inner }) };
}

/** Linux sees a VLAN on an interface that it sees: also on one that is switched, and has no name of its own there. */
function renderPairs(ports: readonly Port[]): readonly VppObject[] {
  const names = new Map<string, string>();
  for (const { ref, linux, parent } of ports) {
    if (linux === undefined) continue;
    if (parent && parent.linux === undefined) names.set(parent.ref, parent.ref);
    names.set(ref, linux);
  }
  return [...names].map(([on, name]) => ({ kind: "linux-pair", on, name }));
}

function renderBridges({ bridges }: Machine, ports: ReadonlyMap<string, Port>): readonly VppObject[] {
  return Object.values(bridges).flatMap((one): readonly VppObject[] => {
    const { id, learn, flood, forward, members, bvi } = one;
    const domain = { learn, flood, forward, arpTermination: one["arp-termination"], macAge: one["mac-age-minutes"] };
    const own = `bvi${id}`;
    const router: readonly VppObject[] = bvi
      ? [
          { kind: "bvi", name: own, ...(bvi.mac !== undefined && { mac: bvi.mac }) },
          { kind: "bridge-port", on: own, bridge: id, isBvi: true },
        ]
      : [];
    return [
      { kind: "bridge", id, ...domain },
      ...router,
      ...members.flatMap((on) => [
        { kind: "bridge-port", on, bridge: id, isBvi: false } as const,
        ...untagged(ports.get(on)),
      ]),
    ];
  });
}

/** A member that is a VLAN hands over packets without its tags. */
function untagged(port: Port | undefined): readonly VppObject[] {
  if (port?.tags === undefined) return [];
  return [{ kind: "tag-rewrite", on: port.ref, pop: port.tags.inner === undefined ? 1 : 2 }];
}

function renderCrossConnects(machine: Machine, ports: ReadonlyMap<string, Port>): readonly VppObject[] {
  const taken = new Set(ports.keys());
  return Object.values(machine["cross-connects"]).flatMap((one): readonly VppObject[] => {
    const { from, to, vlan, encapsulation, "inner-vlan": inner } = one;
    if (vlan === undefined) {
      return [...connected(from, to), ...untagged(ports.get(from)), ...untagged(ports.get(to))];
    }
    const tags = { encapsulation, vlan, inner };
    const end = (parent: string): readonly [string, readonly VppObject[]] => {
      const name = passing(parent, tags, taken);
      const up = ports.get(parent)?.settings.enabled !== false;
      return [name, [vlanOf(name, parent, tags), { kind: "settings", on: name, up }]];
    };
    const [near, nearObjects] = end(from);
    const [far, farObjects] = end(to);
    return [...nearObjects, ...farObjects, ...connected(near, far)];
  });
}

function connected(from: string, to: string): readonly VppObject[] {
  return [
    { kind: "cross-connect", on: from, to },
    { kind: "cross-connect", on: to, to: from },
  ];
}

/** The sub-interface that passes a VLAN on: numbered by its tags, beyond what an operator can write where that is taken. */
function passing(parent: string, { vlan, inner }: NonNullable<Port["tags"]>, taken: Set<string>): string {
  let number = inner === undefined ? vlan : vlan * 10_000 + inner;
  while (taken.has(`${parent}.${number}`)) number += 100_000_000;
  taken.add(`${parent}.${number}`);
  return `${parent}.${number}`;
}
