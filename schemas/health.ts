/** Health checks: what must hold after a change. Those that follow from the desired state are derived, others declared. */
import { z } from "zod";

export const HealthCheck = z.discriminatedUnion("check", [
  z.strictObject({
    check: z.literal("bgp-session").meta({ description: "The session with this peer is Established." }),
    peer: z.string(),
    "min-prefixes": z.int().min(0).optional(),
    required: z.boolean().default(true),
  }),
  z.strictObject({
    check: z.literal("ospf-neighbor").meta({ description: "At least one full adjacency on this interface." }),
    interface: z.string(),
    required: z.boolean().default(true),
  }),
  z.strictObject({
    check: z.literal("tcp").meta({ description: "A TCP connection opened after the change succeeds." }),
    address: z.string(),
    port: z.int().min(1).max(65535),
    required: z.boolean().default(true),
  }),
  z.strictObject({
    check: z.literal("ping").meta({ description: "An ICMP echo is answered." }),
    address: z.string(),
    namespace: z.enum(["management", "dataplane"]).default("management"),
    required: z.boolean().default(true),
  }),
]);
export type HealthCheck = z.infer<typeof HealthCheck>;
