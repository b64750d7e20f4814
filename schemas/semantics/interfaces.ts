/** Rules about interfaces: names, numbers, VLANs, MTUs. */
import type { Path } from "../json.ts";
import type { Port } from "../ports.ts";
import type { Report } from "./rules.ts";
import { isLinkLocal, type View } from "./view.ts";

export function checkInterfaces(view: View, report: Report): void {
  checkNumbers(view, report);
  checkLinuxNames(view, report);
  checkLinuxParents(view, report);
  checkVlans(view, report);
  checkMtus(view, report);
  checkUnnumbered(view, report);
  checkVrfs(view, report);
}

function checkUnnumbered({ ports }: View, report: Report): void {
  for (const { ref, path, settings } of ports.values()) {
    const lender = settings.unnumbered === undefined ? undefined : ports.get(settings.unnumbered);
    if (!lender) continue;
    const own = settings.addresses.filter((address) => !isLinkLocal(address));
    if (own.length > 0) report("unnumbered", [...path, "unnumbered"], `${ref} has addresses of its own`);
    else if (lender.settings.addresses.length === 0)
      report("unnumbered", [...path, "unnumbered"], `${lender.ref} has no address`);
    else if (lender.settings.vrf !== settings.vrf)
      report("unnumbered", [...path, "unnumbered"], `${lender.ref} is not in the same VRF`);
  }
}

function checkVrfs({ machine, ports }: View, report: Report): void {
  const seen = new Map<number, string>();
  for (const [name, { table }] of Object.entries(machine.vrfs)) {
    const other = seen.get(table);
    if (other !== undefined) report("vrf-reused", ["vrfs", name, "table"], `${table} is the table of ${other} already`);
    seen.set(table, other ?? name);
  }
  for (const { ref, path, settings } of ports.values()) {
    if (settings.vrf === undefined || typeof settings["linux-cp"] !== "string") continue;
    report("vrf-linux", [...path, "linux-cp"], `${ref} is in the VRF ${settings.vrf}`);
  }
  for (const kind of ["det44", "nat64"] as const) {
    for (const [at, ref] of (machine.nat?.[kind]?.inside ?? []).entries()) {
      const vrf = ports.get(ref)?.settings.vrf;
      if (vrf !== undefined) report("vrf-translated", ["nat", kind, "inside", at], `${ref} is in the VRF ${vrf}`);
    }
  }
}

function checkNumbers({ machine: { interfaces, bonds, bridges, abf } }: View, report: Report): void {
  for (const name of Object.keys(bonds)) {
    if (Object.hasOwn(interfaces, name)) report("name-reused", ["bonds", name], "is the name of an interface too");
  }
  for (const [section, all] of Object.entries({ bonds, bridges, abf })) {
    const seen = new Map<number, string>();
    for (const [name, { id }] of Object.entries(all)) {
      if (id === undefined) continue;
      const other = seen.get(id);
      if (other !== undefined)
        report("number-reused", [section, name, "id"], `${id} is the number of ${other} already`);
      seen.set(id, other ?? name);
    }
  }
}

/** Where the name comes from: linux-cp if it is written, else the interface itself. */
function linuxPath({ path, settings }: Port): Path {
  return typeof settings["linux-cp"] === "string" ? [...path, "linux-cp"] : path;
}

/** All in one namespace: taps, the loopback, netdevs that VPP reads through the kernel, the end of the containers' veth. */
function checkLinuxNames({ machine, ports }: View, report: Report): void {
  const seen = new Map([["lo", "the namespace's loopback"]]);
  for (const [name, { driver, "kernel-name": netdev }] of Object.entries(machine.interfaces)) {
    if (driver === "af-packet" && netdev !== undefined) seen.set(netdev, `the kernel's interface of ${name}`);
  }
  for (const module of ["det44", "nat64"] as const) {
    if (machine.nat?.[module]) seen.set(`memif-${module}`, `the way to the pools of ${module}`);
  }
  for (const [name, { namespace, "host-interface": device }] of Object.entries(machine.taps)) {
    if (namespace === undefined) seen.set(device, name);
  }
  if (machine.containers) seen.set(machine.containers["host-interface"], "the containers' host-interface");
  for (const port of ports.values()) {
    const { linux } = port;
    if (linux === undefined) continue;
    if (linux.length > 15)
      report("linux-name-length", linuxPath(port), `its name in Linux, "${linux}", has ${linux.length} characters`);
    const other = seen.get(linux);
    if (other === undefined) seen.set(linux, port.ref);
    else report("linux-name-reused", linuxPath(port), `"${linux}" is the name of ${other} in Linux already`);
  }
}

function checkLinuxParents({ ports }: View, report: Report): void {
  const visible = new Set<string>();
  for (const { parent, tags, linux } of ports.values()) {
    if (parent && tags && tags.inner === undefined && linux !== undefined)
      visible.add(`${parent.ref} ${tags.encapsulation} ${tags.vlan}`);
  }
  for (const port of ports.values()) {
    const { parent, tags, linux } = port;
    if (!parent || !tags || linux === undefined) continue;
    if (parent.linux === undefined && parent.role === "routed")
      report("linux-cp-parent", port.path, `is seen by Linux, but ${parent.ref} is not`);
    else if (tags.inner !== undefined && !visible.has(`${parent.ref} ${tags.encapsulation} ${tags.vlan}`))
      report(
        "qinq-outer",
        port.path,
        `${parent.ref} has no sub-interface for the outer ${tags.encapsulation} VLAN ${tags.vlan}`,
      );
  }
}

function checkVlans({ machine, ports }: View, report: Report): void {
  const seen = new Map<string, string>();
  const take = (
    path: Path,
    parent: string,
    tags: { encapsulation: string; vlan: number; inner: number | undefined },
    name: string,
  ): void => {
    const text = `${tags.encapsulation} ${tags.vlan}${tags.inner === undefined ? "" : `, inner ${tags.inner}`}`;
    const other = seen.get(`${parent} ${text}`);
    if (other !== undefined) report("vlan-reused", path, `${text} of ${parent} is ${other} already`);
    else seen.set(`${parent} ${text}`, name);
  };
  for (const { ref, path, parent, tags, settings } of ports.values()) {
    if (!parent || !tags) continue;
    take(path, parent.ref, tags, ref);
    if (settings.enabled && !parent.settings.enabled)
      report("vlan-of-disabled", path, `is enabled, but ${parent.ref} is not`);
  }
  for (const [name, { from, to, vlan, encapsulation, "inner-vlan": inner }] of Object.entries(
    machine["cross-connects"],
  )) {
    if (vlan === undefined) continue;
    for (const end of [from, to])
      take(["cross-connects", name, "vlan"], end, { encapsulation, vlan, inner }, `the cross-connect ${name}`);
  }
}

function checkMtus({ machine, ports }: View, report: Report): void {
  for (const { path, mtu, parent, settings } of ports.values()) {
    const written = [...path, "mtu"];
    if (parent?.mtu !== undefined && mtu !== undefined && mtu > parent.mtu)
      report("mtu-above-parent", written, `${mtu} is more than the ${parent.mtu} of ${parent.ref}`);
    if (mtu !== undefined && mtu < 1280 && settings.addresses.some((address) => address.includes(":")))
      report("mtu-below-ipv6", settings.mtu === undefined ? path : written, `${mtu} is too small for its IPv6 address`);
  }
  for (const [name, bond] of Object.entries(machine.bonds)) {
    for (const [index, member] of bond.members.entries()) {
      const mtu = ports.get(member)?.mtu;
      if (mtu !== undefined && mtu < bond.mtu)
        report(
          "mtu-above-member",
          ["bonds", name, "members", index],
          `${member} has an MTU of ${mtu}, ${name} one of ${bond.mtu}`,
        );
    }
  }
}
