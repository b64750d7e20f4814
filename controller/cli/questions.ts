/** Questions to whoever sits at the terminal. Nobody does where standard input is none: then everything must be a flag. */
import process from "node:process";
import { createInterface } from "node:readline";
import { Problem } from "../../schemas/problem.ts";

export interface Questions {
  /** Whether somebody can answer. */
  readonly isAnswered: boolean;
  /** The answer without blanks around it; "hidden": it is not shown while it is typed. Rejects when the input ends. */
  ask(question: string, hidden?: "hidden"): Promise<string>;
}

/** On standard error, so that standard output stays what the command gives. */
export const processQuestions: Questions = {
  isAnswered: process.stdin.isTTY,
  ask(question, hidden) {
    return new Promise((resolve, reject) => {
      const output = hidden ? {} : { output: process.stderr };
      const lines = createInterface({ input: process.stdin, ...output, terminal: true });
      if (hidden) process.stderr.write(question);
      let answer: string | undefined;
      lines.once("line", (line) => {
        answer = line.trim();
        if (hidden) process.stderr.write("\n");
        lines.close();
      });
      lines.once("SIGINT", () => lines.close());
      lines.once("close", () => {
        if (answer === undefined) reject(new Problem("USAGE", "interrupted: nothing was written."));
        else resolve(answer);
      });
      if (!hidden) {
        lines.setPrompt(question);
        lines.prompt();
      }
    });
  },
};
