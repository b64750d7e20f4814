/** Static routes, by destination. FRR holds them, and linux-cp carries them into VPP. */
import { z } from "zod";
import { fitsDestination, forwardsOrDrops } from "./next-hops.ts";
import { Address, InterfaceRef, Line, LinuxName, Prefix, whole } from "./primitives.ts";
import { VrfName } from "./vrf-name.ts";
import { When } from "./when.ts";

const route = {
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
};

export const StaticRoute = z.strictObject(route).check(forwardsOrDrops).meta({ description: "Static route." });
export type StaticRoute = z.infer<typeof StaticRoute>;

const VrfStaticRoute = z
  .strictObject({
    ...route,
    interface: LinuxName.optional().meta({ description: "Where the next hops are, as Linux names it." }),
    "next-hop-vrf": VrfName.optional().meta({
      description: "Where the next hops are looked for: another VRF, or default, the main table.",
    }),
  })
  .check(forwardsOrDrops)
  .check((ctx) => {
    const { "next-hop-vrf": other, via } = ctx.value;
    if (other === undefined || via !== undefined) return;
    ctx.issues.push({ code: "custom", path: ["next-hop-vrf"], message: "needs via", input: ctx.value });
  })
  .meta({ description: "Static route of a VRF." });
export type VrfStaticRoute = z.infer<typeof VrfStaticRoute>;

export const VrfStaticRoutes = z
  .record(Prefix, VrfStaticRoute)
  .check(fitsDestination)
  .default({})
  .meta({ description: "Static routes of the VRF by destination." });

export const StaticRoutes = z
  .record(Prefix, StaticRoute)
  .check(fitsDestination)
  .default({})
  .meta({ description: "Static routes by destination." });
