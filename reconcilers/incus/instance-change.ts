/** What one instance takes to be as it is to be, and what becomes of one that nobody asks for. Pure. */
import { Problem } from "../../schemas/problem.ts";
import type { Impact } from "../core.ts";
import { changesOf, imageText } from "./describe.ts";
import { imageMark, imageOf, type IncusStep, type Instance, isMarked, type LiveObject } from "./model.ts";
import { type Part, step } from "./steps.ts";

/** Of what makes an end of a file system, also of an instance that does not run: it is not to pass for nothing. */
const losing: Impact = "flap";

/** One that is asked for, beside what is there. */
export function instanceChange(instance: Instance, live: LiveObject | undefined, spares: boolean): Part {
  const before = live?.object;
  const part = { steps: [], problems: [], notes: [] };
  const start = instance.running ? [step("start", instance, "hitless")] : [];
  if (before?.kind !== "instance") return { ...part, steps: [step("add", instance, "hitless"), ...start] };
  if (isMarked(instance) && !isMarked(before)) return { ...part, problems: [inTheWay(instance)] };
  const isAnother = isOfOther(before, instance);
  const isOther = before.type !== instance.type || isAnother;
  if (isOther && spares && !live?.isUnfinished) return { ...part, ...spared(before, instance, live) };
  if (before.type !== instance.type || live?.isUnfinished) {
    const steps = [step("remove", before, losing), step("add", instance, "hitless"), ...start];
    return { ...part, steps: finishing(live?.isLater, steps), notes: [lost(instance)] };
  }
  if (isAnother) {
    const steps = [step("rebuild", instance, losing, [imageText(imageOf(instance))]), ...start];
    return { ...part, steps: finishing(live?.isLater, steps), notes: [lost(instance)] };
  }
  const steps = inPlace(before, instance, live?.isDue === true);
  // What is set has the mark no more.
  if (!live?.isLater || steps.some(({ kind }) => kind === "set")) return { ...part, steps };
  return { ...part, steps: [...finishing(true, [step("set", instance, "hitless", ["stays as it is"])]), ...steps] };
}

/** Of what nobody wrote down nobody knows whether it is the same. */
function isOfOther(before: Instance, after: Instance): boolean {
  const [was, will] = [before.config[imageMark], after.config[imageMark]];
  return will !== undefined && was !== will;
}

function lost({ name }: Instance): string {
  return `Instance ${name} is made anew: what it has outside of its data volumes is gone for good.`;
}

/** All but its file system is as it is to be; the step says what is wanted, and who carries it out leaves that out. */
function spared(before: Instance, instance: Instance, live: LiveObject | undefined): Pick<Part, "steps" | "notes"> {
  const { [imageMark]: _, ...rest } = instance.config;
  const was = before.config[imageMark];
  const meanwhile = {
    ...instance,
    type: before.type,
    config: { ...rest, ...(was !== undefined && { [imageMark]: was }) },
  };
  const steps = inPlace(before, meanwhile, live?.isDue === true);
  const isMarkedNow = live?.isLater === true || steps.some(({ kind }) => kind === "set");
  return {
    steps: [
      ...(isMarkedNow ? [] : [step("set", instance, "hitless", ["to be made anew"])]),
      ...steps.map((one) => ({ ...one, object: instance })),
    ],
    notes: [
      `Instance ${instance.name} goes on with the file system that it has, and is made anew once this is committed.`,
    ],
  };
}

function inPlace(before: Instance, after: Instance, isDue: boolean): readonly IncusStep[] {
  const changes = changesOf(before, after);
  const isDevice = changes.some((change) => /\bdevice |^profiles /.test(change));
  const goesOn = before.running && after.running;
  const restarts = goesOn && (isDue || needsRestart(before, after));
  const set = step("set", after, isDevice && before.running ? "flap" : "hitless", changes);
  return [
    ...(changes.length === 0 ? [] : [restarts ? { ...set, isDue: true as const } : set]),
    ...(restarts ? [step("restart", after, "flap")] : []),
    ...(before.running && !after.running ? [step("stop", after, "flap")] : []),
    ...(!before.running && after.running ? [step("start", after, "hitless")] : []),
  ];
}

/** Keys that count at once; others count when the instance starts. */
const live = /^(limits|user|boot|snapshots|environment|cluster)\./;

function needsRestart({ config: before }: Instance, { config: after }: Instance): boolean {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return keys.some((key) => before[key] !== after[key] && !live.test(key));
}

/** What becomes of one that nobody asks for any more; nothing of other kinds. */
export function leaving({ object, isLater, isUnfinished }: LiveObject, spares: boolean): Pick<Part, "steps" | "notes"> {
  if (object.kind !== "instance") return { steps: [], notes: [] };
  const { name, running } = object;
  if (!spares || isUnfinished) {
    const notes = [`What instance ${name} has outside of its data volumes is gone for good.`];
    return { steps: finishing(isLater, [step("remove", object, losing)]), notes };
  }
  const steps = running || !isLater ? [step("leave", object, running ? "flap" : "hitless")] : [];
  return { steps, notes: [`Instance ${name} is stopped, and goes once this is committed.`] };
}

/** What was left to be done is nobody's change. */
function finishing(isLater: true | undefined, steps: readonly IncusStep[]): readonly IncusStep[] {
  return isLater ? steps.map((one) => ({ ...one, renews: true })) : steps;
}

/** What somebody else made is not taken. */
export function inTheWay({ name }: Instance): Problem {
  return new Problem("INCUS_FOREIGN", `An instance ${name} is there, and was not made by impctl.`, {
    remedy: `Rename it (incus rename ${name} …), or hand it over: incus config set ${name} user.imp=1, which makes it anew from its image.`,
  });
}
