/** Rules about static routes, ABF and DHCP relay: where packets are sent on. */
import type { Port } from "../ports.ts";
import { familyOf } from "../primitives.ts";
import { cidrOf, networks } from "./networks.ts";
import type { Report } from "./rules.ts";
import { isLinkLocal, type View, vrfOf } from "./view.ts";

export function checkRoutes(view: View, report: Report): void {
  checkStatic(view, report);
  checkSteering(view, report);
  checkVrfRoutes(view, report);
  for (const [name, { source }] of Object.entries(view.machine["dhcp-relay"])) {
    if (!view.byAddress.has(source) && !view.shared.has(source))
      report("relay-source", ["dhcp-relay", name, "source"], `${source} is no own address`);
  }
}

function checkStatic(view: View, report: Report): void {
  const { machine, byAddress, own } = view;
  const routes = machine.routing.static;
  if (Object.keys(routes).length === 0) return;
  // Next hops are looked up in other static routes too, but never in a default route.
  const behind = networks(
    Object.keys(routes).flatMap((prefix) => {
      const cidr = cidrOf(prefix);
      return cidr && cidr.length > 0 ? [[cidr, prefix] as const] : [];
    }),
  );
  const attached = new Map(own.map(({ cidr, on }) => [cidr.network, on]));
  for (const [prefix, { via, interface: out }] of Object.entries(routes)) {
    const path = ["routing", "static", prefix];
    const on = attached.get(prefix);
    if (on !== undefined) report("route-connected", path, `${prefix} is connected on ${on}`);
    for (const [index, hop] of (via ?? []).entries()) {
      const at = [...path, "via", index];
      const mine = byAddress.get(hop);
      const link = view.connected.find(hop);
      const through = behind.find(hop);
      if (mine) report("route-own-address", at, `${hop} is the own address on ${mine.on}`);
      else if (isLinkLocal(hop)) {
        if (out === undefined) report("route-link-local", at, `${hop} may be on any interface`);
      } else if (out !== undefined && link?.on !== out)
        report("route-unreachable", at, `${hop} is in no network of ${out}`);
      else if (!link && (through === undefined || through === prefix))
        report("route-unreachable", at, `${hop} is in no connected network`);
    }
  }
}

function checkVrfRoutes({ machine, apart, ports }: View, report: Report): void {
  for (const [name, { routes }] of Object.entries(machine.vrfs)) {
    const own = apart.filter((one) => vrfOf(one) === name);
    const connected = networks(own.map(({ cidr, on }) => [cidr, on] as const));
    const reached = networks(
      Object.keys(routes).flatMap((prefix) => {
        const cidr = cidrOf(prefix);
        return cidr && cidr.length > 0 ? [[cidr, prefix] as const] : [];
      }),
    );
    for (const [prefix, { via, interface: out }] of Object.entries(routes)) {
      for (const [index, hop] of (via ?? []).entries()) {
        const at = ["vrfs", name, "routes", prefix, "via", index];
        const mine = own.find(({ cidr }) => cidr.address === hop);
        const through = reached.find(hop);
        if (mine) report("route-own-address", at, `${hop} is the own address on ${mine.on}`);
        else if (isLinkLocal(hop)) {
          if (out === undefined) report("route-link-local", at, `${hop} may be on any interface`);
        } else if (out === undefined && connected.find(hop) === undefined && (through ?? prefix) === prefix)
          report("route-unreachable", at, `${hop} is in no network of the VRF`);
        else if (out !== undefined && !holds(ports.get(out), hop))
          report("route-unreachable", at, `${hop} is in no network of ${out}`);
      }
    }
  }
}

function holds(port: Port | undefined, address: string): boolean {
  const own = (port?.settings.addresses ?? []).flatMap((text) => cidrOf(text) ?? []);
  return networks(own.map((cidr) => [cidr, true] as const)).find(address) === true;
}

function checkSteering(view: View, report: Report): void {
  const { machine, byAddress } = view;
  for (const [name, policy] of Object.entries(machine.abf)) {
    const path = ["abf", name];
    for (const [index, hop] of policy.via.entries()) {
      const at = [...path, "via", index];
      const mine = byAddress.get(hop);
      if (familyOf(hop) !== policy.family) report("abf-family", at, `${hop} is not of family ${policy.family}`);
      else if (mine) report("route-own-address", at, `${hop} is the own address on ${mine.on}`);
      else if (isLinkLocal(hop)) {
        if (policy.interface === undefined) report("route-link-local", at, `${hop} may be on any interface`);
      } else if (!view.connected.find(hop)) report("route-unreachable", at, `${hop} is in no connected network`);
    }
    const rules = Object.hasOwn(machine.acls, policy.acl) ? Object.values(machine.acls[policy.acl]?.rules ?? {}) : [];
    const families = rules.map(({ source, destination }) => source ?? destination).map((one) => one && familyOf(one));
    if (rules.length > 0 && families.every((family) => family !== undefined && family !== policy.family))
      report("abf-family", [...path, "acl"], `no rule of ${policy.acl} is about ${policy.family}`);
  }
}
