/** A machine file that was made of what is there already, and what goes with it. */
import type { JsonObject } from "../schemas/json.ts";
import { yamlText } from "../schemas/yaml-text.ts";

export interface Drafted {
  readonly machine: JsonObject;
  /** What was there and is not in the machine, or what the reader has to add: a sentence or a line each. */
  readonly left: readonly string[];
  /** What is as it was, and better otherwise: a sentence each. */
  readonly advice: readonly string[];
}

/** The file: what is not in it and what is worth a change stand in front, as comments, and `after` it, as comments too, what may be added. */
export function draftedText(title: string, { machine, left, advice }: Drafted, after: readonly string[] = []): string {
  const comments = [
    title,
    ...(left.length > 0 ? ["", "Not in this file:"] : []),
    ...left.map((one) => `- ${one}`),
    ...(advice.length > 0 ? ["", "As it was, and worth a change:"] : []),
    ...advice.map((one) => `- ${one}`),
  ];
  const lines = (all: readonly string[]) => all.map((line) => `# ${line}`.trimEnd() + "\n").join("");
  return `${lines(comments)}${yamlText(machine)}${lines(after)}`;
}
