/** What every command's help has in common. */
import type { Command } from "commander";

/** Adds examples, one a line, and optional closing words below a command's help. */
export function examples(command: Command, lines: readonly string[], closing = ""): void {
  const shown = lines.map((one) => `  $ ${one}`).join("\n");
  command.addHelpText("after", `\nExamples:\n${shown}\n${closing === "" ? "" : `\n${closing}\n`}`);
}
