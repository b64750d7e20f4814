/** What people allowed beyond what policy does: approvals of a generation, and that it is urgent. */
import type { Approval, Ledger } from "../ledger.ts";

const keptApprovals = 50;

/** The ledger with an approval of `generation`; the oldest ones are forgotten. */
export function withApproval(ledger: Ledger, generation: string, approval: Approval): Ledger {
  const { [generation]: _replaced, ...others } = ledger.approvals;
  const kept = Object.entries(others).slice(1 - keptApprovals);
  return { ...ledger, approvals: { ...Object.fromEntries(kept), [generation]: approval } };
}

/** The approval of `generation` that still counts: it is used up once the generation was proven. */
export function approvalOf({ approvals, verdicts }: Ledger, generation: string): Approval | undefined {
  const [approval, record] = [approvals[generation], verdicts[generation]];
  if (!approval || (record?.verdict === "good" && record.at >= approval.at)) return undefined;
  return approval;
}

/** How an operator gives it. */
export function approveText(generation: string): string {
  return `\`impctl approve ${generation.slice(0, 12)}\``;
}

/** Why `generation` must not wait for a window, in the words of whoever said so. */
export function urgencyOf({ words, hurry }: Ledger, generation: string): string | undefined {
  return words.emergency?.reason ?? (hurry?.generation === generation ? hurry.reason : undefined);
}
