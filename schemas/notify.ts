/** Whom the agent tells what becomes of a commit: webhooks, and the commit's status on the forge. */
import { z } from "zod";

/** What a webhook may be told: event → what happened. In docs/notifications.md. */
export const notifyEvents = {
  started: "A deployment was armed: from now on the appliance is changed.",
  committed: "It was proven and committed.",
  "rolled-back": "It was rolled back; `trigger` and `reason` say why.",
  held: "A generation is not tried again here, because it failed.",
  regressed: "What was well when the generation was committed is not well any more, and stays so.",
  recovered: "What had regressed is well again, or no longer watched.",
  stranded: "Rolling back did not succeed. Somebody must look at the box.",
  waiting: "A generation is wanted and not armed; `why` is one of docs/reasons.md.",
  refused: "The newest commit is not taken: it has mistakes, or cannot be trusted.",
  paused: "Nothing is armed, because the repository or an operator says so.",
  resumed: "The pause is over.",
  drift: "The appliance is not as it was committed, and that is only reported.",
  "break-glass": "An operator works on the box by hand: nothing is applied nor corrected meanwhile.",
  "local-ended": "A local change or a drain ended; `reason` says why. It is taken out next.",
  frozen: "Nothing at all is done: the agent cannot read its own records.",
} as const satisfies Readonly<Record<string, string>>;

export type NotifyEvent = keyof typeof notifyEvents;

const file = z.string().startsWith("/", "must be an absolute path");
const caFile = file.optional().meta({ description: "PEM file with the CA to trust beside the system's." });

function canParse(url: string): boolean {
  return URL.canParse(url);
}

const Webhook = z.strictObject({
  url: z
    .string()
    .regex(/^https?:\/\/[^/@\s]+(\/[^\s]*)?$/, "must be https://… or http://… without a password in it")
    .refine(canParse, "is no address")
    .meta({ description: "Gets a POST with a JSON document for each event." }),
  "secret-file": file.optional().meta({
    description: "File with the key of the signature, mode 0600: HMAC-SHA256 over the body, in X-Imp-Signature-256.",
  }),
  "ca-file": caFile,
  events: z
    .array(z.enum(Object.keys(notifyEvents) as [NotifyEvent, ...NotifyEvent[]]))
    .min(1)
    .optional()
    .meta({ description: "Which ones; by default all: docs/notifications.md." }),
});

const CommitStatus = z
  .strictObject({
    kind: z.enum(["github", "gitea"]).meta({ description: "Forgejo is gitea." }),
    api: z
      .string()
      .regex(
        /^(https:\/\/|http:\/\/(localhost|127\.\d+\.\d+\.\d+|\[::1\])[:/])[^@\s]*$/,
        "must be https://…: the token would cross the network unencrypted",
      )
      .refine(canParse, "is no address")
      .optional()
      .meta({
        description: "By default https://api.github.com; of Gitea and Forgejo as in https://git.example.net/api/v1.",
      }),
    repository: z
      .string()
      .regex(/^[\w.-]+\/[\w.-]+$/, 'must be "<owner>/<name>"')
      .meta({ description: "The sites repository there: owner/name." }),
    "token-file": file.meta({ description: "File with a token that may write commit statuses, mode 0600." }),
    "ca-file": caFile,
  })
  .refine((one) => one.kind === "github" || one.api !== undefined, { path: ["api"], error: "is needed for gitea" });

export const Notify = z
  .strictObject({
    webhooks: z.array(Webhook).max(10).default([]).meta({ description: "Who is told of events." }),
    "commit-status": z.array(CommitStatus).max(10).default([]).meta({ description: "Forges that show a status." }),
  })
  .prefault({})
  .meta({ description: "Who is told what becomes of a commit: docs/notifications.md." });
export type Notify = z.infer<typeof Notify>;
