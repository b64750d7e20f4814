/** From a machine to what both VPP instances are to have. Pure. */
import type { Machine } from "../../../schemas/machine.ts";
import { type Port, portsOf } from "../../../schemas/ports.ts";
import { applies, type ProgramVersions } from "../../../schemas/when.ts";
import { usesNat, usesVpp } from "../../system/render/startup.ts";
import type { InstanceName, Policer, VppDesired, VppObject } from "../model.ts";
import { aclOf } from "./acls.ts";
import { renderContainers } from "./containers.ts";
import { renderInterfaces } from "./interfaces.ts";
import { renderLayer3, tableOf } from "./layer3.ts";
import { renderLinks } from "./links.ts";
import { renderNat, renderPoolRoutes } from "./nat.ts";
import { renderSteering } from "./steering.ts";
import { renderVrfs } from "./vrfs.ts";

/** `versions` are those of the image, for `when:`. An instance that the machine has no use for is left out. */
export function renderVpp(machine: Machine, versions: ProgramVersions): VppDesired {
  const raw = (instance: InstanceName) => renderRaw(machine, versions, instance);
  if (!usesVpp(machine)) return {};
  return {
    core: { objects: [...renderCore(machine), ...raw("core")] },
    ...(usesNat(machine) && { nat: { objects: [...renderNat(machine), ...raw("nat")] } }),
    ...(machine.policy.prune === "all" && { prune: "all" }),
  };
}

function renderCore(machine: Machine): readonly VppObject[] {
  const ports = portsOf(machine);
  const { policers, acls, vrrp, "dhcp-relay": relays } = machine;
  return [
    ...renderVrfs(machine),
    ...renderInterfaces(machine, ports),
    ...renderContainers(machine),
    ...renderLinks("core", machine),
    ...Object.entries(policers).map(([name, one]) => policerOf(name, one)),
    ...Object.entries(acls).map(([name, acl]) => aclOf(name, acl)),
    ...[...ports.values()].flatMap((port) => renderLayer3(port, machine.vrfs)),
    ...renderPoolRoutes(machine),
    ...renderSteering(machine, ports),
    ...Object.values(vrrp).map((one) => vrrpOf(one, machine, ports)),
    ...Object.values(relays).map(({ server, source }) => ({ kind: "dhcp-relay", server, source }) as const),
    ...renderLldp(machine),
  ];
}

/** Without a burst: what the rate gives in 100 ms, and at least ten packets of 1500 bytes. */
function policerOf(name: string, written: Machine["policers"][string]): Policer {
  const { "rate-kbps": rateKbps, exceed } = written;
  const usual = Math.max(15_000, Math.round(rateKbps * 12.5));
  return {
    kind: "policer",
    name,
    rateKbps,
    burstBytes: written["burst-bytes"] ?? usual,
    exceed: typeof exceed === "string" ? exceed : exceed.dscp,
  };
}

function vrrpOf(written: Machine["vrrp"][string], { vrfs }: Machine, ports: ReadonlyMap<string, Port>): VppObject {
  const port = ports.get(written.interface);
  const { interface: on, id, family, addresses, priority, preempt, accept, peers, track } = written;
  return {
    kind: "vrrp",
    on,
    id,
    family,
    addresses,
    priority,
    interval: Math.round(written["interval-ms"] / 10),
    preempt,
    accept,
    peers,
    track: Object.entries(track).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    ...(port && tableOf(port, vrfs)),
  };
}

function renderLldp({ lldp, hostname = "" }: Machine): readonly VppObject[] {
  if (lldp === undefined) return [];
  const { "system-name": name, "interval-seconds": interval, hold, interfaces } = lldp;
  return [
    { kind: "lldp", systemName: name ?? hostname, interval, hold },
    ...Object.entries(interfaces).map(
      ([on, one]) => ({ kind: "lldp-port", on, description: one["port-description"] ?? on }) as const,
    ),
  ];
}

function renderRaw(machine: Machine, versions: ProgramVersions, instance: InstanceName): readonly VppObject[] {
  return Object.entries(machine["raw-vpp"])
    .filter(([, block]) => block.instance === instance && applies(block.when, versions))
    .map(([name, { commands, undo, impact }]) => ({ kind: "raw", name, commands, undo, impact }));
}
