/** Rules about bonds, bridges and cross-connects: what is switched is not routed. */
import type { Path } from "../json.ts";
import type { Port } from "../ports.ts";
import type { Report } from "./rules.ts";
import type { View } from "./view.ts";

export function checkSwitching(view: View, report: Report): void {
  checkMembers(view, report);
  checkBonds(view, report);
  checkCrossConnects(view, report);
  checkBridgeMtus(view, report);
}

/** Every place that switches an interface, in the order of the machine. */
function* switched({ machine }: View): Iterable<{ readonly ref: string; readonly path: Path; readonly by: string }> {
  for (const [name, { members }] of Object.entries(machine.bridges)) {
    for (const [index, ref] of members.entries())
      yield { ref, path: ["bridges", name, "members", index], by: `the bridge ${name}` };
  }
  for (const [name, { from, to, vlan }] of Object.entries(machine["cross-connects"])) {
    if (vlan !== undefined) continue;
    yield { ref: from, path: ["cross-connects", name, "from"], by: `the cross-connect ${name}` };
    yield { ref: to, path: ["cross-connects", name, "to"], by: `the cross-connect ${name}` };
  }
}

function checkMembers(view: View, report: Report): void {
  const seen = new Map<string, string>();
  for (const { ref, path, by } of switched(view)) {
    const other = seen.get(ref);
    if (other !== undefined) report("switched-twice", path, `${ref} is in ${other} already`);
    seen.set(ref, other ?? by);
    const port = view.ports.get(ref);
    if (!port) continue;
    if (port.kind === "loopback" || port.kind === "bvi") report("switched-kind", path, `${ref} cannot be in ${by}`);
    else if (other === undefined && port.role === "switched") {
      for (const [key, what] of routedParts(port))
        report("switched-routed", [...port.path, key], `${ref} is in ${by} and has ${what}`);
    }
  }
}

/** What makes a port a routed one: its key, and what it is in words. */
function routedParts({ settings }: Port): readonly (readonly [string, string])[] {
  const parts: (readonly [string, string])[] = [];
  if (settings.addresses.length > 0) parts.push(["addresses", "an address"]);
  if (typeof settings["linux-cp"] === "string") parts.push(["linux-cp", "a linux-cp name"]);
  if (settings["router-advertisements"]) parts.push(["router-advertisements", "router advertisements"]);
  if (settings.vrf !== undefined) parts.push(["vrf", "a VRF"]);
  if (settings.unnumbered !== undefined) parts.push(["unnumbered", "another one's addresses"]);
  if (settings["unicast-rpf"]) parts.push(["unicast-rpf", "unicast RPF"]);
  return parts;
}

function checkBonds(view: View, report: Report): void {
  const seen = new Map<string, string>();
  const { machine, ports } = view;
  for (const [bond, { members }] of Object.entries(machine.bonds)) {
    for (const [index, member] of members.entries()) {
      const other = seen.get(member);
      if (other !== undefined)
        report("bond-member-twice", ["bonds", bond, "members", index], `${member} is a member of ${other} already`);
      seen.set(member, other ?? bond);
      const port = ports.get(member);
      if (other !== undefined || !port || port.kind !== "physical") continue;
      const vlans = machine.interfaces[member]?.["sub-interfaces"] ?? {};
      const { acl, policer } = port.settings;
      const parts = [...routedParts(port)];
      if (Object.keys(vlans).length > 0) parts.push(["sub-interfaces", "VLANs"]);
      if (acl.in.length + acl.out.length > 0) parts.push(["acl", "an ACL"]);
      if (policer.in !== undefined || policer.out !== undefined) parts.push(["policer", "a policer"]);
      for (const [key, what] of parts)
        report("bond-member-role", [...port.path, key], `${member} is a member of ${bond} and has ${what}`);
    }
  }
  for (const { ref, path, by } of switched(view)) {
    const bond = seen.get(ref);
    if (bond !== undefined) report("bond-member-role", path, `${ref} is a member of ${bond} and in ${by}`);
  }
}

function checkCrossConnects({ machine, ports }: View, report: Report): void {
  const trunks = new Set([...ports.values()].map(({ parent }) => parent?.ref));
  for (const [name, connect] of Object.entries(machine["cross-connects"])) {
    for (const end of ["from", "to"] as const) {
      const port = ports.get(connect[end]);
      const path = ["cross-connects", name, end];
      if (connect.vlan !== undefined) {
        const fits = !port || port.kind === "physical" || port.kind === "bond";
        if (!fits) report("cross-connect-ends", path, `${connect[end]} is neither a physical interface nor a bond`);
        else if (port?.role === "bonded") report("bond-member-role", path, `${connect[end]} is a member of a bond`);
      } else if (port && trunks.has(port.ref)) {
        report("switched-vlans", path, `${connect[end]} has VLANs of its own`);
      }
    }
    const [from, to] = [ports.get(connect.from)?.mtu, ports.get(connect.to)?.mtu];
    if (from !== undefined && to !== undefined && from !== to)
      report(
        "mtu-in-bridge",
        ["cross-connects", name, "to"],
        `${connect.from} has an MTU of ${from}, ${connect.to} one of ${to}`,
      );
  }
}

function checkBridgeMtus({ machine, ports }: View, report: Report): void {
  for (const [name, { id, members }] of Object.entries(machine.bridges)) {
    const [first, ...others] = [...members, `bvi${id}`]
      .flatMap((ref) => ports.get(ref) ?? [])
      .filter(({ mtu }) => mtu !== undefined);
    const odd = others.find(({ mtu }) => mtu !== first?.mtu);
    if (first && odd)
      report(
        "mtu-in-bridge",
        ["bridges", name],
        `${first.ref} has an MTU of ${first.mtu}, ${odd.ref} one of ${odd.mtu}`,
      );
  }
}
