/** Verdicts: what became of the generations that were tried here, and what that says of others. Pure. */
import type { Generation } from "../reconcilers/generation.ts";
import type { Ledger } from "./ledger.ts";
import type { Verdict } from "./machine.ts";

/** What became of a generation here. */
export interface VerdictRecord {
  readonly verdict: Verdict;
  readonly reason: string;
  /** Wall clock of the last one. */
  readonly at: number;
  /** The deployments that ended without proof: a set, so that finishing one twice counts once. */
  readonly inconclusive: readonly string[];
  /** It is of the commit without what stood above it too, which has this digest. */
  readonly below?: string;
}

/** A generation by its digest, and by that without what stands above the repository. */
export interface Asked {
  readonly generation: string;
  /** Left out where nothing does. */
  readonly below?: string;
}

/** How often a generation is tried again after an inconclusive end. */
export const inconclusiveRetries = 2;
const keptVerdicts = 200;

/**
 * The ledger after a deployment of `generation` ended with `verdict`, which is of the commit `below` too. Saying the same twice
 * changes nothing.
 */
export function withVerdict(
  ledger: Ledger,
  generation: string,
  deployment: string,
  verdict: Verdict,
  reason: string,
  now: number,
  below?: string,
): Ledger {
  const before = ledger.verdicts[generation]?.inconclusive ?? [];
  const inconclusive =
    verdict === "good" ? [] : verdict === "bad" || before.includes(deployment) ? before : [...before, deployment];
  const { [generation]: _replaced, ...others } =
    verdict === "good" ? cleared(ledger.verdicts, below ?? generation) : ledger.verdicts;
  const kept = Object.entries(others).slice(-keptVerdicts);
  const of = verdict !== "good" && below !== undefined && { below };
  return {
    ...ledger,
    verdicts: { ...Object.fromEntries(kept), [generation]: { verdict, reason, at: now, inconclusive, ...of } },
  };
}

/** What failed with something above it says nothing of the commit any more: that is proven. */
function cleared(verdicts: Ledger["verdicts"], commit: string): Ledger["verdicts"] {
  const entries = Object.entries(verdicts).map(([one, { below, ...rest }]): [string, VerdictRecord] => {
    return [one, { ...rest, ...(below !== undefined && below !== commit && { below }) }];
  });
  return Object.fromEntries(entries);
}

/** How verdicts name it. */
export function askedOf({ digest, below }: Pick<Generation, "digest" | "below">): Asked {
  return { generation: digest, ...(below !== undefined && { below }) };
}

/** What it asks for without what stands above the repository, as a digest. */
function askedBelow({ generation, below = generation }: Asked): string {
  return below;
}

/** Whether they differ in nothing but what stands above the repository. */
export function isSameBelow(one: Asked, other: Asked | undefined): boolean {
  return other !== undefined && askedBelow(one) === askedBelow(other);
}

/** The same of generations. */
export function isSameCommit(one: Generation, other: Generation): boolean {
  return isSameBelow(askedOf(one), askedOf(other));
}

/**
 * The commit that is to blame too when `left` is given up for `stays`, as a digest: what stood above it may end, and what broke
 * something then comes again. undefined: it is no other commit, or nothing stood above it.
 */
export function blamed(left: Asked, stays: Asked | undefined): string | undefined {
  return isSameBelow(left, stays) ? undefined : left.below;
}

/** What is known here of a generation, what is said of its commit alone first. */
function verdictsOn({ verdicts }: Ledger, { generation, below }: Asked): readonly (readonly [string, VerdictRecord])[] {
  const own = [below, generation].filter((one) => one !== undefined);
  const named = own.flatMap((one) => (verdicts[one] ? [[one, verdicts[one]] as const] : []));
  const others = Object.entries(verdicts).filter(([one, record]) => {
    return !own.includes(one) && record.below !== undefined && own.includes(record.below);
  });
  return [...named, ...others];
}

/** What keeps a generation from being tried here (again): the one that failed, and why. */
export function heldBy(
  ledger: Ledger,
  asked: Asked,
): { readonly generation: string; readonly reason: string } | undefined {
  for (const [generation, { verdict, reason, inconclusive }] of verdictsOn(ledger, asked)) {
    if (verdict === "bad") return { generation, reason };
    if (verdict === "inconclusive" && inconclusive.length > inconclusiveRetries) {
      return { generation, reason: `It was tried ${inconclusive.length} times without a result; last: ${reason}` };
    }
  }
  return undefined;
}

/** The last verdict that counts for a generation: its own, or what is said of its commit alone. */
export function verdictOn(ledger: Ledger, asked: Asked): VerdictRecord | undefined {
  const held = heldBy(ledger, asked)?.generation;
  return ledger.verdicts[held ?? asked.generation] ?? verdictsOn(ledger, asked)[0]?.[1];
}

/** The ledger when these generations, by their digests, may be tried again, with what else is said of their commits. */
export function withoutVerdicts(ledger: Ledger, generations: readonly string[]): Ledger {
  const below = generations.flatMap((one) => ledger.verdicts[one]?.below ?? []);
  const meant = new Set<string | undefined>([...generations, ...below]);
  const others = Object.entries(ledger.verdicts).filter(([one, { verdict, below: commit }]) => {
    return verdict === "good" || (!meant.has(one) && !meant.has(commit));
  });
  return { ...ledger, verdicts: Object.fromEntries(others) };
}
