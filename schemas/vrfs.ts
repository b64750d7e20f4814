/** VRFs: tables of routes of their own, for interfaces whose packets are to meet no others. VPP's alone: FRR knows none of them. */
import { z } from "zod";
import { Address, InterfaceRef, Line, Name, Prefix, whole } from "./primitives.ts";

const VrfRoute = z
  .strictObject({
    description: Line.optional(),
    via: z.array(Address).min(1).optional().meta({ description: "Next hops; several share the load." }),
    interface: InterfaceRef.optional().meta({
      description: "Where the next hops are; without it they are looked for in the VRF.",
    }),
    discard: z.literal(true).optional().meta({ description: "Drops instead." }),
  })
  .check((ctx) => {
    const { via, interface: out, discard } = ctx.value;
    const forwards = via !== undefined || out !== undefined;
    if (forwards === (discard === undefined)) return;
    const message = forwards ? "has both next hops and discard" : "needs via, interface or discard";
    ctx.issues.push({ code: "custom", message, input: ctx.value });
  })
  .meta({ description: "Route of a VRF." });

const VrfRoutes = z
  .record(Prefix, VrfRoute)
  .check((ctx) => {
    for (const [prefix, route] of Object.entries(ctx.value)) {
      for (const [at, hop] of (route.via ?? []).entries()) {
        if (hop.includes(":") === prefix.includes(":")) continue;
        const message = `"${hop}" is of the other address family than ${prefix}`;
        ctx.issues.push({ code: "custom", path: [prefix, "via", at], message, input: ctx.value });
      }
    }
  })
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
