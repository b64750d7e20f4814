/**
 * Interfaces that VPP makes and that lead to Linux or to another router: taps, and VXLAN tunnels. Linux sees none
 * through linux-cp but a tunnel, or a VLAN of one, that is given a name there.
 */
import { z } from "zod";
import type { Defaults } from "./defaults.ts";
import { subInterfaces } from "./interfaces.ts";
import { layer3 } from "./layer3.ts";
import { Address, LinuxName, Mac, Name, whole } from "./primitives.ts";

export function tapsSchema(d: Defaults) {
  const { "linux-cp": _, ...layers } = layer3(d);
  const TapName = z
    .string()
    .regex(/^tap(0|[1-9]\d{0,2})$/, "must be tap0 to tap999")
    .meta({ description: "tap0, tap1, …: VPP's name and number." });
  const Tap = z
    .strictObject({
      "host-interface": LinuxName.meta({ description: "Name of the interface that Linux has." }),
      namespace: Name.optional().meta({ description: "Network namespace of that; by default VPP's own." }),
      bridge: LinuxName.optional().meta({ description: "Linux's bridge that it joins." }),
      mac: Mac.optional().meta({ description: "Of VPP's end; a random one unless given." }),
      ...layers,
    })
    .meta({ description: "An interface of Linux that VPP makes." });
  return z.record(TapName, Tap).default({}).meta({ description: "Taps by name." });
}

export function vxlanSchema(d: Defaults) {
  const TunnelName = z
    .string()
    .regex(/^vxlan_tunnel(0|[1-9]\d{0,3})$/, "must be vxlan_tunnel0 to vxlan_tunnel9999")
    .meta({ description: "vxlan_tunnel0, vxlan_tunnel1, …: VPP's name and number." });
  const Tunnel = z
    .strictObject({
      source: Address.meta({ description: "Own address." }),
      destination: Address.meta({ description: "The other end's address." }),
      vni: whole(0, 16_777_215, "a VXLAN network identifier"),
      ...layer3(d),
      "sub-interfaces": subInterfaces(d),
    })
    .refine((tunnel) => tunnel.source.includes(":") === tunnel.destination.includes(":"), {
      path: ["destination"],
      error: "is of the other address family than source",
    })
    .meta({ description: "VXLAN tunnel (RFC 7348) to one other end." });
  return z.record(TunnelName, Tunnel).default({}).meta({ description: "VXLAN tunnels by name." });
}
