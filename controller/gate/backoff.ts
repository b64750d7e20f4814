/** The guard that lets some time pass before a generation is tried again that ended without a result. */
import { spanText } from "../term.ts";
import { askedOf, verdictOn } from "../verdicts.ts";
import { timeText } from "./local-time.ts";
import type { Guard } from "./question.ts";

/** Twice as long each time. Where the clock was set back since, nobody can tell how long ago it was: it is not waited for. */
export const backoff: Guard = ({ ledger, candidate, policy, facts, purpose }) => {
  const record = verdictOn(ledger, askedOf(candidate));
  if (purpose !== "deploy" || record?.verdict !== "inconclusive") return undefined;
  const times = record.inconclusive.length;
  const ms = 1000 * policy["retry-after-seconds"] * 2 ** (times - 1);
  const againAt = record.at + ms;
  if (facts.now >= againAt || facts.now < record.at) return undefined;
  return {
    reason: `It ended without a result ${times === 1 ? "once" : `${times} times`}, and is tried again ${spanText(ms)} after that. ${record.reason}`,
    unblock: `It begins at ${timeText(againAt, policy["time-zone"])}, or by \`impctl retry --reason\`.`,
    againAt,
  };
};
