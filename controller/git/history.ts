/** Ancestry: whether a commit may follow the accepted one, and which commits somebody must answer for. */
import { Problem } from "../../schemas/problem.ts";
import type { Repository } from "./objects.ts";

/** What came out, or that more history is needed to tell. */
export type Lineage = readonly string[] | "deeper";

/**
 * The first-parent commits from `candidate` down to, not including, what already belongs to `accepted`'s history: newest
 * first, empty when they are the same commit. Rejects with GIT_BEHIND or GIT_REWRITTEN.
 */
export async function lineage(repository: Repository, candidate: string, accepted: string): Promise<Lineage> {
  const straight = await firstParents(repository, candidate, (id) => id === accepted);
  if (straight.reached) return straight.passed;
  const isComplete = repository.shallow.size === 0;
  if (!(await repository.has(accepted))) {
    if (!isComplete) return "deeper";
    throw rewritten(candidate, accepted);
  }
  const before = await ancestors(repository, accepted);
  if (before.has(candidate)) {
    throw new Problem("GIT_BEHIND", `commit ${short(candidate)} is older than the accepted ${short(accepted)}`, {
      remedy: "A mirror lags behind, or somebody reset the branch. Revert with a new commit instead of going back.",
    });
  }
  if (!(await ancestors(repository, candidate)).has(accepted)) {
    if (!isComplete) return "deeper";
    throw rewritten(candidate, accepted);
  }
  // The accepted commit came in by a merge's second parent: the chain ends where both histories meet.
  const around = await firstParents(repository, candidate, (id) => before.has(id));
  return around.reached || isComplete ? around.passed : "deeper";
}

/**
 * The same for a rewrite that an operator accepted: down to where the candidate's first-parent line meets the accepted
 * history. The candidate alone where they do not meet, or nothing is known of the accepted one here; never empty.
 */
export async function rewrittenLineage(
  repository: Repository,
  candidate: string,
  accepted: string,
): Promise<readonly string[]> {
  if (!(await repository.has(accepted))) return [candidate];
  const before = await ancestors(repository, accepted);
  const line = await firstParents(repository, candidate, (id) => before.has(id));
  return line.reached && line.passed.length > 0 ? line.passed : [candidate];
}

async function firstParents(repository: Repository, from: string, isEnd: (id: string) => boolean) {
  const passed: string[] = [];
  for (let at: string | undefined = from; at !== undefined;) {
    if (isEnd(at)) return { passed, reached: true };
    passed.push(at);
    at = repository.shallow.has(at) ? undefined : (await repository.commit(at)).parents[0];
  }
  return { passed, reached: false };
}

/** `from` and everything that it builds on, as far as history is here. */
async function ancestors(repository: Repository, from: string): Promise<ReadonlySet<string>> {
  const seen = new Set([from]);
  // A set yields what is added to it while it is walked.
  for (const id of seen) {
    if (repository.shallow.has(id)) continue;
    for (const parent of (await repository.commit(id)).parents) seen.add(parent);
  }
  return seen;
}

function rewritten(candidate: string, accepted: string): Problem {
  return new Problem(
    "GIT_REWRITTEN",
    `commit ${short(candidate)} does not descend from the accepted ${short(accepted)}: history was rewritten`,
    {
      remedy: `Push a commit on top of ${short(accepted)}, or run "impctl accept-rewrite" on this box after looking at both.`,
    },
  );
}

function short(commit: string): string {
  return commit.slice(0, 12);
}
