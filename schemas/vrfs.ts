/** VRFs: tables of routes of their own, for interfaces whose packets are to meet no others. VPP's alone: FRR knows none of them. */
import { z } from "zod";
import { fitsDestination, forwardsOrDrops } from "./next-hops.ts";
import { Address, distinct, InterfaceRef, Line, Name, Prefix, whole } from "./primitives.ts";

const VrfRoute = z
  .strictObject({
    description: Line.optional(),
    via: z.array(Address).min(1).check(distinct).optional().meta({ description: "Next hops; several share the load." }),
    interface: InterfaceRef.optional().meta({
      description: "Where the next hops are; without it they are looked for in the VRF.",
    }),
    discard: z.literal(true).optional().meta({ description: "Drops instead." }),
  })
  .check(forwardsOrDrops)
  .meta({ description: "Route of a VRF." });

const VrfRoutes = z
  .record(Prefix, VrfRoute)
  .check(fitsDestination)
  .default({})
  .meta({ description: "Routes by destination, beside those of the VRF's interfaces." });

const Vrf = z
  .strictObject({
    description: Line.optional(),
    table: whole(1, 2_147_483_647, "the number of a table")
      .refine((table) => table < 253 || table > 255, "must not be 253 to 255: those are Linux's own")
      .meta({ description: "VPP's number of its tables, one for IPv4 and one for IPv6." }),
    routes: VrfRoutes,
  })
  .meta({ description: "VRF." });

export const Vrfs = z.record(Name, Vrf).default({}).meta({ description: "VRFs by name." });
