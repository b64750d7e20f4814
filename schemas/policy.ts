/** Policy: when and how the agent may act. Durations are seconds. */
import { z } from "zod";

export const Impact = z.enum(["hitless", "flap", "session-reset", "restart", "reboot"]);

/** A weekly or daily time in which changes up to an impact may be made. */
export const Window = z.strictObject({
  days: z
    .array(z.enum(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]))
    .min(1)
    .optional(),
  from: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be "HH:MM"'),
  to: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be "HH:MM"'),
  "max-impact": Impact,
});

export const Policy = z.strictObject({
  "poll-seconds": z.number().min(1).max(3600).default(30),
  "soak-seconds": z
    .number()
    .min(0)
    .max(3600)
    .default(30)
    .meta({ description: "All required checks green for this long." }),
  "deadline-seconds": z
    .number()
    .min(5)
    .max(7200)
    .default(300)
    .meta({ description: "From arming to commit; then roll back." }),
  "time-zone": z.string().default("UTC").meta({ description: "IANA name, for windows." }),
  windows: z.record(z.string(), Window).default({}),
  "max-impact": Impact.default("reboot").meta({ description: "What may be done outside of every window." }),
  "prefix-tolerance": z
    .number()
    .min(0)
    .max(1)
    .default(0.1)
    .meta({ description: "Share of received prefixes that may vanish." }),
  prune: z.enum(["owned", "all"]).default("owned"),
  pause: z.string().optional().meta({ description: "A reason: plan and report, never arm." }),
});
export type Policy = z.infer<typeof Policy>;
