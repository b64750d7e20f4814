/** Asks a running agent as its control socket does, with the record in the history. */
import type { Agent } from "../../controller/agent.ts";
import { allOperations } from "../../controller/operations/all.ts";
import { operate, type Answer } from "../../controller/operations/operation.ts";

export async function ask(agent: Agent, name: string, asked: Answer = {}): Promise<unknown> {
  const operation = allOperations.find((one) => one.name === name);
  if (!operation) throw new Error(`There is no operation ${name}.`);
  return operate(agent, operation, asked, new AbortController().signal);
}
