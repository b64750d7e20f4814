/** Static routes, by destination. FRR holds them, and linux-cp carries them into VPP. */
import { z } from "zod";
import { fitsDestination, forwardsOrDrops } from "./next-hops.ts";
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
  .check(forwardsOrDrops)
  .meta({ description: "Static route." });
export type StaticRoute = z.infer<typeof StaticRoute>;

export const StaticRoutes = z
  .record(Prefix, StaticRoute)
  .check(fitsDestination)
  .default({})
  .meta({ description: "Static routes by destination." });
