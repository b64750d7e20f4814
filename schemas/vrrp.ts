/** VRRP version 3 in VPP. */
import { z } from "zod";
import type { Defaults } from "./defaults.ts";
import { Address, distinct, InterfaceRef, Line, Name, whole } from "./primitives.ts";

export function vrrpSchema(d: Defaults) {
  const Vrrp = z
    .strictObject({
      description: Line.optional(),
      interface: InterfaceRef,
      id: whole(1, 255, "a virtual router ID"),
      family: z.enum(["ipv4", "ipv6"]).default("ipv4").meta({ description: "Family of the shared addresses." }),
      addresses: z.array(Address).min(1).check(distinct).meta({ description: "Shared addresses." }),
      priority: whole(1, 255, "a priority").default(d.vrrp.priority).meta({ description: "255: owns the addresses." }),
      "interval-ms": whole(10, 40_950, "milliseconds").default(d.vrrp["interval-ms"]),
      preempt: z.boolean().default(d.vrrp.preempt).meta({ description: "Takes over from a lower priority." }),
      accept: z.boolean().default(true).meta({ description: "Answers on the shared addresses." }),
      peers: z.array(Address).check(distinct).default([]).meta({ description: "Unicast: the other routers." }),
      track: z
        .record(InterfaceRef, whole(1, 254, "a priority"))
        .default({})
        .meta({ description: "Interface → how much the priority falls while it is down." }),
    })
    .meta({ description: "Virtual router." });
  return z.record(Name, Vrrp).default({}).meta({ description: "VRRP by name." });
}
export type Vrrp = z.infer<ReturnType<typeof vrrpSchema>>[string];
