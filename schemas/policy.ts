/** Policy: when and how the agent may act. Durations are seconds. */
import { z } from "zod";
import { Anchor } from "./anchor.ts";
import { Line, Name } from "./primitives.ts";
import { type Defaults, defaults } from "./defaults.ts";

export const Impact = z
  .enum(["hitless", "flap", "session-reset", "restart", "reboot"])
  .meta({ description: "How much a change disturbs traffic, from least to most." });

const clock = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be "HH:MM"')
  .meta({ description: "Time of day, in quotes." });

/** For how long going back is reckoned with, several attempts and a restart in between: a window has room for it. */
export const rollbackSeconds = 300;

/** A weekly or daily time in which changes up to an impact may be made. */
export const Window = z
  .strictObject({
    days: z
      .array(z.enum(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]))
      .min(1)
      .optional()
      .meta({ description: "By default every day." }),
    from: clock,
    to: clock.meta({ description: "May lie on the next day." }),
    "max-impact": Impact,
  })
  .meta({ description: "Maintenance window." });

const OnDrift = z
  .enum(["report", "correct"])
  .meta({ description: "report: shown and alarmed, until an operator decides. correct: undone at once." });

/** How an image is tried. */
const TrialPolicy = z.strictObject({
  "boot-method": z.enum(["kexec", "firmware"]).default("kexec").meta({
    description:
      "How the box enters an image on trial: kexec from what runs, or firmware: a reboot, in which zfsbootmenu's hook selects it once.",
  }),
  "allow-unwatched": z.boolean().default(false).meta({
    description: "Try images also where no hardware watchdog would end a hang: then somebody has to reset the box.",
  }),
  "drain-seconds": z.number().min(0).max(3600).default(180).meta({
    description: "How long traffic is given to go elsewhere before the reboot.",
  }),
});

/** The schema of `policy`, with the defaults of one generation. */
export function policySchema(d: Defaults) {
  return z
    .strictObject({
      "poll-seconds": z.number().min(1).max(3600).default(d.policy["poll-seconds"]).meta({
        description: "Asks the sites repository for a new commit this often.",
      }),
      "soak-seconds": z
        .number()
        .min(0)
        .max(3600)
        .optional()
        .meta({ description: "All required checks green for this long. By default as long as the impact asks for." }),
      "deadline-seconds": z
        .number()
        .min(5)
        .max(7200)
        .optional()
        .meta({ description: "From arming to commit; then roll back. By default as long as the impact asks for." }),
      "grace-seconds": z.number().min(0).max(3600).default(d.policy["grace-seconds"]).meta({
        description: "How long a check that was green may be red after a change before it is rolled back.",
      }),
      "time-zone": z
        .string()
        .refine(isTimeZone, "must be a time zone, as in Europe/Berlin")
        .default(d.policy["time-zone"])
        .meta({ description: "IANA name, for windows." }),
      windows: z.record(Name, Window).default({}).meta({ description: "Maintenance windows by name." }),
      "max-impact": Impact.default(d.policy["max-impact"]).meta({
        description: "What may be done outside of every window without anybody's approval.",
      }),
      approval: z.array(Impact).default([]).meta({
        description: "Impacts that always need an approval: `impctl approve`, or a signed tag.",
      }),
      "retry-after-seconds": z
        .number()
        .min(0)
        .max(86_400)
        .default(d.policy["retry-after-seconds"])
        .meta({ description: "When a generation that ended without a result is tried again; doubles each time." }),
      drift: z
        .strictObject({ system: OnDrift, vpp: OnDrift, frr: OnDrift, incus: OnDrift })
        .partial()
        .default({})
        .meta({ description: "By plane, what to do about what somebody changed by hand. By default it is reported." }),
      "probation-hours": z
        .number()
        .min(0)
        .max(168)
        .default(d.policy["probation-hours"])
        .meta({ description: "How long after a commit a regression is still held against it." }),
      "on-regression": z.enum(["hold", "roll-back"]).default("hold").meta({
        description: "What a regression within the probation leads to: an alert and a hold, or going back by itself.",
      }),
      "min-free-mebibytes": z
        .number()
        .min(0)
        .max(1_048_576)
        .default(d.policy["min-free-mebibytes"])
        .meta({ description: "Nothing new is deployed with less room than this for generations and journal." }),
      "keep-boot-environments": z.number().int().min(1).max(50).default(d.policy["keep-boot-environments"]).meta({
        description: "The newest so many stay after a commit, beside those that must: docs/boot-environments.md.",
      }),
      "min-free-pool-mebibytes": z
        .number()
        .min(0)
        .max(16_777_216)
        .default(d.policy["min-free-pool-mebibytes"])
        .meta({ description: "So much of the pool is kept free: for it, fewer boot environments stay." }),
      "prefix-tolerance": z
        .number()
        .min(0)
        .max(1)
        .default(d.policy["prefix-tolerance"])
        .meta({ description: "Share of received prefixes that may vanish." }),
      anchors: z.array(Anchor).max(8, "at most 8 anchors").default([]).meta({
        description: "Places in the management network that must stay reachable, beside its gateway.",
      }),
      trial: TrialPolicy.prefault({}).meta({ description: "How an image is tried: docs/trial-boot.md." }),
      prune: z
        .enum(["owned", "all"])
        .default(d.policy.prune)
        .meta({ description: "owned: removes only what came from here; all: whatever is not in the repository." }),
      pause: Line.optional().meta({ description: "A reason: plan and report, never arm." }),
    })
    .meta({ description: "When and how the agent may act." });
}
export type Policy = z.infer<ReturnType<typeof policySchema>>;

/** Policy with the newest defaults. */
export const Policy = policySchema(defaults[1]);

const known = new Map<string, boolean>();
/** Making a DateTimeFormat costs a millisecond, so each name is tried once. */
function isTimeZone(name: string): boolean {
  const before = known.get(name);
  if (before !== undefined) return before;
  let valid = true;
  try {
    Intl.DateTimeFormat("en", { timeZone: name });
  } catch {
    valid = false;
  }
  if (known.size < 1000) known.set(name, valid);
  return valid;
}
