/** The guard against the empty file: a plan that removes much of what is there has to be meant. */
import type { Census, PlaneName } from "../../reconcilers/core.ts";
import type { Desired } from "../../reconcilers/generation.ts";
import { reconcilerOf, type Reconcilers } from "../planes.ts";
import { approvalOf, approveText } from "./allowed.ts";
import type { Guard } from "./question.ts";

/** What one kind of thing loses in one plane. */
export interface Removal {
  readonly plane: PlaneName;
  readonly kind: keyof Census;
  readonly gone: readonly string[];
  /** How many there are. */
  readonly of: number;
}

/** So many of a kind, or this share of it when that is more, may go without a word. */
const freely = { count: 2, share: 1 / 5 };
const namesShown = 3;

/** What the committed generation has and the candidate has not, whatever is live. */
export function removals(reconcilers: Reconcilers, committed: Desired, candidate: Desired): readonly Removal[] {
  const planes = Object.keys(reconcilers) as (keyof Reconcilers)[];
  return planes.flatMap((plane) => {
    const reconciler = reconcilerOf(reconcilers, plane);
    const [before, after] = [committed, candidate].map((desired) => reconciler.census?.(desired[plane]));
    if (!before || !after) return [];
    return (["sessions", "interfaces", "lists"] as const).map((kind) => {
      const kept = new Set(after[kind]);
      return { plane, kind, gone: before[kind].filter((name) => !kept.has(name)), of: before[kind].length };
    });
  });
}

export const removal: Guard = ({ facts, ledger, candidate }) => {
  const many = facts.removals.filter(({ gone, of }) => gone.length > Math.max(freely.count, of * freely.share));
  if (many.length === 0 || ledger.words.allowRemoval || approvalOf(ledger, candidate.digest)) return undefined;
  return {
    reason: `It removes ${many.map(removalText).join(", and ")}.`,
    unblock: `If that is meant, say "Imp-Allow-Removal: <reason>" in a commit's message, or ${approveText(candidate.digest)}.`,
  };
};

/** "14 of 16 sessions (192.0.2.1, 192.0.2.2, 192.0.2.3 and 11 more)" */
function removalText({ kind, gone, of }: Removal): string {
  const shown = gone.length > namesShown + 1 ? gone.slice(0, namesShown) : gone;
  const more = gone.length - shown.length;
  return `${gone.length} of ${of} ${kind} (${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""})`;
}
