/** `impctl diff`: what a change of the sites repository would do to each appliance, from the repository alone. */
import { Option } from "commander";
import type { Command } from "commander";
import { printableJson } from "../../schemas/printable.ts";
import { changeMarkdown } from "./change-markdown.ts";
import { changeText } from "./change-text.ts";
import type { FleetChange } from "./change.ts";
import { compareRevisions } from "./compare.ts";
import { examples } from "./help.ts";
import { openRevision } from "./revision.ts";
import { relocate } from "./sites.ts";
import { exitCodes } from "./terminal.ts";
import type { Terminal } from "./terminal.ts";

const formats = ["text", "json", "markdown"] as const;

interface Options {
  readonly sites?: string;
  readonly machine?: string;
  readonly format: (typeof formats)[number];
  readonly json?: boolean;
}

export function define(command: Command, terminal: Terminal): void {
  command
    .argument("<from>", "a revision of the sites repository, as git names them")
    .argument("[to]", "the revision to compare it with (default: the files as they are)")
    .option("-s, --sites <folder>", "the folder that holds fleet.yaml (default: the current folder, or its sites/)")
    .option("-m, --machine <machine>", "only this appliance")
    .addOption(
      new Option("-f, --format <format>", "markdown: a comment for a pull request").choices(formats).default("text"),
    )
    .option("--json", "short for --format json")
    .action(async (from: string, to: string | undefined, options: Options) => diff(from, to, options, terminal));
  examples(
    command,
    ["impctl diff main HEAD", "impctl diff HEAD", "impctl diff --format markdown origin/main HEAD > comment.md"],
    `It plans from what the first revision renders to what the second one renders and asks no appliance: foreign
configuration and drift are not seen. Exit code 2 when an appliance is affected, 1 when the second revision has errors.`,
  );
}

async function diff(from: string, to: string | undefined, options: Options, terminal: Terminal): Promise<void> {
  const [before, after] = [
    await openRevision(from, options.sites, terminal),
    await openRevision(to, options.sites, terminal),
  ];
  const found = await compareRevisions(before, after, options.machine);
  const change = { ...found, problems: found.problems.map((problem) => relocate(problem, after.prefix)) };
  terminal.out(shown(change, options.json ? "json" : options.format, terminal));
  if (change.problems.some((problem) => problem.severity === "error")) terminal.exitCode = exitCodes.problem;
  else if (change.machines.length > 0) terminal.exitCode = exitCodes.changes;
}

function shown(change: FleetChange, format: Options["format"], terminal: Terminal): string {
  if (format === "json") return printableJson(JSON.stringify(change, undefined, 2));
  return format === "markdown" ? changeMarkdown(change) : changeText(change, terminal);
}
