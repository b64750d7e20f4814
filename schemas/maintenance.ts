/** Taking an appliance, a peer or an interface out of service without taking it down. */
import { z } from "zod";

export const Maintenance = z.enum(["drain"]).optional().meta({
  description: "drain: traffic is asked to go elsewhere, and nothing is expected to be up. Left out: in service.",
});
