/** ACL-based forwarding: what an access list permits goes elsewhere than the routing table says. */
import { z } from "zod";
import { Address, distinct, InterfaceRef, Line, Name, whole } from "./primitives.ts";

export const Abf = z
  .record(
    Name,
    z
      .strictObject({
        description: Line.optional(),
        id: whole(0, 2_147_483_647)
          .optional()
          .meta({ description: "VPP's number of the policy; by default one that follows from the name." }),
        acl: Name.meta({ description: "What it permits is steered." }),
        family: z.enum(["ipv4", "ipv6"]).default("ipv4").meta({ description: "Which packets are looked at." }),
        via: z.array(Address).check(distinct).default([]).meta({ description: "Next hops." }),
        interface: InterfaceRef.optional().meta({ description: "Where the next hops are." }),
        on: z.array(InterfaceRef).min(1).check(distinct).meta({ description: "Interfaces on which packets come in." }),
        priority: whole(0, 65_535, "a priority").default(100).meta({ description: "Lower is tried first." }),
      })
      .refine((policy) => policy.via.length > 0 || policy.interface !== undefined, "needs via or interface"),
  )
  .default({})
  .meta({ description: "ACL-based forwarding (policy routing) by name." });
export type Abf = z.infer<typeof Abf>[string];
