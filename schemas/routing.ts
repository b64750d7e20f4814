/** Everything that FRR carries out: static routes, lists, route-maps, BGP, OSPF, BFD and raw lines. */
import { z } from "zod";
import { bfdSchema } from "./bfd.ts";
import { bgpSchema } from "./bgp.ts";
import type { Defaults } from "./defaults.ts";
import { lists } from "./lists.ts";
import { ospf3Schema, ospfSchema } from "./ospf.ts";
import { Ipv4Address } from "./primitives.ts";
import { RawFrr } from "./raw.ts";
import { RouteMaps } from "./route-maps.ts";
import { routingVrfs } from "./routing-vrfs.ts";
import { StaticRoutes } from "./static-routes.ts";

export function routingSchema(d: Defaults) {
  return z
    .strictObject({
      "router-id": Ipv4Address.optional().meta({ description: "Router ID of BGP, OSPF and OSPFv3." }),
      static: StaticRoutes,
      ...lists,
      "route-maps": RouteMaps,
      bgp: bgpSchema(d).optional(),
      ospf: ospfSchema(d).optional(),
      ospf3: ospf3Schema(d).optional(),
      bfd: bfdSchema(d).optional(),
      vrfs: routingVrfs(d),
      raw: RawFrr,
    })
    .meta({ description: "Routing: what FRR carries out." });
}
export type Routing = z.infer<ReturnType<typeof routingSchema>>;
