/** Kernel parameters of the default namespace. */
import { z } from "zod";
import { Line } from "./primitives.ts";

export const Sysctl = z
  .record(
    z
      .string()
      .max(120)
      .regex(
        /^[a-z][a-z0-9_-]*(?:[./][A-Za-z0-9_*:-]+)+$/,
        "must be a kernel parameter, as in net.core.rmem_max; a dot in a name is written /",
      ),
    z.union([z.int(), Line], { error: "must be a whole number or a text" }),
  )
  .default({})
  .meta({ description: "Kernel parameters (sysctl) by name, outside of the dataplane's namespace." });
export type Sysctl = z.infer<typeof Sysctl>;
