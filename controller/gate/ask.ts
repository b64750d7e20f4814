/** Asks the gate about a plan: looks up what it must know, then lets the guards speak. */
import type { Shut } from "../machine.ts";
import type { Turn } from "../turn.ts";
import { factsOfNow, gatherFacts } from "./facts.ts";
import { gate, gateChecks } from "./gate.ts";
import type { Question } from "./question.ts";

/** What the gate said. */
export interface Asked {
  /** Why the plan must wait, or undefined when it may be armed. */
  readonly shut: Shut | undefined;
  /** The same by what people said and the clock shows by now: asked right before arming. */
  readonly again: () => Shut | undefined;
}

/** Rejects only when the turn's signal aborts. */
export async function askGate(
  turn: Turn,
  asked: Pick<Question, "purpose" | "policy" | "candidate" | "committed" | "plan" | "trial">,
): Promise<Asked> {
  const { parts, appliance, publish } = turn;
  const facts = await gatherFacts(turn, asked);
  const question = (): Question => {
    const { mode } = parts.settings;
    return { ...asked, mode, ledger: appliance.memory.ledger(), facts: { ...facts, ...factsOfNow(appliance) } };
  };
  // What keeps drift from being corrected, or another one, says nothing about the newest generation.
  const isNewest = asked.purpose === "deploy" && asked.candidate === turn.known().wanted?.generation;
  if (isNewest) publish({ guards: gateChecks(question()) });
  return { shut: gate(question()), again: () => gate(question()) };
}
