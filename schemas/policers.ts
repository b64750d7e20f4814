/** Policers: rate limits that interfaces refer to. */
import { z } from "zod";
import { Line, Name, whole } from "./primitives.ts";

export const Policer = z
  .strictObject({
    description: Line.optional(),
    "rate-kbps": whole(8, 4_000_000_000, "kbit/s").meta({ description: "Committed rate." }),
    "burst-bytes": whole(1500, 4_000_000_000, "bytes")
      .optional()
      .meta({ description: "By default what the rate gives in 100 ms, at least 15000." }),
    exceed: z
      .enum(["drop", "transmit"])
      .or(z.strictObject({ dscp: whole(0, 63, "a DSCP") }))
      .default("drop")
      .meta({ description: "What happens above the rate: drop, transmit, or {dscp: n} to mark." }),
  })
  .meta({ description: "Policer." });
export type Policer = z.infer<typeof Policer>;

export const Policers = z.record(Name, Policer).default({}).meta({ description: "Policers by name." });
