/** Static routes, by destination. FRR holds them, and linux-cp carries them into VPP. */
import { z } from "zod";
import { Address, InterfaceRef, Line, Prefix, whole } from "./primitives.ts";
import { When } from "./when.ts";

export const StaticRoute = z
  .strictObject({
    description: Line.optional(),
    via: z.array(Address).min(1).optional().meta({ description: "Next hops; several share the load." }),
    interface: InterfaceRef.optional().meta({ description: "Where the next hops are; needed for fe80:: ones." }),
    discard: z
      .enum(["blackhole", "reject"])
      .optional()
      .meta({ description: "Drops instead: silently, or with an ICMP unreachable." }),
    distance: whole(1, 255, "a distance").optional().meta({ description: "Administrative distance; lower wins." }),
    tag: whole(1, 4_294_967_295, "a tag").optional(),
    when: When.optional(),
  })
  .check((ctx) => {
    const { via, interface: out, discard } = ctx.value;
    const forwards = via !== undefined || out !== undefined;
    if (forwards === (discard === undefined)) return;
    const message = forwards ? "has both next hops and discard" : "needs via, interface or discard";
    ctx.issues.push({ code: "custom", message, input: ctx.value });
  })
  .meta({ description: "Static route." });
export type StaticRoute = z.infer<typeof StaticRoute>;

export const StaticRoutes = z
  .record(Prefix, StaticRoute)
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
  .meta({ description: "Static routes by destination." });
