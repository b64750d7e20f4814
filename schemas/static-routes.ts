/** Static routes, by destination. FRR holds them, and linux-cp carries them into VPP. */
import { z } from "zod";
import { UseBfd } from "./bfd.ts";
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
  bfd: UseBfd.optional().meta({
    description:
      "Holds the route only while BFD has a session with the next hop: true, or the name of a profile. From FRR 9 on.",
  }),
  when: When.optional(),
};

/** What says something of next hops needs some. */
function needsVia(
  ctx: z.core.ParsePayload<{ readonly via?: unknown; readonly bfd?: unknown; readonly "next-hop-vrf"?: unknown }>,
): void {
  const { via, bfd, "next-hop-vrf": other } = ctx.value;
  if (via !== undefined) return;
  const asking = {
    ...(bfd !== undefined && bfd !== false && { bfd }),
    ...(other !== undefined && { "next-hop-vrf": other }),
  };
  for (const word of Object.keys(asking))
    ctx.issues.push({ code: "custom", path: [word], message: "needs via", input: ctx.value });
}

export const StaticRoute = z
  .strictObject(route)
  .check(forwardsOrDrops, needsVia)
  .meta({ description: "Static route." });
export type StaticRoute = z.infer<typeof StaticRoute>;

const VrfStaticRoute = z
  .strictObject({
    ...route,
    interface: LinuxName.optional().meta({ description: "Where the next hops are, as Linux names it." }),
    "next-hop-vrf": VrfName.optional().meta({
      description: "Where the next hops are looked for: another VRF, or default, the main table.",
    }),
  })
  .check(forwardsOrDrops, needsVia)
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
