/** The one text of a plan, for the command line, logs and comments: what would be done, plane by plane, and how much it disturbs. */
import { printable } from "../schemas/printable.ts";
import { type Impact, impacts, type Plan, type PlaneName, type Step, worstImpact } from "./core.ts";

export interface PlanTextOptions {
  /** Steps to show of one plane before the rest is counted; all unless given. */
  readonly maxSteps?: number;
  /** Sections of the machine file that no plane carries out yet. */
  readonly notManaged?: readonly string[];
  /** Marks a word by its impact, for a terminal; plain text unless given. */
  readonly mark?: (text: string, impact: Impact) => string;
}

/** What can be said of a plane's steps; a Reconciler fits. */
export interface Describer {
  describe(step: Step): string;
}

/** The plans of all planes as text, ending in a newline. Holds no secrets: steps are told sealed. */
export function planText(
  plans: Readonly<Partial<Record<PlaneName, Plan>>>,
  reconcilers: Readonly<Partial<Record<PlaneName, Describer>>>,
  options: PlanTextOptions = {},
): string {
  const planes = Object.entries(plans) as (readonly [PlaneName, Plan])[];
  const blocks = planes.map(([plane, plan]) => planeText(plane, plan, reconcilers[plane], options));
  const notManaged = options.notManaged ?? [];
  const rest = notManaged.length > 0 ? [`not managed yet: ${printable(notManaged.join(", "))}`] : [];
  return `${[
    summary(
      planes.map(([, plan]) => plan),
      notManaged.length === 0,
    ),
    ...blocks.filter((block) => block !== ""),
    ...rest,
  ].join("\n\n")}\n`;
}

/** "3 steps, worst impact session-reset". In sync is only what has a plane for every section. */
function summary(plans: readonly Plan[], whole: boolean): string {
  const steps = plans.flatMap((plan) => plan.steps);
  const problems = plans.flatMap((plan) => plan.problems).length;
  const worst = worstImpact(steps);
  const outlook =
    worst === undefined
      ? `Nothing to do${whole ? ": in sync" : ""}.`
      : `${count(steps.length, "step")}, worst impact ${worst}.`;
  return problems > 0 ? `Cannot be carried out: ${count(problems, "problem")}. ${outlook}` : outlook;
}

function planeText(
  plane: PlaneName,
  plan: Plan,
  describer: Describer | undefined,
  { maxSteps = Number.POSITIVE_INFINITY, mark = (text) => text }: PlanTextOptions,
): string {
  const shown = plan.steps.slice(0, maxSteps);
  const width = Math.max(0, ...shown.map((step) => step.impact.length));
  const steps = shown.map((step) => {
    const text = printable(describer?.describe(step) ?? `${step.kind} ${step.id}`);
    return `  ${mark(step.impact.padEnd(width), step.impact)}  ${text}`;
  });
  const hidden = plan.steps.length - shown.length;
  const lines = [
    ...plan.problems.map((problem) => `  problem  ${problem.toString()}`),
    ...steps,
    ...(hidden > 0 ? [`  … and ${count(hidden, "more step")}`] : []),
    ...plan.notes.map((note) => `  note     ${printable(note)}`),
    ...plan.foreign.map((foreign) => `  foreign  ${printable(foreign.text)}`),
  ];
  return lines.length === 0 ? "" : [`${plane}: ${tally(plan.steps)}`, ...lines].join("\n");
}

/** "2 hitless, 1 session-reset" */
function tally(steps: readonly Step[]): string {
  if (steps.length === 0) return "no steps";
  return impacts
    .map((impact) => [steps.filter((step) => step.impact === impact).length, impact] as const)
    .filter(([number]) => number > 0)
    .map(([number, impact]) => `${number} ${impact}`)
    .join(", ");
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
