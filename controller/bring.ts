/** Brings the planes to a desired state and reads back: the part that deploying, committing and rolling back share. */
import { worstImpact, type PlaneName, type Step } from "../reconcilers/core.ts";
import type { Desired } from "../reconcilers/generation.ts";
import { Problem } from "../schemas/problem.ts";
import type { Appliance } from "./appliance.ts";
import { inFlight, type Deployment, type Run, type State } from "./machine.ts";
import {
  beforeLookingAgain,
  carryOut,
  leftover,
  limitedTo,
  planeNames,
  restarts,
  sparing,
  survey,
  type Survey,
} from "./planes.ts";
import type { StepNews } from "./report/observer.ts";
import { retryTransient } from "./retry.ts";

const retries = 3;
const pauseMs = 2000;
/** One for what reads its files, one for a VPP that gives something back only by that: what is left then is not brought by more. */
const mostRestarts = 2;

/**
 * Plans and carries out until there is nothing left that a second try could help with. `planned`: what to begin with; `only`: of
 * the planes that the deployment is about these.
 */
export async function bringTo(
  { host, reconcilers, progress, listener, failsafe, witness }: Appliance,
  desired: Desired,
  owned: readonly Desired[],
  signal: AbortSignal,
  { planned, only = planeNames }: { readonly planned?: Survey; readonly only?: readonly PlaneName[] } = {},
): Promise<void> {
  let first = planned;
  const { asked, about } = concerned(progress.state(), only);
  const wanted = mustBeInFlight(progress.state()).trial ? sparing(desired) : desired;
  const observed = async (): Promise<Survey> =>
    limitedTo(await survey(reconcilers, host, wanted, owned, signal, asked), about);
  await retryTransient(host, { retries, pauseMs, signal }, async () => {
    const plan = first ?? (await observed());
    witness.saw(progress.state().at, plan.before, asked);
    first = undefined; // a second try observes anew: the first may have done part of it
    const [problem] = plan.problems;
    if (problem) throw problem;
    const news = (plane: keyof Desired, step: Step): StepNews => ({
      impact: step.impact,
      text: reconcilers[plane].describe(step),
    });
    const started = async (plane: keyof Desired, steps: readonly Step[]): Promise<void> => {
      const deployment = mustBeInFlight(progress.state());
      // I2. On the way back a record that cannot be written must not keep anybody from going.
      if (progress.state().at !== "rolling-back") failsafe.mustBeArmed(deployment);
      const told = steps.map((step) => news(plane, step));
      await progress.move({ type: "run-started", run: toldRun(plane, steps, told) });
      listener.event({ type: "run-started", plane, steps: told });
    };
    const done = (plane: keyof Desired, step: Step): void => progress.stepDone(plane, news(plane, step));
    const carrying = { started, done };
    let next = plan;
    for (let again = 0; again < mostRestarts && restarts(next); again += 1) {
      await carryOut(reconcilers, host, beforeLookingAgain(next), carrying, signal);
      next = await lookedAgain();
    }
    await carryOut(reconcilers, host, next, carrying, signal);
  });
  /** What a restart left of the other planes. Rejects with what is in their way, which may pass. */
  async function lookedAgain(): Promise<Survey> {
    const plan = await observed();
    const [problem] = plan.problems;
    if (problem) throw problem;
    return plan;
  }
}

/** Of a long run the history tells only the first steps. */
const toldSteps = 100;

function toldRun(plane: keyof Desired, steps: readonly Step[], told: readonly StepNews[]): Run {
  const does = told.slice(0, toldSteps).map(({ text }) => text);
  return { plane, steps: steps.map(({ id }) => id), impact: worstImpact(steps) ?? "hitless", does };
}

/** Observes and plans again: that must be empty, else it rejects with READ_BACK. Resolves with what was seen. */
export async function readBack(
  { host, reconcilers, progress, witness }: Appliance,
  desired: Desired,
  owned: readonly Desired[],
  signal: AbortSignal,
  only: readonly PlaneName[] = planeNames,
): Promise<Survey> {
  const { asked, about } = concerned(progress.state(), only);
  const wanted = mustBeInFlight(progress.state()).trial ? sparing(desired) : desired;
  const after = limitedTo(await survey(reconcilers, host, wanted, owned, signal, asked), about);
  witness.saw(progress.state().at, after.before, asked);
  const left = leftover(reconcilers, after);
  if (left) throw left;
  return after;
}

/**
 * What a correction leaves alone stays as it is, also on the way back: somebody changed that by hand. An Incus in which nothing
 * is changed is not asked: no other plane depends on it.
 */
function concerned(
  state: State,
  only: readonly PlaneName[],
): { readonly asked: readonly PlaneName[]; readonly about: readonly PlaneName[] } {
  const deployment = mustBeInFlight(state);
  const { purpose, planes } = deployment;
  const asked = only.filter((plane) => plane !== "incus" || asksIncus(deployment));
  return { asked, about: purpose === "correct" ? asked.filter((plane) => planes.includes(plane)) : asked };
}

/** Whether a deployment changes something in Incus, or may: in a trial another Incus runs. */
export function asksIncus({ planes, trial }: Pick<Deployment, "planes" | "trial">): boolean {
  return trial !== undefined || planes.includes("incus");
}

/** The deployment in flight; a state without one is a fault of the engine. */
export function mustBeInFlight(state: State): Deployment {
  const deployment = inFlight(state);
  if (!deployment) throw new Problem("INTERNAL", `No deployment is in flight while ${state.at}.`);
  return deployment;
}
