/** The containers' gateway: VPP's host-interface on the veth pair whose other end is in their bridge. Pure. */
import type { Containers } from "../../../schemas/containers.ts";
import { defaults } from "../../../schemas/defaults.ts";
import type { Machine } from "../../../schemas/machine.ts";
import type { VppObject } from "../model.ts";
import { advertisementsOf } from "./layer3.ts";
import { macFor } from "./numbers.ts";

/** VPP's own name for it. */
export function containerPort(containers: Pick<Containers, "host-interface">): string {
  return `host-${containers["host-interface"]}`;
}

const usual = defaults[1]["router-advertisements"];

export function renderContainers({ containers, hostname = "" }: Machine): readonly VppObject[] {
  if (containers === undefined) return [];
  const { network, gateway, ipv6, "host-interface": device } = containers;
  const on = containerPort(containers);
  const six = ipv6 && `${ipv6.gateway}${lengthOf(ipv6.network)}`;
  const advertised = {
    suppress: false,
    "max-interval": usual["max-interval"],
    "min-interval": usual["min-interval"],
    managed: false,
    other: false,
    prefixes: {},
  };
  return [
    { kind: "host-interface", name: on, device, newMac: macFor(`${hostname} ${on}`) },
    { kind: "address", on, address: `${gateway}${lengthOf(network)}` },
    ...(six === undefined
      ? []
      : [{ kind: "address", on, address: six } as const, ...advertisementsOf(on, [six], advertised)]),
    // A veth pair's, and so that of the containers.
    { kind: "settings", on, up: true, mtu: 1500 },
  ];
}

function lengthOf(prefix: string): string {
  return prefix.slice(prefix.indexOf("/"));
}
