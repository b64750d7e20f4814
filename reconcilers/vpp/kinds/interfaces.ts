/** Interfaces, what they are made of, and their counterparts in Linux. */
import type {
  Bond,
  BondMember,
  Bvi,
  HostInterface,
  LinuxPair,
  Loopback,
  Memif,
  MemifSocket,
  Physical,
  Settings,
  Tap,
  Vlan,
  Vxlan,
} from "../model.ts";
import { interfaceKey, type Rules } from "./rules.ts";
import { tagsOf } from "./vlans.ts";

/** What all interfaces share: the name, and that traffic stops where one goes. */
const named = {
  key: ({ name }: { readonly name: string }) => name,
  provides: ({ name }: { readonly name: string }) => [interfaceKey(name)],
  impact: { remove: "flap" },
} as const;

export const physical: Rules<Physical> = {
  ...named,
  noun: ({ name }) => `interface ${name}`,
};

export const hostInterface: Rules<HostInterface> = {
  ...named,
  takes: ({ name, device }) => [interfaceKey(name), `device:${device}`],
  optional: ["mac"],
  ignored: ["newMac"],
  noun: ({ name }) => `host-interface ${name}`,
  details: ({ device, mac, newMac }) => [`on ${device}`, ...macWords(mac ?? newMac)],
};

export const tap: Rules<Tap> = {
  ...named,
  provides: ({ name, device }) => [interfaceKey(name), `tap:${device}`],
  // Two taps of one name would share the one device of Linux.
  takes: ({ name, id, device, namespace }) => [
    interfaceKey(name),
    `tap-id:${id}`,
    `linux:${namespace === undefined ? "" : `${namespace} `}${device}`,
  ],
  optional: ["mac"],
  noun: ({ name }) => `tap ${name}`,
  details: ({ device, namespace, bridge, mac }) => [
    `${device} in Linux`,
    ...(namespace === undefined ? [] : [`namespace ${namespace}`]),
    ...(bridge === undefined ? [] : [`bridge ${bridge}`]),
    ...macWords(mac),
  ],
};

export const loopback: Rules<Loopback> = {
  ...named,
  takes: ({ name }) => [interfaceKey(name)],
  optional: ["mac"],
  noun: ({ name }) => `loopback ${name}`,
  details: ({ mac }) => macWords(mac),
};

export const bvi: Rules<Bvi> = {
  ...named,
  takes: ({ name }) => [interfaceKey(name)],
  optional: ["mac"],
  noun: ({ name }) => `BVI ${name}`,
  details: ({ mac }) => macWords(mac),
};

export const bond: Rules<Bond> = {
  ...named,
  takes: ({ name, id }) => [interfaceKey(name), `bond-id:${id}`],
  // VPP puts in a balance of its own where a mode has none to choose.
  optional: ["mac", "balance"],
  noun: ({ name }) => `bond ${name}`,
  details: ({ mode, balance, mac }) => [mode, ...(balance === undefined ? [] : [balance]), ...macWords(mac)],
};

export const vlan: Rules<Vlan> = {
  ...named,
  needs: ({ parent }) => [interfaceKey(parent)],
  takes: (object) => [interfaceKey(object.name), `tags:${tagsOf(object)}`],
  noun: ({ name }) => `VLAN ${name}`,
  details: ({ encapsulation, outer, inner }) => [
    `${encapsulation} ${outer}${inner === undefined ? "" : ` inner ${inner}`}`,
  ],
};

export const vxlan: Rules<Vxlan> = {
  ...named,
  takes: ({ name, source, destination, vni }) => [interfaceKey(name), `vxlan:${source} ${destination} ${vni}`],
  noun: ({ name }) => `VXLAN tunnel ${name}`,
  details: ({ source, destination, vni }) => [`${source} to ${destination}`, `VNI ${vni}`],
};

export const memifSocket: Rules<MemifSocket> = {
  key: ({ id }) => `${id}`,
  provides: ({ id }) => [`memif-socket:${id}`],
  takes: ({ path }) => [`socket:${path}`],
  impact: { remove: "hitless" },
  noun: ({ id }) => `memif socket ${id}`,
  details: ({ path }) => [path],
};

export const memif: Rules<Memif> = {
  ...named,
  needs: ({ socket }) => [`memif-socket:${socket}`],
  takes: ({ name, socket, id }) => [interfaceKey(name), `memif:${socket}/${id}`],
  noun: ({ name }) => `interface ${name}`,
  details: ({ role, mac }) => [role, ...macWords(mac)],
};

export const settings: Rules<Settings> = {
  key: ({ on }) => on,
  needs: ({ on }) => [interfaceKey(on)],
  inPlace: ["up", "mtu", "rxMode"],
  optional: ["mtu", "rxMode"],
  goesWith: ({ on }) => [interfaceKey(on)],
  impact: { remove: "flap" },
  noun: ({ on }) => `settings of ${on}`,
  details: ({ up, mtu, rxMode }) => [
    up ? "up" : "down",
    ...(mtu === undefined ? [] : [`mtu ${mtu}`]),
    ...(rxMode === undefined ? [] : [rxMode]),
  ],
};

export const bondMember: Rules<BondMember> = {
  key: ({ on }) => on,
  needs: ({ on, bond }) => [interfaceKey(on), interfaceKey(bond)],
  impact: { add: "flap", remove: "flap" },
  noun: ({ on, bond }) => `member ${on} of ${bond}`,
};

/** A device of Linux that goes takes its addresses and routes there along, and its VLANs. */
export const linuxPair: Rules<LinuxPair> = {
  key: ({ on }) => on,
  provides: ({ on, name }) => [pairKey(on), `tap:${name}`],
  needs({ on }, vlans) {
    const vlan = vlans.named(on);
    if (vlan === undefined) return [interfaceKey(on)];
    const outer = vlan.inner === undefined ? undefined : vlans.outerOf(vlan);
    return [interfaceKey(on), pairKey(vlan.parent), ...(outer === undefined ? [] : [pairKey(outer.name)])];
  },
  takes: ({ name }) => [`linux:${name}`],
  impact: { remove: "flap" },
  noun: ({ on }) => `linux-cp pair of ${on}`,
  details: ({ name }) => [`${name} in Linux`],
};

/** The resource that Linux's sight of an interface is. */
export function pairKey(on: string): string {
  return `pair:${on}`;
}

function macWords(mac: string | undefined): readonly string[] {
  return mac === undefined ? [] : [mac];
}
