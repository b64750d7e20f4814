/** The commands by which an operator tells the running agent something: one request each, and its answer shown. */
import type { Command } from "commander";
import { printableJson, printableLines } from "../../schemas/printable.ts";
import { agentOptions, askAgent } from "./agent-client.ts";
import type { AgentOptions, Question } from "./agent-client.ts";
import type { Terminal } from "./terminal.ts";

/** Makes `command` send what `ask` gives for its arguments and options, and print the answer, or `done` where it has no words. */
export function operation(
  command: Command,
  terminal: Terminal,
  done: string,
  ask: (args: readonly string[], options: Readonly<Record<string, unknown>>) => Question,
): void {
  agentOptions(command, terminal).action(async () => {
    const options = command.opts<AgentOptions & Record<string, unknown>>();
    await tell(options, ask(command.args, options), terminal, done);
  });
}

/** Sends it, and prints the answer. */
export async function tell(options: AgentOptions, question: Question, terminal: Terminal, done: string): Promise<void> {
  const answer = await askAgent(options.socket, question, terminal.signal);
  if (options.json) terminal.out(printableJson(JSON.stringify(answer ?? {}, undefined, 2)));
  else terminal.out(printableLines(answerText(answer, done)));
}

function answerText(answer: unknown, done: string): string {
  if (typeof answer !== "object" || answer === null) return done;
  if ("message" in answer && typeof answer.message === "string") return answer.message;
  const facts = Object.entries(answer).filter(([, value]) => ["string", "number", "boolean"].includes(typeof value));
  return [done, ...facts.map(([name, value]) => `  ${name}: ${String(value)}`)].join("\n");
}
