/** All planes as one: observe and plan each, carry out their plans as one plan. */
import {
  worstImpact,
  type Host,
  type Impact,
  type Plan,
  type PlaneName,
  type Reconciler,
  type Step,
} from "../reconcilers/core.ts";
import type { Desired } from "../reconcilers/generation.ts";
import { unsaid as incusUnsaid } from "../reconcilers/incus/model.ts";
import { isDescribed, undescribed } from "../reconcilers/system/model.ts";
import { unitsOf } from "../reconcilers/system/plan.ts";
import { unsaid } from "../reconcilers/vpp/model.ts";
import { Problem, type ProblemCode } from "../schemas/problem.ts";
import { canonicalJson } from "./canonical-json.ts";
import { runsOf, unmetNeeds } from "./runs.ts";

/** One reconciler for each plane that a generation describes. */
export type Reconcilers = { readonly [P in keyof Desired]: Reconciler<Desired[P], unknown> };

/** The one of a plane that is not named until it runs: its desired state is that plane's, which no type can tell then. */
export function reconcilerOf(reconcilers: Reconcilers, plane: keyof Desired): Reconciler<unknown, unknown> {
  return reconcilers[plane];
}

export type Plans = { readonly [P in keyof Desired]: Plan };

/** What is there, and what would bring it to the desired state. */
export interface Survey {
  readonly plans: Plans;
  /** Of all planes, in the order in which they are carried out. */
  readonly steps: readonly Step[];
  readonly worstImpact: Impact | undefined;
  readonly foreign: number;
  readonly problems: readonly Problem[];
  /** What was observed, as a desired state, where the planes can say so; nothing of a plane that was not asked. */
  readonly before: Desired;
  /** What is desired of the planes that try it before they plan, as they show it. */
  readonly shown: Partial<Desired>;
  /** What ran of each plane, asked before it was observed; nothing of a plane that cannot say. */
  readonly incarnations: Incarnations;
}

/** Names what runs of a plane: it changes when the plane starts anew. */
export type Incarnations = Readonly<Partial<Record<PlaneName, string>>>;

/** Nothing at all: what an appliance looks like on which nothing was ever committed. */
export const emptyDesired: Desired = { system: undescribed, vpp: unsaid, frr: { config: "" }, incus: incusUnsaid };

/** What an agent wrote down that did not know all planes. */
export function completed(desired: Partial<Desired>): Desired {
  return { ...emptyDesired, ...desired };
}

/** `desired`, but for planes of which `by` says nothing: of those what `otherwise` says. */
export function whereSaid(by: Desired, desired: Desired, otherwise: Desired): Desired {
  return {
    ...desired,
    ...(!isDescribed(by.system) && { system: otherwise.system }),
    ...(Object.keys(by.vpp).length === 0 && { vpp: otherwise.vpp }),
    ...(by.incus.objects === undefined && { incus: otherwise.incus }),
  };
}

/** Every plane that there is; what uses a plane comes after it. */
export const planeNames = ["system", "vpp", "frr", "incus"] as const satisfies readonly (keyof Desired & PlaneName)[];

/**
 * The same planes, which ask no stand-in before they plan: for the way back to what was proven. One that hangs, or does not
 * take any more what is committed, must not be in its way.
 */
export function untried(reconcilers: Reconcilers): Reconcilers {
  const without = planeNames.map((plane) => [plane, { ...reconcilers[plane], rehearse: undefined }]);
  return Object.fromEntries(without) as Reconcilers;
}

/** Observes planes, all unless told otherwise, and plans. Rejects with a Problem when a plane cannot be observed. */
export async function survey(
  reconcilers: Reconcilers,
  host: Host,
  desired: Desired,
  owned: readonly Desired[],
  signal: AbortSignal,
  only: readonly PlaneName[] = planeNames,
): Promise<Survey> {
  const plans: Partial<Record<PlaneName, Plan>> = {};
  const before: Partial<Desired> = {};
  const shown: Partial<Desired> = {};
  // What starts in between counts as having lost what is missing.
  const incarnations = await incarnationsOf(reconcilers, host, signal);
  for (const plane of planeNames) {
    if (!only.includes(plane)) {
      plans[plane] = nothingElse;
      Object.assign(before, { [plane]: emptyDesired[plane] });
      continue;
    }
    const reconciler = reconcilerOf(reconcilers, plane);
    const observed = await reconciler.observe(host, signal);
    const rehearse = (one: unknown) =>
      reconciler.rehearse?.(one, observed, host, signal) ?? { desired: one, problems: [], notes: [] };
    const tried = await rehearse(desired[plane]);
    if (reconciler.rehearse && tried.problems.length === 0) Object.assign(shown, { [plane]: tried.desired });
    const ours: unknown[] = [];
    for (const one of owned) ours.push((await rehearse(one[plane])).desired);
    const plan = reconciler.plan(tried.desired, observed, ours);
    const { problems, notes } = plan;
    plans[plane] = { ...plan, problems: [...tried.problems, ...problems], notes: [...tried.notes, ...notes] };
    const seen = reconciler.asDesired?.(observed);
    Object.assign(before, { [plane]: seen ?? emptyDesired[plane] });
  }
  const starting = unitsOf(plans.system?.steps ?? []);
  if (starting.includes("frr.service")) plans.frr = without(plans.frr, ["FRR_DAEMON_MISSING"]);
  if (starting.some((unit) => unit.startsWith("vpp-")))
    plans.vpp = without(plans.vpp, ["VPP_UNREACHABLE", "VPP_INTERFACE"]);
  const checked = withUnmet(reconcilers, plans as Plans);
  const all = Object.values(checked);
  const steps = inOrder(checked);
  return {
    plans: checked,
    steps,
    worstImpact: worstImpact(steps),
    foreign: all.reduce((sum, plan) => sum + plan.foreign.length, 0),
    problems: all.flatMap((plan) => plan.problems),
    before: before as Desired,
    shown,
    incarnations,
  };
}

/** What runs of each plane now. */
export async function incarnationsOf(reconcilers: Reconcilers, host: Host, signal: AbortSignal): Promise<Incarnations> {
  const incarnations: Partial<Record<PlaneName, string>> = {};
  for (const plane of planeNames) {
    const name = await reconcilers[plane].incarnation?.(host, signal).catch(() => undefined);
    if (name !== undefined) incarnations[plane] = name;
  }
  return incarnations;
}

/** What does not run yet, or lacks a NIC, is in nobody's way: it starts before this plan is looked at again. */
function without(plan: Plan | undefined, codes: readonly ProblemCode[]): Plan {
  const { problems, ...rest } = plan ?? nothingElse;
  return { ...rest, problems: problems.filter(({ code }) => !codes.includes(code)) };
}

/** Names all that ran of the planes that forward; undefined: nobody can tell. */
export function running({ vpp, frr }: Incarnations): string | undefined {
  return vpp === undefined ? frr : `${frr ?? ""} ${vpp}`;
}

/** What a step would not find is a problem of its plane, unless a restart makes all of it anew, and it is planned again. */
function withUnmet(reconcilers: Reconcilers, plans: Plans): Plans {
  if (restarts({ plans })) return plans;
  const checked = { ...plans };
  for (const { plane, step, need } of unmetNeeds(planeNames, plans)) {
    const what = `${plane}: "${reconcilers[plane].describe(step)}" needs ${need.replace(":", " ")}`;
    const problem = new Problem("UNMET", `${what}, which is not there and which no step makes.`, {
      remedy: "See `impctl plan`: what was to make it may have been removed, or be left to somebody else.",
    });
    checked[plane] = { ...checked[plane], problems: [...checked[plane].problems, problem] };
  }
  return checked;
}

function inOrder(plans: Plans): readonly Step[] {
  return runsOf(planeNames, plans).flatMap(({ steps }) => steps);
}

/** Whether other planes start anew by it, and may have lost what was observed of them. */
export function restarts({ plans }: Pick<Survey, "plans">): boolean {
  return isRestarted(plans.system) || plans.vpp.steps.some(({ kind }) => kind === "restart");
}

function isRestarted({ steps }: Plan): boolean {
  return steps.some(({ impact }) => impact === "restart");
}

/** The first part of it, after which it is to be planned again where it restarts something. */
export function beforeLookingAgain(survey: Survey): Survey {
  // What is to start anew need not be changed before.
  return isRestarted(survey.plans.system) ? limitedTo(survey, ["system"]) : survey;
}

const nothingElse: Plan = { steps: [], foreign: [], problems: [], notes: [] };

/** The part of it that is about these planes; of the others nothing is to be done, whatever was seen there. */
export function limitedTo(survey: Survey, only: readonly PlaneName[]): Survey {
  const parts = planeNames.map((plane) => {
    const { foreign } = survey.plans[plane];
    return [plane, only.includes(plane) ? survey.plans[plane] : { ...nothingElse, foreign }] as const;
  });
  const incarnations = Object.entries(survey.incarnations).filter(([plane]) => only.includes(plane as PlaneName));
  const plans = Object.fromEntries(parts) as unknown as Plans;
  const steps = inOrder(plans);
  return {
    ...survey,
    plans,
    steps,
    worstImpact: worstImpact(steps),
    problems: parts.flatMap(([, plan]) => plan.problems),
    incarnations: Object.fromEntries(incarnations),
  };
}

/**
 * An Incus that cannot be asked stands in nobody's way whose candidate asks of it what is committed: nothing is done there, and
 * the plan says so.
 */
export function leavingIncus(survey: Survey, candidate: Desired, committed: Desired | undefined): Survey {
  const { problems, notes, ...plan } = survey.plans.incus;
  const silent = problems.find(({ code }) => code === "INCUS_UNREACHABLE");
  const isSame = committed !== undefined && canonicalJson(candidate.incus) === canonicalJson(committed.incus);
  if (!silent || !isSame) return survey;
  const others = problems.filter((problem) => problem !== silent);
  const note = `${silent.message} What is asked of it does not change: nothing is done there.`;
  const plans = { ...survey.plans, incus: { ...plan, problems: others, notes: [...notes, note] } };
  return { ...survey, plans, problems: Object.values(plans).flatMap((one) => one.problems) };
}

/** The same, in a boot environment on trial: nothing ends that the one which a reset comes back to shares with it. */
export function sparing(desired: Desired): Desired {
  return { ...desired, incus: { ...desired.incus, spares: true } };
}

export interface Carrying {
  /** Resolves once the run is journalled; it begins then. */
  readonly started: (plane: keyof Desired, steps: readonly Step[]) => Promise<void>;
  readonly done: (plane: keyof Desired, step: Step) => void;
}

/** Carries out a survey's plans, run by run. Rejects with a Problem at the first step that cannot be done. */
export async function carryOut(
  reconcilers: Reconcilers,
  host: Host,
  { plans }: Survey,
  { started, done }: Carrying,
  signal: AbortSignal,
): Promise<void> {
  for (const { plane, steps } of runsOf(planeNames, plans)) {
    await started(plane, steps);
    for await (const step of reconcilers[plane].apply(steps, host, signal)) {
      signal.throwIfAborted();
      done(plane, step);
    }
  }
}

/** Lets go of what an interrupted apply may hold in these planes: with no steps to carry out, each only tidies up. */
export async function letGo(
  reconcilers: Reconcilers,
  host: Host,
  planes: readonly PlaneName[],
  signal: AbortSignal,
): Promise<void> {
  for (const plane of planeNames) {
    if (!planes.includes(plane)) continue;
    for await (const step of reconcilers[plane].apply([], host, signal)) void step;
  }
}

/** A READ_BACK Problem when something is left to do after everything was done, else undefined. */
export function leftover(reconcilers: Reconcilers, after: Survey): Problem | undefined {
  const [problem] = after.problems;
  if (problem) return problem;
  const left = planeNames.flatMap((plane) =>
    after.plans[plane].steps.map((step) => `${plane}: ${reconcilers[plane].describe(step)}`),
  );
  if (left.length === 0) return undefined;
  const more = left.length > 3 ? ` and ${left.length - 3} more` : "";
  return new Problem("READ_BACK", `After applying, this is still to be done: ${left.slice(0, 3).join("; ")}${more}.`, {
    remedy: "Compare the plan with what the plane shows; somebody may be changing it at the same time.",
  });
}

/** Every step of a survey's plans as people read it, in the order in which they are carried out. */
export function described(reconcilers: Reconcilers, { plans }: Survey): readonly string[] {
  return runsOf(planeNames, plans).flatMap(({ plane, steps }) =>
    steps.map((step) => `${plane} ${step.impact} ${reconcilers[plane].describe(step)}`),
  );
}

/** The planes that a survey's plans touch. */
export function planesTouched({ plans }: Survey): readonly PlaneName[] {
  return planeNames.filter((plane) => plans[plane].steps.length > 0);
}
