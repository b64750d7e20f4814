/** Services: systemd units beside those that the appliance needs anyhow, and instances of Incus. */
import { z } from "zod";
import { Instance } from "./instances.ts";
import { Line } from "./primitives.ts";
import { When } from "./when.ts";

export const UnitName = z
  .string()
  .regex(
    /^[A-Za-z0-9:_@-][A-Za-z0-9:_.@\\-]{0,100}$/,
    'must be a systemd unit, as in "lldpd" or "node-exporter.service"',
  )
  .meta({ description: "systemd unit; .service may be left out." });

export const Services = z
  .record(
    UnitName,
    z.strictObject({
      description: Line.optional(),
      enabled: z.boolean().default(true).meta({ description: "Runs, and starts at boot; false: neither." }),
      namespace: z
        .enum(["management", "dataplane"])
        .default("management")
        .meta({ description: "Network namespace that a unit runs in." }),
      instance: Instance.optional().meta({
        description: "It is no systemd unit, but this instance of Incus, which has its name.",
      }),
      when: When.optional(),
    }),
  )
  .default({})
  .meta({ description: "Services by systemd unit, or by instance of Incus." });
