/** `impctl plan`: what the agent of this box would do now, or what edited files would change. Carries nothing out. */
import type { Command } from "commander";
import { describeImageStep, type ImageStep } from "../../reconcilers/bootenv/plan.ts";
import type { Impact, Plan, PlaneName, Step } from "../../reconcilers/core.ts";
import { describeStep as describeFrr } from "../../reconcilers/frr/describe.ts";
import type { Desired } from "../../reconcilers/generation.ts";
import { describeStep as describeIncus } from "../../reconcilers/incus/describe.ts";
import { describeStep as describeSystem } from "../../reconcilers/system/describe.ts";
import { planText } from "../../reconcilers/plan-text.ts";
import { describeStep as describeVpp } from "../../reconcilers/vpp/describe.ts";
import { reviveProblem } from "../../schemas/problem.ts";
import type { ProblemReport } from "../../schemas/problem.ts";
import { printableJson } from "../../schemas/printable.ts";
import { agentOptions, askAgent } from "./agent-client.ts";
import type { AgentOptions } from "./agent-client.ts";
import { changeText } from "./change-text.ts";
import { compareRevisions } from "./compare.ts";
import { examples } from "./help.ts";
import { planLive } from "./live-plan.ts";
import { openRevision } from "./revision.ts";
import { defaultSettingsFile } from "./settings.ts";
import { exitCodes } from "./terminal.ts";
import type { Terminal } from "./terminal.ts";

interface Options extends AgentOptions {
  readonly sites?: string;
  readonly live?: boolean;
  readonly settings: string;
  readonly from: string;
}

export function define(command: Command, terminal: Terminal): void {
  agentOptions(command, terminal)
    .argument("[machine]", "an appliance of the sites repository that you are editing; without it, this box")
    .option("-s, --sites <folder>", "the folder that holds fleet.yaml (default: the current folder, or its sites/)")
    .option("--from <revision>", "what the appliance is taken to have, when it is not this box", "HEAD")
    .option("--live", "without the agent: observe this box and plan towards the files as they are; changes nothing")
    .option("--settings <file>", "the agent's settings, for --live", defaultSettingsFile)
    .action(async (machine: string | undefined, options: Options) => {
      if (machine === undefined) await planHere(options, terminal);
      else await planEdited(machine, options, terminal);
    });
  examples(
    command,
    [
      "impctl plan",
      "impctl plan --live --sites /srv/sites",
      "impctl plan fra1/r1",
      "impctl plan fra1/r1 --from origin/main --json",
    ],
    `Without an appliance's name it asks the agent that runs here: it observes the box anew and plans towards the newest
accepted commit. With --live it does that itself, towards edited files. With a name it compares the files as they are with a revision, and asks no appliance.
Exit code 2 when there is something to do, 1 when something is in the way.`,
  );
}

/** As controller/operations.ts answers it. */
interface AgentPlan {
  readonly commit: string;
  readonly generation: string;
  readonly worstImpact?: Impact;
  readonly plans: Readonly<Partial<Record<PlaneName, ReportedPlan>>>;
  readonly problems: readonly ProblemReport[];
  readonly notManaged: readonly string[];
}

/** A plan whose problems are reports. */
type ReportedPlan = Omit<Plan, "problems"> & { readonly problems: readonly ProblemReport[] };

async function planHere(options: Options, terminal: Terminal): Promise<void> {
  const question = { method: "GET", path: "/plan", timeoutMs: 130_000 } as const;
  const answer = options.live
    ? await planLive(options.settings, options.sites, terminal)
    : await askAgent(options.socket, question, terminal.signal);
  // Through JSON either way, so that both are shown alike.
  const plan = JSON.parse(JSON.stringify(answer)) as AgentPlan;
  terminal.out(options.json ? printableJson(JSON.stringify(plan, undefined, 2)) : text(plan, terminal));
  if (plan.problems.length > 0) terminal.exitCode = exitCodes.problem;
  else if (Object.values(plan.plans).some(({ steps }) => steps.length > 0)) terminal.exitCode = exitCodes.changes;
}

/** What steps say of themselves needs no appliance. */
const describers = {
  // Of a plan of bootenv nothing else is a step.
  bootenv: { describe: (step: Step) => describeImageStep(step as ImageStep) },
  system: { describe: describeSystem },
  vpp: { describe: describeVpp },
  frr: { describe: describeFrr },
  incus: { describe: describeIncus },
} as const satisfies Record<keyof Desired | "bootenv", unknown>;

const colors = { hitless: "green", flap: "yellow", "session-reset": "yellow", restart: "red", reboot: "red" } as const;

function text({ commit, generation, plans, notManaged }: AgentPlan, terminal: Terminal): string {
  const revived = Object.entries(plans).map(([plane, plan]) => [
    plane,
    { ...plan, problems: plan.problems.map(reviveProblem) },
  ]);
  const shown = planText(Object.fromEntries(revived), describers, {
    notManaged,
    mark: (word, impact) => terminal.style(colors[impact], word),
  });
  const about = commit === "" ? "the files as they are" : `commit ${commit.slice(0, 12)}`;
  return `${about}, generation ${generation.slice(0, 12)}\n${shown}`;
}

async function planEdited(machine: string, options: Options, terminal: Terminal): Promise<void> {
  const before = await openRevision(options.from, options.sites, terminal);
  const after = await openRevision(undefined, options.sites, terminal);
  const change = await compareRevisions(before, after, machine);
  terminal.out(options.json ? printableJson(JSON.stringify(change, undefined, 2)) : changeText(change, terminal));
  if (change.machines.some((one) => one.kind === "invalid")) terminal.exitCode = exitCodes.problem;
  else if (change.machines.length > 0) terminal.exitCode = exitCodes.changes;
}
