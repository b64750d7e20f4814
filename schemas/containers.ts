/** The network of the containers: Incus's bridge, and VPP's host-interface on it as their gateway. */
import { z } from "zod";
import type { Defaults } from "./defaults.ts";
import { Profiles, Remotes, storageSchema } from "./instances.ts";
import { Ipv4Address, Ipv4Prefix, Ipv6Address, Ipv6Prefix, LinuxName } from "./primitives.ts";

export function containersSchema(d: Defaults) {
  return z
    .strictObject({
      network: Ipv4Prefix,
      gateway: Ipv4Address.meta({ description: "VPP's address, the containers' default gateway." }),
      bridge: LinuxName.default(d.containers.bridge),
      "bridge-address": Ipv4Address.meta({ description: "The bridge's own address, of the DHCP server." }),
      dhcp: z
        .strictObject({ from: Ipv4Address, to: Ipv4Address })
        .optional()
        .meta({ description: "Range of the DHCP server; without it there is none." }),
      ipv6: z
        .strictObject({
          network: Ipv6Prefix,
          gateway: Ipv6Address.meta({ description: "VPP's address; it sends the router advertisements." }),
          "bridge-address": Ipv6Address.optional(),
        })
        .optional()
        .meta({ description: "IPv6 of the containers; without it they have none." }),
      "host-interface": LinuxName.default(d.containers["host-interface"]).meta({
        description: "The dataplane's end of the veth pair.",
      }),
      nat: z
        .boolean()
        .default(true)
        .meta({ description: "Steered to nat.det44, but towards private networks (RFC 1918)." }),
      storage: storageSchema(d),
      profiles: Profiles,
      remotes: Remotes,
    })
    .meta({ description: "Container network." });
}
export type Containers = z.infer<ReturnType<typeof containersSchema>>;
