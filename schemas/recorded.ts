/**
 * What the agent's own records must look like before it acts on them: they were written by another start, perhaps of
 * another version, and perhaps edited since. Loose about what is only shown, strict about what is gone by.
 */
import { z } from "zod";

const target = {
  purpose: z.enum(["deploy", "correct", "roll-back"]),
  commit: z.string(),
  generation: z.string(),
  below: z.string().optional(),
};
const Target = z.looseObject(target);
const Deployment = z.looseObject({
  ...target,
  id: z.string(),
  environment: z.string(),
  from: z.string().optional(),
  startedAt: z.number(),
  boot: z.string(),
  deadline: z.number(),
  planes: z.array(z.string()),
  units: z.array(z.string()).optional(),
  steps: z.number(),
  stepsDone: z.number(),
  worstImpact: z.string().optional(),
  trial: z
    .looseObject({
      environment: z.string(),
      from: z.string(),
      name: z.string(),
      method: z.enum(["kexec", "firmware"]),
      boot: z.string(),
      pool: z.string(),
      drainSeconds: z.number(),
      isDrill: z.literal(true).optional(),
    })
    .optional(),
});
const Failure = z.looseObject({ trigger: z.string(), reason: z.string(), verdict: z.enum(["bad", "inconclusive"]) });
const Run = z.looseObject({ plane: z.string(), steps: z.array(z.string()), impact: z.string() });
const since = z.number();

/** The state that a start goes on from, as controller/machine.ts has it. */
const State = z.discriminatedUnion("at", [
  z.looseObject({ at: z.literal("idle"), since }),
  z.looseObject({ at: z.enum(["planning", "staging"]), since, target: Target }),
  z.looseObject({
    at: z.literal("waiting"),
    since,
    target: Target,
    why: z.string(),
    reason: z.string(),
    unblock: z.string(),
  }),
  z.looseObject({ at: z.enum(["armed", "trial-booting", "verifying", "proving"]), since, deployment: Deployment }),
  z.looseObject({ at: z.literal("applying"), since, deployment: Deployment, run: Run }),
  z.looseObject({ at: z.literal("committing"), since, deployment: Deployment, run: Run.optional() }),
  z.looseObject({
    at: z.literal("rolling-back"),
    since,
    deployment: Deployment,
    failure: Failure,
    failures: z.number(),
    rungs: z.array(z.string()),
    run: Run.optional(),
  }),
  z.looseObject({ at: z.literal("stranded"), since, deployment: Deployment, failure: Failure, reason: z.string() }),
  z.looseObject({ at: z.literal("held"), since, target: Target, reason: z.string() }),
]);

const Word = z.looseObject({ reason: z.string(), commit: z.string() });
/** As controller/term.ts has it. */
const Term = z.looseObject({ from: z.number(), ms: z.number(), boot: z.string(), uptime: z.number() });

const Tuple = z.looseObject({
  environment: z.string(),
  generation: z.string(),
  below: z.string().optional(),
  secrets: z.string(),
  commit: z.string(),
  at: z.number(),
});

/** As controller/ledger.ts has it. What an older version did not know may be missing. */
const Ledger = z.looseObject({
  format: z.literal(1),
  accepted: z.string().optional(),
  overrides: z.looseObject({ rewrite: z.boolean(), commits: z.array(z.string()) }).optional(),
  adopted: z.boolean().optional(),
  allowedSteps: z.array(z.string()).optional(),
  verdicts: z
    .record(
      z.string(),
      z.looseObject({
        verdict: z.enum(["good", "bad", "inconclusive"]),
        reason: z.string(),
        at: z.number(),
        inconclusive: z.array(z.string()),
        below: z.string().optional(),
      }),
    )
    .optional(),
  updates: z
    .record(
      z.string(),
      z.looseObject({
        version: z.string(),
        verdict: z.enum(["good", "bad", "inconclusive"]),
        reason: z.string(),
        at: z.number(),
        unclear: z.number(),
      }),
    )
    .optional(),
  reboots: z.array(Term).optional(),
  trials: z.record(z.string(), z.array(z.string())).optional(),
  drill: z.looseObject({ reason: z.string(), at: z.number() }).optional(),
  watchdog: z.looseObject({ identity: z.string(), method: z.string(), at: z.number() }).optional(),
  corrections: z.looseObject({ boot: z.string(), at: z.array(z.number()) }).optional(),
  incarnations: z.record(z.string(), z.string()).optional(),
  decisions: z
    .record(
      z.string(),
      z.looseObject({
        verdict: z.enum(["accepted", "discarded"]),
        signature: z.string(),
        reason: z.string(),
        at: z.number(),
      }),
    )
    .optional(),
  breakGlass: z.looseObject({ reason: z.string(), term: Term, deviations: z.number() }).optional(),
  overlays: z
    .array(
      z.looseObject({
        id: z.string(),
        kind: z.enum(["local", "drain"]),
        name: z.string(),
        text: z.string(),
        reason: z.string(),
        term: Term,
      }),
    )
    .optional(),
  endedOverlay: z.looseObject({ id: z.string(), reason: z.string(), why: z.string(), at: z.number() }).optional(),
  committed: Tuple.optional(),
  previous: Tuple.optional(),
  order: z.looseObject({ to: z.string().optional(), reason: z.string(), at: z.number() }).optional(),
  lastDeployment: z
    .looseObject({
      id: z.string(),
      commit: z.string(),
      generation: z.string(),
      startedAt: z.number(),
      endedAt: z.number().optional(),
      reason: z.string().optional(),
      steps: z.number(),
      stepsDone: z.number(),
    })
    .optional(),
  lastSuccessAt: z.number().optional(),
  words: z
    .looseObject({ allowRemoval: Word.optional(), emergency: Word.optional(), ignored: z.array(z.string()).optional() })
    .optional(),
  approvals: z
    .record(z.string(), z.looseObject({ reason: z.string(), at: z.number(), by: z.enum(["operator", "tag"]) }))
    .optional(),
  probation: z
    .looseObject({
      deployment: z.string(),
      generation: z.string(),
      term: Term,
      soakMs: z.number(),
      green: z.array(z.string()).optional(),
      regressed: z.looseObject({ since: z.number(), keys: z.array(z.string()), reason: z.string() }).optional(),
    })
    .optional(),
  pause: z.looseObject({ reason: z.string(), term: Term }).optional(),
  hurry: z.looseObject({ reason: z.string(), at: z.number(), generation: z.string().optional() }).optional(),
  seen: z
    .looseObject({
      generation: z.string(),
      asked: z.record(z.string(), z.string()),
      sessions: z.array(z.looseObject({ key: z.string(), near: z.string(), far: z.string() })),
    })
    .optional(),
});

/** What is wrong with the journal's `current.json`: "to.deployment.steps: …"; undefined: nothing is. */
export function damageOfCurrent(value: unknown): string | undefined {
  return damage(z.looseObject({ to: State }), value);
}

/** The same for the ledger. */
export function damageOfLedger(value: unknown): string | undefined {
  return damage(Ledger, value);
}

function damage(schema: z.ZodType, value: unknown): string | undefined {
  const [issue] = schema.safeParse(value).error?.issues ?? [];
  return issue && [...(issue.path.length > 0 ? [issue.path.join(".")] : []), issue.message].join(": ");
}
