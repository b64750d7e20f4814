/** A webhook: a signed JSON document for each event. */
import { createHmac } from "node:crypto";
import { printableData } from "../../schemas/printable.ts";
import type { Notify } from "../../schemas/notify.ts";
import type { Destination } from "./courier.ts";
import { readCa, readKey } from "./credentials.ts";
import type { News } from "./news.ts";

export interface Envelope {
  /** The same at each attempt. */
  readonly id: string;
  /** Wall clock. */
  readonly at: number;
  readonly machine: string;
  readonly news: News;
}

const longestReason = 500;

/** `mask` takes secrets out of a text; `sender` goes into User-Agent. */
export function webhook(
  settings: Notify["webhooks"][number],
  mask: (text: string) => string,
  sender: string,
): Destination<Envelope> {
  const { url, "secret-file": secretFile, "ca-file": caFile } = settings;
  return {
    label: new URL(url).origin,
    async letter(envelope, lost) {
      const body = mask(JSON.stringify(document(envelope, lost)));
      const ca = await readCa(caFile);
      const key = secretFile === undefined ? undefined : await readKey(secretFile);
      return {
        url,
        headers: {
          "user-agent": sender,
          "x-imp-event": envelope.news.event,
          "x-imp-delivery": envelope.id,
          ...(key !== undefined && {
            "x-imp-signature-256": `sha256=${createHmac("sha256", key).update(body).digest("hex")}`,
          }),
        },
        body,
        ...(ca !== undefined && { ca }),
      };
    },
  };
}

function document({ id, at, machine, news }: Envelope, lost: number): object {
  const { event, reason, ...more } = printableData(news);
  const short = reason === undefined || reason.length <= longestReason ? reason : `${reason.slice(0, longestReason)}…`;
  return {
    format: 1,
    id,
    at: new Date(at).toISOString(),
    machine,
    event,
    ...more,
    ...(short !== undefined && { reason: short }),
    text: sentence(machine, news, short),
    ...(lost > 0 && { lost }),
  };
}

/** One line for a chat. */
function sentence(machine: string, { event, commit, trigger, why, impact }: News, reason: string | undefined): string {
  const which = commit === undefined ? "" : ` ${commit.slice(0, 12)}`;
  const code = trigger ?? why ?? impact;
  return `${machine}: ${event}${which}${code === undefined ? "" : ` (${code})`}${reason === undefined ? "" : `: ${reason}`}`;
}
