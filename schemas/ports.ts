/**
 * The dataplane's own interfaces as one index: physical ones, bonds, VLANs, loopbacks, BVIs, taps and tunnels, by the name that others
 * refer to them by. Who needs the name of an interface in Linux, its MTU or its role asks here and nowhere else.
 */
import type { Interface, Loopback } from "./interfaces.ts";
import type { Path } from "./json.ts";
import type { Machine } from "./machine.ts";

export interface Port {
  /** "external", "external.25", "loop0", "bvi10". */
  readonly ref: string;
  readonly kind: "physical" | "bond" | "vlan" | "loopback" | "bvi" | "tap" | "vxlan";
  /** Where it stands in the machine. */
  readonly path: Path;
  /** What every kind has: addresses, linux-cp, ACLs and so on. */
  readonly settings: Omit<Loopback, "mac">;
  /** Of a VLAN: the interface, bond or tunnel that it is on. */
  readonly parent: Port | undefined;
  /** Of a VLAN: its tags. */
  readonly tags: Tags | undefined;
  /** switched: end of a bridge or cross-connect; bonded: member of a bond. Neither has addresses or a name in Linux. */
  readonly role: "routed" | "switched" | "bonded";
  /** As written or inherited from the parent; undefined where the dataplane's own default holds. */
  readonly mtu: number | undefined;
  /** Name of its linux-cp tap, which is what FRR calls it; undefined where it has none, as in a VRF. */
  readonly linux: string | undefined;
}

export interface Tags {
  readonly encapsulation: "dot1q" | "dot1ad";
  readonly vlan: number;
  readonly inner: number | undefined;
}

/** By `ref`. Of two with the same name the first counts; semantics reports the second. */
export function portsOf(machine: Machine): ReadonlyMap<string, Port> {
  const ports = new Map<string, Port>();
  const roleOf = roles(machine);
  const add = (port: Omit<Port, "role" | "linux">, usual: string | undefined): Port => {
    const role = roleOf(port.ref);
    const chosen = port.settings["linux-cp"];
    const isSeen = chosen !== false && role === "routed" && port.settings.vrf === undefined;
    const linux = isSeen ? (chosen ?? usual) : undefined;
    const whole = { ...port, role, linux };
    if (!ports.has(port.ref)) ports.set(port.ref, whole);
    return whole;
  };
  for (const [kind, section] of [
    ["physical", "interfaces"],
    ["bond", "bonds"],
  ] as const) {
    for (const [name, settings] of Object.entries(machine[section])) {
      const path = [section, name];
      const parent = add(
        { ref: name, kind, path, settings, parent: undefined, tags: undefined, mtu: settings.mtu },
        name,
      );
      for (const port of vlans(parent, settings["sub-interfaces"])) add(port, port.ref);
    }
  }
  const lone = { parent: undefined, tags: undefined } as const;
  for (const [ref, settings] of Object.entries(machine.loopbacks)) {
    const path = ["loopbacks", ref];
    add({ ref, kind: "loopback", path, settings, ...lone, mtu: settings.mtu }, ref.replace("loop", "lo"));
  }
  for (const [ref, own] of Object.entries(machine.taps)) {
    const settings = { ...own, "linux-cp": false } as const;
    add({ ref, kind: "tap", path: ["taps", ref], settings, ...lone, mtu: settings.mtu }, undefined);
  }
  // VPP's names of tunnels are nearly as long as Linux has room for: there they have one only where it is given.
  for (const [ref, settings] of Object.entries(machine.vxlan)) {
    const tunnel = { ref, kind: "vxlan", path: ["vxlan", ref], settings, ...lone, mtu: settings.mtu } as const;
    for (const port of vlans(add(tunnel, undefined), settings["sub-interfaces"])) add(port, undefined);
  }
  for (const [name, { id, bvi }] of Object.entries(machine.bridges)) {
    if (bvi === undefined) continue;
    const path = ["bridges", name, "bvi"];
    add({ ref: `bvi${id}`, kind: "bvi", path, settings: bvi, ...lone, mtu: bvi.mtu }, `bvi${id}`);
  }
  return ports;
}

function vlans(parent: Port, all: Interface["sub-interfaces"]): readonly Omit<Port, "role" | "linux">[] {
  return Object.entries(all).map(([number, settings]) => ({
    ref: `${parent.ref}.${number}`,
    kind: "vlan",
    path: [...parent.path, "sub-interfaces", number],
    settings,
    parent,
    tags: { encapsulation: settings.encapsulation, vlan: settings.vlan, inner: settings["inner-vlan"] },
    mtu: settings.mtu ?? parent.mtu,
  }));
}

/** A cross-connect with a VLAN leaves its two interfaces as they are: it makes VLANs of its own on them. */
function roles(machine: Machine): (ref: string) => Port["role"] {
  const bonded = new Set(Object.values(machine.bonds).flatMap((bond) => bond.members));
  const switched = new Set(Object.values(machine.bridges).flatMap((bridge) => bridge.members));
  for (const { from, to, vlan } of Object.values(machine["cross-connects"])) {
    if (vlan === undefined) switched.add(from).add(to);
  }
  return (ref) => (bonded.has(ref) ? "bonded" : switched.has(ref) ? "switched" : "routed");
}
