/**
 * VRFs of FRR, by the name that their devices have in Linux: static routes and BGP of their own. Not those of the dataplane
 * (vrfs.ts), whose interfaces Linux does not have.
 */
import { z } from "zod";
import { bgpSchema } from "./bgp.ts";
import type { Defaults } from "./defaults.ts";
import { Name } from "./primitives.ts";
import { VrfStaticRoutes } from "./static-routes.ts";
import { VrfName } from "./vrf-name.ts";

const Import = z
  .strictObject({
    from: z
      .array(VrfName)
      .min(1)
      .meta({ description: "VRFs with BGP here, or default, the main table.", examples: [["default"]] }),
    "route-map": Name.optional().meta({ description: "Which of their routes, and how changed." }),
  })
  .meta({ description: "Takes in routes of BGP in other VRFs, both families." });

function vrfBgpSchema(d: Defaults) {
  return bgpSchema(d)
    .omit({ hygiene: true, "own-prefixes": true })
    .extend({ import: Import.optional() })
    .meta({ description: "BGP in the VRF." });
}
export type VrfBgp = z.infer<ReturnType<typeof vrfBgpSchema>>;

export function routingVrfs(d: Defaults) {
  return z
    .record(
      VrfName.refine((name) => name !== "default", { error: '"default" is the main table, and no VRF' }),
      z.strictObject({ static: VrfStaticRoutes, bgp: vrfBgpSchema(d).optional() }),
    )
    .default({})
    .meta({ description: "VRFs of FRR by the name of their device in Linux, which is made by somebody else." });
}
