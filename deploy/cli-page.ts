/** docs/cli.md: the help of every command, so that the page can never say anything else than the program. */
import { buildProgram, commandNames } from "../controller/cli/program.ts";
import type { Terminal } from "../controller/cli/terminal.ts";

/** A terminal for which nothing is ever run. */
const nowhere: Terminal = {
  out: () => undefined,
  err: () => undefined,
  style: (_, text) => text,
  columns: undefined,
  environment: {},
  folder: "/",
  signal: new AbortController().signal,
  exitCode: 0,
};

/** The page's text. */
export async function cliPage(): Promise<string> {
  const program = await buildProgram(commandNames, nowhere);
  const commands = program.commands.filter((command) => commandNames.includes(command.name()));
  const sections = [program, ...commands.flatMap((command) => [command, ...command.commands])].map((command) => {
    let text = "";
    command.configureOutput({ writeOut: (part) => (text += part), getOutHelpWidth: () => 100 });
    command.outputHelp();
    const path = command.parent && command.parent !== program ? `${command.parent.name()} ` : "";
    const title = command === program ? "impctl" : `impctl ${path}${command.name()}`;
    return `## ${title}\n\n\`\`\`text\n${text.trimEnd()}\n\`\`\`\n`;
  });
  const head = "# The command line\n\nThis page is generated from the program's own help: `npm run generate`.\n";
  return [head, ...sections].join("\n");
}
