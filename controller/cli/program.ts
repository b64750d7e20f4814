/**
 * The command line as a whole: which commands there are, and how anything that happens in one becomes an exit code.
 * A command's file is loaded only when it is named, so that `impctl version` does not pay for the agent.
 */
import { Command, CommanderError } from "commander";
import { printableJson, printableLines } from "../../schemas/printable.ts";
import { asProblem } from "../../schemas/problem.ts";
import { problemText } from "./problem-text.ts";
import { exitCodes } from "./terminal.ts";
import type { Terminal } from "./terminal.ts";

/** What a command's file exports: it adds arguments, options and the action to an empty command of its name. */
export interface CommandFile {
  define(command: Command, terminal: Terminal): void;
}

interface Entry {
  readonly group: "Write" | "Compare" | "Run" | "Operate" | "Other";
  readonly summary: string;
  readonly load: () => Promise<CommandFile>;
  /** Not shown in help: called by the product itself. */
  readonly hidden?: boolean;
}

/** Every command. A new one is a file here and a line in this table. */
const commands: Readonly<Record<string, Entry>> = {
  validate: {
    group: "Write",
    summary: "check a sites repository and show every problem at once",
    load: () => import("./validate.ts"),
  },
  explain: {
    group: "Write",
    summary: "show where a value of a machine comes from and what it overrides",
    load: () => import("./explain.ts"),
  },
  render: { group: "Write", summary: "show what a machine's file becomes", load: () => import("./render.ts") },
  schema: { group: "Write", summary: "write JSON Schema for editors", load: () => import("./schema.ts") },
  secret: {
    group: "Write",
    summary: "make, rotate, re-encrypt and check secrets",
    load: () => import("./secret.ts"),
  },
  image: {
    group: "Write",
    summary: "build, describe, sign, check, show and fetch images",
    load: () => import("./image.ts"),
  },
  plan: {
    group: "Compare",
    summary: "show what the agent would do now, or what edited files would change",
    load: () => import("./plan.ts"),
  },
  diff: {
    group: "Compare",
    summary: "show what a change of the sites repository does to each appliance",
    load: () => import("./diff.ts"),
  },
  frr: {
    group: "Compare",
    summary: "bring a running FRR to any configuration file, without the agent",
    load: () => import("./frr.ts"),
  },
  agent: { group: "Run", summary: "run the agent of this box", load: () => import("./agent.ts") },
  bootstrap: {
    group: "Run",
    summary: "make this box follow a sites repository",
    load: () => import("./bootstrap.ts"),
  },
  doctor: {
    group: "Run",
    summary: "check everything that the agent relies on, and say how to mend it",
    load: () => import("./doctor.ts"),
  },
  import: {
    group: "Run",
    summary: "make a machine file of the seed platform's router.json",
    load: () => import("./import.ts"),
  },
  hardware: {
    group: "Run",
    summary: "list the NICs of this box as a machine file names them",
    load: () => import("./hardware.ts"),
  },
  vpp: {
    group: "Run",
    summary: "bring a VPP that no agent looks after to what a machine says",
    load: () => import("./vpp.ts"),
  },
  status: {
    group: "Operate",
    summary: "show what the agent on this box says of itself",
    load: () => import("./status.ts"),
  },
  fingerprint: {
    group: "Operate",
    summary: "show the line by which other appliances know this one",
    load: () => import("./fingerprint.ts"),
  },
  history: {
    group: "Operate",
    summary: "show what happened on this box",
    load: () => import("./history.ts"),
  },
  show: {
    group: "Operate",
    summary: "tell the story of one deployment",
    load: () => import("./show.ts"),
  },
  why: {
    group: "Operate",
    summary: "say why nothing is happening, and what would change that",
    load: () => import("./why.ts"),
  },
  sync: { group: "Operate", summary: "let the agent poll the sites repository now", load: () => import("./sync.ts") },
  accept: {
    group: "Operate",
    summary: "vouch for one commit that the trust rules refuse",
    load: () => import("./accept.ts"),
  },
  "accept-rewrite": {
    group: "Operate",
    summary: "vouch for a sites repository whose history was rewritten",
    load: () => import("./accept-rewrite.ts"),
  },
  adopt: {
    group: "Operate",
    summary: "make a machine file of a box that was configured by hand; take it over",
    load: () => import("./adopt.ts"),
  },
  drift: {
    group: "Operate",
    summary: "show what somebody changed by hand on this box, and decide about it",
    load: () => import("./drift.ts"),
  },
  apply: {
    group: "Operate",
    summary: "change this box alone for a while, without the sites repository",
    load: () => import("./apply.ts"),
  },
  breakglass: {
    group: "Operate",
    summary: "tell the agent that you work on this box by hand for a while",
    load: () => import("./breakglass.ts"),
  },
  be: {
    group: "Operate",
    summary: "show the boot environments of this box, keep, remove or activate one",
    load: () => import("./be.ts"),
  },
  drain: {
    group: "Operate",
    summary: "ask traffic to go elsewhere for a while",
    load: () => import("./drain.ts"),
  },
  undrain: {
    group: "Operate",
    summary: "put back into service what was drained here",
    load: () => import("./undrain.ts"),
  },
  retry: {
    group: "Operate",
    summary: "let a generation that failed here be tried once more",
    load: () => import("./retry.ts"),
  },
  rollback: {
    group: "Operate",
    summary: "go back to what was committed before",
    load: () => import("./rollback.ts"),
  },
  approve: {
    group: "Operate",
    summary: "let the newest generation be applied, whatever it disturbs or removes",
    load: () => import("./approve.ts"),
  },
  pause: { group: "Operate", summary: "let nothing be applied for some time", load: () => import("./pause.ts") },
  resume: { group: "Operate", summary: "end an operator's pause before its time", load: () => import("./resume.ts") },
  version: { group: "Other", summary: "show the version", load: () => import("./version.ts") },
  completion: {
    group: "Other",
    summary: "write a completion script for bash, zsh or fish",
    load: () => import("./completion.ts"),
  },
  __complete: { group: "Other", summary: "", load: () => import("./complete.ts"), hidden: true },
  "internal-render": { group: "Other", summary: "", load: () => import("./internal-render.ts"), hidden: true },
  "internal-fetch": { group: "Other", summary: "", load: () => import("./internal-fetch.ts"), hidden: true },
};

/** The visible commands' names, in help's order. */
export const commandNames: readonly string[] = Object.keys(commands).filter((name) => !commands[name]?.hidden);

/** Runs one command line (without node and script) and gives the exit code; never rejects. */
export async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const program = await buildProgram(
      commandOf(argv).filter((name) => name in commands),
      terminal,
    );
    if (argv.length === 0) {
      program.outputHelp({ error: true });
      return exitCodes.usage;
    }
    await program.parseAsync([...argv], { from: "user" });
    return terminal.exitCode;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    if (isInterruption(thrown, terminal.signal)) {
      terminal.err("impctl: interrupted.");
      return exitCodes.problem;
    }
    return showFailure(thrown, argv, terminal);
  }
}

/** Whether it is what the signal was aborted for, or what a stream makes of that. */
function isInterruption(thrown: unknown, { aborted, reason }: AbortSignal): boolean {
  return aborted && (thrown === reason || (thrown instanceof Error && thrown.cause === reason));
}

/** The program with the named commands fully defined, the others by name and summary alone. */
export async function buildProgram(defined: readonly string[], terminal: Terminal): Promise<Command> {
  const program = new Command("impctl")
    .description("Brings a router appliance to what its sites repository says, and undoes what turns out unhealthy.")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(text),
      writeErr: (text) => terminal.err(text),
      outputError: (text, write) => write(`impctl: ${text.replace(/^error: /, "")}`),
    })
    .showHelpAfterError('Run "impctl help" or "impctl help <command>".')
    .addHelpText("after", programHelp);
  for (const [name, entry] of Object.entries(commands)) {
    const command = program.command(name, { hidden: entry.hidden ?? false });
    command.summary(entry.summary).description(sentence(entry.summary)).helpGroup(`${entry.group}:`);
    if (!defined.includes(name)) continue;
    (await entry.load()).define(command, terminal);
    refuseRepeated(command);
  }
  return program;
}

/** Of a value that is given twice only the last would count, and nobody would be told. */
function refuseRepeated(command: Command): void {
  for (const option of command.options.filter((one) => !one.isBoolean() && !one.variadic)) {
    let given = 0;
    command.on(`option:${option.name()}`, () => {
      given += 1;
      if (given > 1) command.error(`error: option '${option.flags}' is given once, with one value`);
    });
  }
  command.commands.forEach(refuseRepeated);
}

const programHelp = `
Exit codes: 0 well, 1 a problem, 2 drift or changes pending, 3 somebody must look, 64 the command line is wrong.
Every command takes --json. NO_COLOR is honoured.

Examples:
  $ impctl validate sites
  $ impctl explain fra1/r1 interfaces.external.mtu
  $ impctl diff main HEAD
`;

/** Which commands an argument list is about: the first word, and the second after "help". */
function commandOf(argv: readonly string[]): readonly string[] {
  const words = argv.filter((word) => !word.startsWith("-"));
  return words[0] === "help" ? words.slice(1, 2) : words.slice(0, 1);
}

/** An AggregateError stands for several problems at once: a settings file, a machine that cannot be loaded. */
function showFailure(thrown: unknown, argv: readonly string[], terminal: Terminal): number {
  const problems = (thrown instanceof AggregateError ? thrown.errors : [thrown]).map(asProblem);
  if (argv.includes("--json")) terminal.out(printableJson(JSON.stringify({ problems }, undefined, 2)));
  for (const problem of problems) {
    if (!argv.includes("--json"))
      terminal.err(problem.at ? problemText(problem, terminal) : `impctl: ${problem.toString()}`);
    if (problem.code === "INTERNAL" && problem.cause instanceof Error)
      terminal.err(printableLines(problem.cause.stack ?? ""));
  }
  return problems.some((problem) => problem.code === "USAGE") ? exitCodes.usage : exitCodes.problem;
}

function sentence(text: string): string {
  return text === "" ? "" : `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
