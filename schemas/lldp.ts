/** LLDP and DHCP relay: what the dataplane says to, and carries for, its neighbours. */
import { z } from "zod";
import type { Defaults } from "./defaults.ts";
import { Address, InterfaceName, Line, Name, whole } from "./primitives.ts";

export function lldpSchema(d: Defaults) {
  return z
    .strictObject({
      "system-name": Line.optional().meta({ description: "By default the hostname." }),
      "interval-seconds": whole(1, 3600, "seconds").default(d.lldp["interval-seconds"]),
      hold: whole(1, 100).default(d.lldp.hold).meta({ description: "Neighbours forget us after this many intervals." }),
      interfaces: z
        .record(InterfaceName, z.strictObject({ "port-description": Line.optional() }))
        .meta({ description: "Physical interfaces that take part." }),
    })
    .meta({ description: "LLDP." });
}

export const DhcpRelay = z
  .record(
    Name,
    z
      .strictObject({
        server: Address,
        source: Address.meta({ description: "Own address of the relay, by which the server knows the network." }),
      })
      .refine((relay) => relay.server.includes(":") === relay.source.includes(":"), {
        path: ["source"],
        error: "is of the other address family than server",
      }),
  )
  .default({})
  .meta({ description: "DHCP relay: servers by name, IPv4 or IPv6. Requests on any interface are relayed." });
