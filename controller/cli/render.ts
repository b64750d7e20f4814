/** `impctl render`: what a machine's file becomes, plane by plane. Secrets stay sealed. */
import type { Command } from "commander";
import type { Generation } from "../../reconcilers/generation.ts";
import { loadMachine } from "../../schemas/load.ts";
import { printableJson, printableLines } from "../../schemas/printable.ts";
import { renderOffline } from "./compare.ts";
import { examples } from "./help.ts";
import { problemText } from "./problem-text.ts";
import { desiredTexts } from "../desired-text.ts";
import { openRevision } from "./revision.ts";
import { relocate } from "./sites.ts";
import type { Terminal } from "./terminal.ts";

interface Options {
  readonly sites?: string;
  readonly rev?: string;
  readonly json?: boolean;
}

export function define(command: Command, terminal: Terminal): void {
  command
    .argument("<machine>", '"<site>/<appliance>"')
    .option("-s, --sites <folder>", "the folder that holds fleet.yaml (default: the current folder, or its sites/)")
    .option("-r, --rev <revision>", "a revision of its repository (default: the files as they are)")
    .option("--json", "write the whole generation as JSON")
    .action(async (machine: string, options: Options) => show(machine, options, terminal));
  examples(
    command,
    ["impctl render fra1/r1", "impctl render fra1/r1 --rev main~3", "impctl render fra1/r1 --json | jq .health"],
    "A secret shows as <secret:…>, which stands for its encrypted file: it changes when the secret does.",
  );
}

async function show(machine: string, options: Options, terminal: Terminal): Promise<void> {
  const { tree, prefix } = await openRevision(options.rev, options.sites, terminal);
  const { loaded, problems } = await loadMachine(tree, machine);
  const shown = problems.map((problem) => relocate(problem, prefix));
  if (!loaded) throw new AggregateError(shown, `${machine} is not valid`);
  for (const problem of shown) terminal.err(problemText(problem, terminal));
  const generation = await renderOffline(loaded, tree);
  terminal.out(options.json ? printableJson(JSON.stringify(generation, undefined, 2)) : generationText(generation));
}

function generationText({ machine, digest, desired, notManaged }: Generation): string {
  const sections = [
    `! ${machine}, generation ${digest.slice(0, 12)}`,
    ...desiredTexts(desired).map(({ title, text }) => `! --- ${title}\n${text.trimEnd()}`),
  ];
  if (notManaged.length > 0) sections.push(`! --- not managed yet: ${notManaged.join(", ")}`);
  return printableLines(sections.join("\n"));
}
