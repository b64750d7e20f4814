/**
 * FRR alone: brings a running FRR to one whole file, for those who want nothing else of this program. What is not in the
 * file goes. What is said of the result is what was read back, never what was sent.
 */
import { Problem } from "../../schemas/problem.ts";
import { type Host, type Impact, impacts, type Plan, worstImpact } from "../core.ts";
import { applyFrr } from "./apply.ts";
import { canonicalForm, type FrrFile, readAhead } from "./canonical.ts";
import { type Daemon, daemons, type FrrDesired, type FrrObserved, type FrrStep } from "./model.ts";
import { observeFrr } from "./observe.ts";
import { planFrr } from "./plan.ts";
import { daemonsOf } from "./route.ts";
import type { Scratches } from "./scratches.ts";
import { readSource } from "./source.ts";

/** An instance of FRR. */
export interface Instance {
  /** The folder of its vty sockets. */
  readonly sockets: string;
  readonly scratches: Scratches;
}

export interface WholePlan extends Plan<FrrStep> {
  readonly desired: FrrDesired;
  readonly before: FrrObserved;
}

/** What would bring FRR to the file; nothing is changed. Rejects with FRR_UNREACHABLE when no daemon answers. */
export async function planWhole(
  file: FrrFile,
  instance: Instance,
  host: Host,
  signal: AbortSignal,
): Promise<WholePlan> {
  const [before] = await Promise.all([
    observeFrr(host, instance.sockets, signal, { dotted: true }),
    Promise.resolve().then(() => readAhead(file, host)),
  ]);
  if (before.version === undefined) {
    throw new Problem("FRR_UNREACHABLE", `No daemon of FRR answers in ${instance.sockets}.`, {
      remedy: "Name the instance: --pathspace or --vty-dir; the user must be root or in the group frrvty.",
      transient: true,
    });
  }
  return planTowards(file, before, instance, host, signal);
}

/** The same of an FRR that is as `against` says, with all daemons; none has to run. */
export async function planBetween(
  file: FrrFile,
  against: FrrFile,
  instance: Pick<Instance, "scratches">,
  host: Host,
  signal: AbortSignal,
): Promise<WholePlan> {
  const profile = readSource(against.text).profile;
  const empty = { version: undefined, running: daemons, config: "", incomplete: [], profile };
  const { config, problems, notes } = await canonicalForm(against, empty, instance.scratches, host, signal);
  const before = { ...empty, config };
  if (problems.length > 0) return { desired: { config }, before, steps: [], foreign: [], problems, notes };
  const plan = await planTowards(file, before, instance, host, signal);
  return { ...plan, notes: [...new Set([...notes, ...plan.notes])] };
}

/** The same where `before` is given. */
async function planTowards(
  file: FrrFile,
  before: FrrObserved,
  instance: Pick<Instance, "scratches">,
  host: Host,
  signal: AbortSignal,
): Promise<WholePlan> {
  const { config, problems, notes } = await canonicalForm(file, before, instance.scratches, host, signal);
  const desired = { config };
  if (problems.length > 0) return { desired, before, steps: [], foreign: [], problems, notes };
  const plan = planFrr(desired, before, [before]);
  return { desired, before, ...plan, notes: [...notes, ...plan.notes] };
}

export type Outcome =
  | { readonly kind: "in-sync" }
  | { readonly kind: "applied"; readonly rounds: number }
  /** `left`: why it is not as before. `others`: what somebody else changed meanwhile, and stays. With neither it reads as before. */
  | {
      readonly kind: "rolled-back";
      readonly why: Problem;
      readonly left: readonly string[];
      readonly others: readonly string[];
    };

/** How often what is read back is brought nearer before it counts as failed. */
const mostRounds = 3;

/**
 * Carries a plan without problems out, reads back, and goes back to what was before where it does not come true. `most`: what
 * somebody else changes meanwhile is changed only as long as that disturbs no more, there and back.
 */
export async function applyWhole(
  plan: WholePlan,
  instance: Instance,
  host: Host,
  signal: AbortSignal,
  most: Impact = "reboot",
): Promise<Outcome> {
  // Also where nothing is to change: a killed client may have left new peers of bgpd waiting for the end of its batch.
  for await (const _ of applyFrr([], host, instance.sockets, signal));
  if (plan.steps.length === 0) return { kind: "in-sync" };
  const isAllowed = ({ impact }: FrrStep): boolean => impacts.indexOf(impact) <= impacts.indexOf(most);
  const allowed = (steps: readonly FrrStep[]): readonly FrrStep[] => {
    const tooMuch = steps.filter((step) => !isAllowed(step));
    if (tooMuch.length === 0) return steps;
    throw new Problem(
      "READ_BACK",
      `What is left to change is ${worstImpact(tooMuch)}, more than ${most}: ${objectsOf(tooMuch)}.`,
      { remedy: "Somebody else changed FRR meanwhile: see `impctl frr diff`." },
    );
  };
  try {
    const { rounds } = await converge(plan.desired, plan, plan.before, [plan.before], instance, host, signal, allowed);
    return { kind: "applied", rounds };
  } catch (thrown) {
    const why = thrown instanceof Problem ? thrown : new Problem("INTERNAL", String(thrown), { cause: thrown });
    const own = new Set(plan.steps.map(({ object }) => object));
    const ours = (steps: readonly FrrStep[]) => steps.filter((step) => own.has(step.object) || isAllowed(step));
    try {
      return { kind: "rolled-back", why, left: [], others: await goBack(plan, instance, host, ours) };
    } catch (failed) {
      const left = [failed instanceof Error ? failed.message : String(failed)];
      return { kind: "rolled-back", why, left, others: [] };
    }
  }
}

/** Also when the user has had enough: what was begun is taken back before anything else. Gives what is not, since it is not `ours`. */
async function goBack(
  { before, desired }: WholePlan,
  instance: Instance,
  host: Host,
  ours: Choose,
): Promise<readonly string[]> {
  const signal = new AbortController().signal;
  // What was broken off in the middle leaves peers waiting, too.
  for await (const _ of applyFrr([], host, instance.sockets, signal));
  const now = await observeFrr(host, instance.sockets, signal, { dotted: true });
  const plan = planFrr(before, now, [now, desired]);
  const first = { ...plan, steps: ours(plan.steps) };
  const { left } = await converge(before, first, now, [now, desired], instance, host, signal, ours);
  return left.map(({ object }) => object);
}

/** Which of the steps that are left are carried out; may throw instead. */
type Choose = (steps: readonly FrrStep[]) => readonly FrrStep[];

function objectsOf(steps: readonly FrrStep[]): string {
  return steps
    .slice(0, 5)
    .map(({ object }) => object)
    .join(", ");
}

/** All daemons that these steps tell something. */
function toldBy(steps: readonly FrrStep[]): ReadonlySet<Daemon> {
  return new Set(steps.flatMap(({ commands }) => commands.flatMap(({ context, line }) => daemonsOf(context, line))));
}

/** How many rounds it took, and what was not chosen. Rejects with READ_BACK when it does not come true. */
async function converge(
  desired: FrrDesired,
  first: Plan<FrrStep>,
  before: FrrObserved,
  owned: readonly FrrDesired[],
  instance: Instance,
  host: Host,
  signal: AbortSignal,
  choose: Choose,
): Promise<{ readonly rounds: number; readonly left: readonly FrrStep[] }> {
  let { steps } = first;
  let observed = before;
  for (let round = 1; ; round += 1) {
    for await (const _ of applyFrr(steps, host, instance.sockets, signal));
    const since = { observed, told: toldBy(steps) };
    observed = await observeFrr(host, instance.sockets, signal, { dotted: true, since });
    const plan = planFrr(desired, observed, [...owned, observed]);
    if (plan.problems[0]) throw plan.problems[0];
    steps = choose(plan.steps);
    if (steps.length === 0) return { rounds: round, left: plan.steps };
    if (round === mostRounds) {
      throw new Problem(
        "READ_BACK",
        `FRR took every line, and ${steps.length} objects read otherwise: ${objectsOf(steps)}.`,
        { remedy: "See `impctl frr diff`; FRR may drop or change these lines by itself." },
      );
    }
  }
}
