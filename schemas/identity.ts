/** Which box a machine file is for, so that a wrong disk in a wrong box refuses. */
import { z } from "zod";
import { Mac, Uuid } from "./primitives.ts";

const hardware = {
  "dmi-uuid": Uuid.optional().meta({ description: "/sys/class/dmi/id/product_uuid." }),
  macs: z
    .array(Mac)
    .min(1)
    .optional()
    .meta({ description: "Permanent MAC addresses of built-in NICs, all of which the box must have." }),
};

const Replaced = z
  .strictObject(hardware)
  .refine((box) => box["dmi-uuid"] !== undefined || box.macs !== undefined, "needs dmi-uuid or macs")
  .meta({ description: "The box that this one takes over from: allows one swap, remove it afterwards." });

export const Identity = z
  .strictObject({ ...hardware, replaces: Replaced.optional() })
  .refine((box) => box["dmi-uuid"] !== undefined || box.macs !== undefined, "needs dmi-uuid or macs")
  .meta({
    description: "The hardware that this machine file is for. Never the machine-id, which a disk carries along.",
  });
export type Identity = z.infer<typeof Identity>;
