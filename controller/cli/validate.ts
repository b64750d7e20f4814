/** `impctl validate`: all problems of a sites repository at once, for people, programs and pull requests. */
import { Option } from "commander";
import type { Command } from "commander";
import { listMachines, loadFleet, loadMachine } from "../../schemas/load.ts";
import { loadPlace } from "../../schemas/load-rollout.ts";
import type { Problem } from "../../schemas/problem.ts";
import { folderTree } from "../folder.ts";
import { printableJson } from "../../schemas/printable.ts";
import { examples } from "./help.ts";
import { plural } from "../plural.ts";
import { countProblems, githubAnnotation, problemFormats, problemText } from "./problem-text.ts";
import type { ProblemFormat } from "./problem-text.ts";
import { findSites, relocate } from "./sites.ts";
import { exitCodes } from "./terminal.ts";
import type { Terminal } from "./terminal.ts";

interface Options {
  readonly machine?: string;
  readonly format: ProblemFormat;
  readonly json?: boolean;
}

export function define(command: Command, terminal: Terminal): void {
  command
    .argument("[folder]", "the sites repository (default: the current folder, or its sites/)")
    .option("-m, --machine <machine>", 'only this appliance, "<site>/<appliance>"')
    .addOption(new Option("-f, --format <format>", "how to show problems").choices(problemFormats).default("text"))
    .option("--json", "short for --format json")
    .action(async (folder: string | undefined, options: Options) => validate(folder, options, terminal));
  examples(
    command,
    ["impctl validate", "impctl validate sites --format github", "impctl validate --machine fra1/r1 --json"],
    "Warnings are shown and do not fail. Exit code 1 when there is an error.",
  );
}

async function validate(folder: string | undefined, options: Options, terminal: Terminal): Promise<void> {
  const sites = await findSites(folder, terminal.folder);
  const { names, found } = await check(sites.path, options.machine);
  const problems = found.map((problem) => relocate(problem, sites.prefix));
  const valid = problems.every((problem) => problem.severity === "warning");
  if (!valid) terminal.exitCode = exitCodes.problem;

  const format = options.json ? "json" : options.format;
  if (format === "json") {
    terminal.out(printableJson(JSON.stringify({ valid, machines: names, problems }, undefined, 2)));
    return;
  }
  for (const problem of problems) {
    terminal.out(format === "github" ? githubAnnotation(problem) : problemText(problem, terminal));
  }
  terminal.err(summary(names.length, problems, valid, terminal));
}

async function check(
  path: string,
  machine: string | undefined,
): Promise<{ readonly names: readonly string[]; readonly found: readonly Problem[] }> {
  const tree = folderTree(path);
  if (machine !== undefined) {
    const { loaded, problems } = await loadMachine(tree, machine);
    const order = loaded ? (await loadPlace(tree, loaded)).problems : [];
    return { names: [machine], found: [...problems, ...order] };
  }
  const fleet = await loadFleet(tree);
  return { names: await listMachines(tree), found: fleet.problems };
}

function summary(machines: number, problems: readonly Problem[], valid: boolean, terminal: Terminal): string {
  const counted = countProblems(problems);
  const files = new Set(problems.flatMap((problem) => problem.at?.file ?? [])).size;
  const where = files > 0 ? ` in ${plural(files, "file")}` : "";
  const about = `${plural(machines, "appliance")} ${valid ? "valid" : "checked"}`;
  const text = counted === "" ? `${about}, no problems` : `${about}: ${counted}${where}`;
  return terminal.style(valid ? "green" : "red", text);
}
