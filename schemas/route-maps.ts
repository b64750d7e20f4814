/** Route-maps: what peers and redistribution let through, and what they change on the way. */
import { z } from "zod";
import { communitySchema } from "./communities.ts";
import { Action } from "./lists.ts";
import { Address, Asn, InterfaceRef, Ipv4Address, Ipv6Address, Line, Name, Sequence, whole } from "./primitives.ts";

const metric = whole(0, 4_294_967_295, "a metric");
const tag = whole(1, 4_294_967_295, "a tag");
const community = communitySchema("standard");
const largeCommunity = communitySchema("large");
const extCommunity = communitySchema("extended");

const Match = z.strictObject({
  "prefix-list": Name.optional().meta({ description: "The route's prefix; the list's family decides the family." }),
  "next-hop-prefix-list": Name.optional().meta({ description: "The route's next hop." }),
  "as-path-list": Name.optional(),
  "community-list": Name.optional(),
  "community-exact": z.boolean().default(false).meta({ description: "No other communities than the list's." }),
  "large-community-list": Name.optional(),
  "ext-community-list": Name.optional(),
  interface: InterfaceRef.optional(),
  peer: Address.optional().meta({ description: "The peer that the route came from." }),
  protocol: z
    .enum(["bgp", "connected", "kernel", "ospf", "ospf6", "static"])
    .optional()
    .meta({ description: "Where the route comes from." }),
  origin: z.enum(["igp", "egp", "incomplete"]).optional().meta({ description: "BGP origin." }),
  "local-preference": metric.optional(),
  // FRR 8.4's daemons end with a segmentation fault when told to match 0.
  metric: whole(1, 4_294_967_295, "a metric").optional(),
  tag: tag.optional(),
  rpki: z.enum(["valid", "invalid", "notfound"]).optional().meta({ description: "Result of the origin validation." }),
});

const MapSet = z.strictObject({
  "local-preference": metric.optional(),
  metric: metric.optional(),
  "metric-type": z.enum(["type-1", "type-2"]).optional().meta({ description: "OSPF external metric type." }),
  weight: whole(0, 65_535, "a weight").optional(),
  origin: z.enum(["igp", "incomplete"]).optional().meta({ description: "BGP origin." }),
  "as-path-prepend": z.array(Asn).min(1).max(32).optional().meta({ description: "AS numbers to put in front." }),
  communities: z.array(community).min(1).optional().meta({ description: "Replaces the communities; see additive." }),
  "large-communities": z
    .array(largeCommunity)
    .min(1)
    .optional()
    .meta({ description: "Replaces the large communities; see additive." }),
  "ext-communities": z
    .array(extCommunity)
    .min(1)
    .optional()
    .meta({ description: "Replaces the extended communities." }),
  additive: z
    .boolean()
    .default(false)
    .meta({ description: "Adds communities and large-communities to those that are there." }),
  "clear-communities": z.boolean().default(false).meta({ description: "Removes every community." }),
  "clear-large-communities": z.boolean().default(false).meta({ description: "Removes every large community." }),
  "delete-community-list": Name.optional().meta({ description: "Removes the communities that this list permits." }),
  "delete-large-community-list": Name.optional(),
  "next-hop": z
    .union([Ipv4Address, z.enum(["peer-address", "unchanged"])], {
      error: 'must be an IPv4 address, "peer-address" or "unchanged"',
    })
    .optional()
    .meta({ description: "IPv4 next hop." }),
  "ipv6-next-hop": Ipv6Address.optional(),
  tag: tag.optional(),
  source: Address.optional().meta({ description: "Preferred source address of the routes in the kernel." }),
});

export const RouteMapEntry = z
  .strictObject({
    action: Action.default("permit"),
    description: Line.optional(),
    match: Match.prefault({}).meta({ description: "All of these must hold; nothing matches everything." }),
    set: MapSet.prefault({}).meta({ description: "Changes to what is permitted." }),
    call: Name.optional().meta({ description: "Another route-map that must permit as well." }),
    continue: z
      .union([z.literal("next"), whole(1, 65_535)], { error: 'must be "next" or a sequence number' })
      .optional()
      .meta({ description: "After a match go on here instead of stopping." }),
  })
  .meta({ description: "One entry of a route-map." });

/** FRR numbers route-map entries up to 65535. */
const RouteMapSequence = Sequence.refine((text) => Number(text) <= 65_535, "must be a sequence number: 1 to 65535");

export const RouteMap = z
  .strictObject({
    description: Line.optional(),
    entries: z
      .record(RouteMapSequence, RouteMapEntry)
      .meta({ description: "By sequence number; the first match decides, what none matches is denied." }),
  })
  .meta({ description: "Route-map." });
export type RouteMap = z.infer<typeof RouteMap>;

export const RouteMaps = z.record(Name, RouteMap).default({}).meta({ description: "Route-maps by name." });
