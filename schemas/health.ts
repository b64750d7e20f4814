/** Health checks: what must hold after a change. Those that follow from the desired state are derived, others declared. */
import { z } from "zod";
import { HostName, InterfaceRef, Name, Port, whole } from "./primitives.ts";

const required = z.boolean().default(true).meta({ description: "false: reported, never a reason to roll back." });
const namespace = z
  .enum(["management", "dataplane"])
  .default("management")
  .meta({ description: "Where it is sent from." });

export const HealthCheck = z
  .discriminatedUnion("check", [
    z.strictObject({
      check: z.literal("bgp-session").meta({ description: "The session with this peer is Established." }),
      peer: Name,
      "min-prefixes": whole(0, 4_294_967_295, "a number of prefixes").optional(),
      required,
    }),
    z.strictObject({
      check: z.literal("ospf-neighbor").meta({ description: "At least one full adjacency on this interface." }),
      interface: InterfaceRef,
      required,
    }),
    z.strictObject({
      check: z.literal("ospf3-neighbor").meta({ description: "At least one full OSPFv3 adjacency on this interface." }),
      interface: InterfaceRef,
      required,
    }),
    z.strictObject({
      check: z.literal("tcp").meta({ description: "A TCP connection opened after the change succeeds." }),
      address: HostName,
      port: Port,
      required,
    }),
    z.strictObject({
      check: z.literal("ping").meta({ description: "An ICMP echo is answered." }),
      address: HostName,
      namespace,
      required,
    }),
  ])
  .meta({ description: "Health check." });
export type HealthCheck = z.infer<typeof HealthCheck>;

/** The declared ones. */
export const Health = z
  .record(Name, HealthCheck)
  .default({})
  .meta({ description: "Health checks by name, beside those that follow from peers and adjacencies." });
