/** docs/cli.md: the help of every command, so that the page can never say anything else than the program. */
import { buildProgram, commandNames } from "../controller/cli/program.ts";
import type { Terminal } from "../controller/cli/terminal.ts";

/** A terminal for which nothing is ever run. */
const nowhere: Terminal = {
  out: () => undefined,
  err: () => undefined,
  style: (_, text) => text,
  redraw: undefined,
  columns: undefined,
  environment: {},
  folder: "/",
  signal: new AbortController().signal,
  exitCode: 0,
};

interface CommandHelp {
  /** As it is typed: "impctl secret new". */
  readonly title: string;
  readonly text: string;
}

/** The program's own help, then that of every command and of what is nested in it, `columns` wide. */
export async function commandHelp(columns: number): Promise<readonly CommandHelp[]> {
  const program = await buildProgram(commandNames, nowhere);
  const commands = program.commands.filter((command) => commandNames.includes(command.name()));
  return [program, ...commands.flatMap((command) => [command, ...command.commands])].map((command) => {
    let text = "";
    command.configureOutput({ writeOut: (part) => (text += part), getOutHelpWidth: () => columns });
    command.outputHelp();
    const path = command.parent && command.parent !== program ? `${command.parent.name()} ` : "";
    return { title: command === program ? "impctl" : `impctl ${path}${command.name()}`, text: text.trimEnd() };
  });
}

/** The page's text. */
export async function cliPage(): Promise<string> {
  const sections = (await commandHelp(100)).map(({ title, text }) => `## ${title}\n\n\`\`\`text\n${text}\n\`\`\`\n`);
  const head = "# The command line\n\nThis page is generated from the program's own help: `npm run generate`.\n";
  return [head, ...sections].join("\n");
}
