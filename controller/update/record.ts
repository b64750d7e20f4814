/** What became of the packages of the agent that were tried here, by their digests. Pure. */
import type { Ledger } from "../ledger.ts";
import type { Verdict } from "../machine.ts";
import type { Result } from "./order.ts";

export interface UpdateRecord {
  readonly version: string;
  /** `bad`: it is not tried again unless an operator says so. */
  readonly verdict: Verdict;
  readonly reason: string;
  /** Wall clock. */
  readonly at: number;
  /** How often it ended without a verdict. */
  readonly unclear: number;
}

/** How often a package is tried that ends without a verdict. */
export const mostTries = 3;
const kept = 20;

/** The ledger after one was tried. */
export function withResult(ledger: Ledger, { digest, version, ended, reason, at }: Result): Ledger {
  const unclear = (ledger.updates[digest]?.unclear ?? 0) + (isUnclear(ended) ? 1 : 0);
  const verdict = ended === "installed" ? "good" : !isUnclear(ended) || unclear >= mostTries ? "bad" : "inconclusive";
  const { [digest]: _replaced, ...others } = ledger.updates;
  const newest = Object.entries(others).slice(1 - kept);
  return {
    ...ledger,
    updates: { ...Object.fromEntries(newest), [digest]: { version, verdict, reason, at, unclear } },
  };
}

/** The ledger when an operator lets a package be tried once more. */
export function withoutRecord(ledger: Ledger, digest: string): Ledger {
  const { [digest]: _forgotten, ...updates } = ledger.updates;
  return { ...ledger, updates };
}

function isUnclear(ended: Result["ended"]): boolean {
  return ended === "interrupted" || ended === "refused" || ended === "unclear";
}
