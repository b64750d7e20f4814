/** What people allowed beyond what policy does: approvals of a generation, and that it is urgent. */
import type { Approval, Ledger } from "../ledger.ts";
import { isOver, type Clock } from "../term.ts";

const keptApprovals = 50;

/** The ledger with an approval of `generation`; the oldest ones are forgotten. */
export function withApproval(ledger: Ledger, generation: string, approval: Approval): Ledger {
  const { [generation]: _replaced, ...others } = ledger.approvals;
  const kept = Object.entries(others).slice(1 - keptApprovals);
  return { ...ledger, approvals: { ...Object.fromEntries(kept), [generation]: approval } };
}

/** The approval of `generation` that still counts. */
export function approvalOf(ledger: Ledger, generation: string): Approval | undefined {
  const approval = ledger.approvals[generation];
  return approval && !isUsedUp(ledger, generation, approval.at) ? approval : undefined;
}

/** What was allowed is for once: until the generation was proven. */
function isUsedUp({ verdicts }: Ledger, generation: string, at: number): boolean {
  const record = verdicts[generation];
  return record?.verdict === "good" && record.at >= at;
}

/** How an operator gives it. */
export function approveText(generation: string): string {
  return `\`impctl approve ${generation.slice(0, 12)}\``;
}

/** Why `generation` must not wait for a window, in the words of whoever said so. */
export function urgencyOf(ledger: Ledger, generation: string): string | undefined {
  return ledger.words.emergency?.reason ?? hurryFor(ledger, generation);
}

/** The same of what was said since `deployment` is in flight: an earlier word was its own. */
export function urgencyMeanwhile(ledger: Ledger, generation: string, deployment: string): string | undefined {
  const { emergency } = ledger.words;
  return emergency?.during === deployment ? emergency.reason : hurryFor(ledger, generation);
}

function hurryFor(ledger: Ledger, generation: string): string | undefined {
  const { hurry } = ledger;
  if (hurry?.generation !== generation || isUsedUp(ledger, generation, hurry.at)) return undefined;
  return hurry.reason;
}

/** Whether an operator asked for a poll of which the newest generation is to hurry. */
export function hurryAwaits({ hurry }: Ledger): boolean {
  return hurry !== undefined && hurry.generation === undefined;
}

/** The ledger after that poll; `newest` is what it found, undefined when that cannot be deployed. A hurry is over at some time. */
export function withHurryFor(ledger: Ledger, newest: string | undefined, clock: Clock): Ledger {
  const { hurry } = ledger;
  if (!hurry || !hurryAwaits(ledger)) return ledger;
  const counts = newest !== undefined && !isOver(hurry.term, clock);
  return { ...ledger, hurry: counts ? { ...hurry, generation: newest } : undefined };
}
