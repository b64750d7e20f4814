/** Asks the gate about a plan: looks up what it must know, then lets the guards speak. */
import type { Shut } from "../machine.ts";
import type { Turn } from "../turn.ts";
import { gatherFacts } from "./facts.ts";
import { gate, gateChecks } from "./gate.ts";
import type { Question } from "./question.ts";

/** Why the plan must wait, or undefined when it may be armed. Rejects only when the turn's signal aborts. */
export async function askGate(
  turn: Turn,
  asked: Pick<Question, "purpose" | "policy" | "candidate" | "committed" | "plan">,
): Promise<Shut | undefined> {
  const { parts, appliance, publish } = turn;
  const facts = await gatherFacts(turn, asked);
  const question = { ...asked, mode: parts.settings.mode, ledger: appliance.memory.ledger(), facts };
  // What keeps drift from being corrected says nothing about the newest commit.
  if (asked.purpose === "deploy") publish({ guards: gateChecks(question) });
  return gate(question);
}
