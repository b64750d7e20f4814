/** Finds out whom a candidate has to wait for: asks those that go first and that its commit changes too. */
import type { Generation } from "../../reconcilers/generation.ts";
import { asProblem } from "../../schemas/problem.ts";
import type { Question } from "../gate/question.ts";
import type { Turn } from "../turn.ts";
import { isSameCommit } from "../verdicts.ts";
import { awaitedOf, goFirst, seenWith, type Awaited } from "./decide.ts";

/** Everybody who is waited for; shown in the status too. Nobody is asked about what was proven here before. */
export async function findAwaited(
  { parts, appliance, known, publish, signal }: Turn,
  { purpose, candidate, committed }: Pick<Question, "purpose" | "candidate" | "committed">,
): Promise<readonly Awaited[]> {
  // Others have to do with commits alone.
  if (purpose !== "deploy" || (committed && isSameCommit(candidate, committed))) return [];
  const { host, memory, peers } = appliance;
  const first = goFirst(candidate, committed, memory.ledger().seen);
  const seconds = parts.settings.repository["poll-seconds"] ?? candidate.policy["poll-seconds"];
  const heard = await peers.hear(first, 1000 * seconds, signal);
  const awaited = awaitedOf(first, heard, known().awaited, host.now());
  publish({ awaited });
  return awaited;
}

/** Notes what a commit asks of the others that leaves this appliance as it is: what a later one changes is told from it. */
export async function noteSeen({ appliance, signal }: Turn, committed: Generation): Promise<void> {
  const { memory, listener } = appliance;
  try {
    await memory.remember((ledger) => ({ ...ledger, seen: seenWith(committed) }));
  } catch (thrown) {
    signal.throwIfAborted();
    listener.complain(asProblem(thrown));
  }
}
