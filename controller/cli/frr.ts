/** `impctl frr …`: FRR by itself, for whoever has a configuration file and wants a running FRR to be what it says. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { type Command, Option } from "commander";
import { type Host, type Impact, impacts, worstImpact } from "../../reconcilers/core.ts";
import { describeStep } from "../../reconcilers/frr/describe.ts";
import type { FrrFile } from "../../reconcilers/frr/canonical.ts";
import { checkNamespace } from "../../reconcilers/frr/instance.ts";
import { liveChanges, liveChangesText } from "../../reconcilers/frr/live-changes.ts";
import {
  applyWhole,
  type Instance,
  type Outcome,
  planBetween,
  planWhole,
  type WholePlan,
} from "../../reconcilers/frr/whole.ts";
import { freshScratches } from "../../reconcilers/frr/scratches.ts";
import { planText } from "../../reconcilers/plan-text.ts";
import { printable, printableJson } from "../../schemas/printable.ts";
import { Problem } from "../../schemas/problem.ts";
import { takeInstance } from "../hold.ts";
import { linuxHost } from "../host/linux.ts";
import { passingSecrets } from "../passing-secrets.ts";
import { examples } from "./help.ts";
import { problemText } from "./problem-text.ts";
import { exitCodes, type Terminal } from "./terminal.ts";

/** Where scratch instances of FRR live: FRR's user must be able to go there. */
const scratchFolder = "/run/imp-frr-scratch";

interface Options {
  readonly pathspace?: string;
  readonly vtyDir: string;
  readonly netns?: string;
  readonly running?: boolean;
  readonly maxImpact?: Impact;
  readonly json?: boolean;
}

export function define(command: Command, terminal: Terminal): void {
  const codes = "Exit code 0: in sync. 2: there is something to do. 1: something is in the way.";
  subcommand(
    command,
    "diff <file> [against]",
    "show what would make a running FRR into a file; changes nothing",
    [
      "impctl frr diff /etc/frr/frr.conf",
      "impctl frr diff new.conf old.conf",
      "impctl frr diff core1.conf --pathspace core1",
    ],
    `The file may be any configuration of FRR. ${codes}`,
  )
    .addOption(new Option("--running", "compare with what runs, as without a second file"))
    .action((file: string, against: string | undefined, options: Options) => diff(file, against, options, terminal));
  subcommand(
    command,
    "apply <file>",
    "make a running FRR into a file, or leave it as it was",
    ["impctl frr apply /etc/frr/frr.conf", "impctl frr apply new.conf --max-impact hitless"],
    `What is not in the file goes. A file that FRR would not take whole changes nothing. The file is not copied anywhere:
what FRR starts from is yours to keep. Exit code 0: FRR was in sync, or was changed and reads back as the file says.
1: it was not, and is as it was before. 2: the change disturbs more than --max-impact allows, and was not begun.`,
  )
    .addOption(new Option("--max-impact <impact>", "begin nothing that disturbs more").choices(impacts))
    .action((file: string, options: Options) => apply(file, options, terminal));
}

function subcommand(parent: Command, usage: string, text: string, lines: readonly string[], closing: string): Command {
  const command = parent
    .command(usage)
    .summary(text)
    .description(`${text.charAt(0).toUpperCase()}${text.slice(1)}.`)
    .option("-N, --pathspace <name>", "the instance that FRR's daemons were given with -N")
    .option("--vty-dir <folder>", "the folder of the vty sockets", "/var/run/frr")
    .option("--netns <name>", "only if its daemons run in this network namespace")
    .option("--json", "write JSON");
  examples(command, lines, closing);
  return command;
}

async function instanceOf({ pathspace, vtyDir, netns }: Options, host: Host, signal: AbortSignal): Promise<Instance> {
  if (pathspace !== undefined && !/^[^/]{1,64}$/.test(pathspace)) {
    throw new Problem("USAGE", "that is no name of a pathspace.", {
      remedy: "It is the word after -N of the daemons.",
    });
  }
  const sockets = pathspace === undefined ? vtyDir : `${vtyDir}/${pathspace}`;
  if (netns !== undefined) await checkNamespace(sockets, netns, host, signal);
  return { sockets, scratches: freshScratches(scratchFolder, host) };
}

async function open(path: string, terminal: Terminal): Promise<FrrFile> {
  const bytes = await readFile(resolve(terminal.folder, path)).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Problem("HOST_FILE", `${path} cannot be read: ${why}`, { cause });
  });
  try {
    return { name: path, text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch (cause) {
    // What cannot be told apart by what is read back must not be sent.
    const remedy = "Convert it: iconv -f latin1 -t utf-8.";
    throw new Problem("HOST_FILE", `${path} is no text in UTF-8.`, { remedy, cause });
  }
}

async function diff(path: string, against: string | undefined, options: Options, terminal: Terminal): Promise<void> {
  if (against !== undefined && options.running) {
    throw new Problem("USAGE", "--running and a second file exclude each other.");
  }
  const host = linuxHost(passingSecrets());
  const file = await open(path, terminal);
  const instance = await instanceOf(options, host, terminal.signal);
  const plan =
    against === undefined
      ? await planWhole(file, instance, host, terminal.signal)
      : await planBetween(file, await open(against, terminal), instance, host, terminal.signal);
  if (options.json) terminal.out(printableJson(JSON.stringify(planJson(plan), undefined, 2)));
  else terminal.out(shown(plan, terminal));
  if (plan.problems.length > 0) terminal.exitCode = exitCodes.problem;
  else if (plan.steps.length > 0) terminal.exitCode = exitCodes.changes;
}

async function apply(path: string, options: Options, terminal: Terminal): Promise<void> {
  const host = linuxHost(passingSecrets());
  const file = await open(path, terminal);
  const instance = await instanceOf(options, host, terminal.signal);
  await using _ = await takeInstance("frr", instance.sockets, "command");
  const plan = await planWhole(file, instance, host, terminal.signal);
  const refused = plan.problems.length > 0;
  const worst = worstImpact(plan.steps);
  const most = options.maxImpact ?? "reboot";
  const isTooMuch = impacts.indexOf(worst ?? "hitless") > impacts.indexOf(most);
  const outcome = refused || isTooMuch ? undefined : await applyWhole(plan, instance, host, terminal.signal, most);
  const why = isTooMuch ? `Nothing was changed: ${worst} is more than ${most}.` : "Nothing was changed.";
  if (options.json) {
    const { steps, ...rest } = planJson(plan);
    terminal.out(
      printableJson(JSON.stringify({ outcome: outcome ?? { kind: "refused" }, ...rest, steps }, undefined, 2)),
    );
  } else terminal.out(`${shown(plan, terminal)}\n${outcome ? outcomeText(outcome, terminal) : why}`);
  if (refused || outcome?.kind === "rolled-back") terminal.exitCode = exitCodes.problem;
  else if (isTooMuch) terminal.exitCode = exitCodes.changes;
}

function outcomeText(outcome: Outcome, terminal: Terminal): string {
  if (outcome.kind === "in-sync") return "Nothing had to be changed.";
  if (outcome.kind === "applied") {
    const again = outcome.rounds > 1 ? `, after ${outcome.rounds} rounds` : "";
    return terminal.style("green", `Applied, and reads back as the file says${again}.`);
  }
  const failed = `Failed: ${problemText(outcome.why, terminal)}`;
  const kept = `, but for what somebody else changed meanwhile: ${printable(outcome.others.join(", "))}`;
  const state =
    outcome.left.length === 0
      ? `It was rolled back, and reads back as before${outcome.others.length === 0 ? "" : kept}.`
      : `It could NOT be rolled back: ${printable(outcome.left.join(" "))}`;
  return terminal.style("red", `${failed}\n${state}`);
}

const colors = { hitless: "green", flap: "yellow", "session-reset": "yellow", restart: "red", reboot: "red" } as const;

function shown(plan: WholePlan, terminal: Terminal): string {
  if (plan.problems.length > 0) return plan.problems.map((problem) => problemText(problem, terminal)).join("\n");
  const mark = (word: string, impact: Impact) => terminal.style(colors[impact], word);
  const steps = planText({ frr: plan }, { frr: { describe: (step) => describe(plan, step.id) } }, { mark });
  const lines = changed(plan).map((line) => {
    const text = printable(line);
    return line.startsWith("+")
      ? terminal.style("green", text)
      : line.startsWith("-")
        ? terminal.style("red", text)
        : text;
  });
  return lines.length === 0 ? steps : `${steps}\n${lines.join("\n")}`;
}

function describe(plan: WholePlan, id: string): string {
  const step = plan.steps.find((one) => one.id === id);
  return step ? describeStep(step) : id;
}

/** "- " goes, "+ " comes. */
function changed({ before, desired, problems }: WholePlan): readonly string[] {
  if (problems.length > 0) return [];
  return liveChangesText(liveChanges(before.config, desired.config, [desired.config]));
}

function planJson(plan: WholePlan) {
  const { steps, problems, notes } = plan;
  return {
    problems: problems.map((problem) => problem.toJSON()),
    notes,
    steps: steps.map((step) => ({ ...step, text: describeStep(step) })),
    changes: changed(plan),
  };
}
