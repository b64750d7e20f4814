/**
 * Carries out steps as fast as VPP takes them, and no further than the first that it refuses. A step goes out without waiting
 * for those before it as long as all that it mentions is known: VPP handles what it is sent in that order.
 */
import { Problem } from "../../schemas/problem.ts";
import { describeStep } from "./describe.ts";
import { isRemembered, type Remembered } from "./memory.ts";
import type { ObjectStep, VppObject } from "./model.ts";
import { UnderWay } from "./under-way.ts";
import type { Target } from "./wire/kind.ts";
import { goesAlone, keyOf, mentioned } from "./wire/needs.ts";
import { writerOf } from "./wire/writers.ts";

/** An instance that steps are carried out on. */
export interface Workplace extends Target {
  readonly remembered: Remembered;
  /** Writes down what is remembered. */
  readonly save: () => Promise<void>;
}

/**
 * How many steps may be under way: what the replies of more would take has to be kept on both sides. VPP answers each by itself:
 * once there are that many, half of them are awaited, so that the next ones go out together.
 */
const window = 512;

/**
 * Yields each step once VPP has accepted all that it means. Rejects with the Problem of the first that is not, once nothing is
 * under way any more; some of what was sent after it may be done then.
 */
export async function* carryOut(
  steps: readonly ObjectStep[],
  placeOf: (step: ObjectStep) => Workplace,
  signal: AbortSignal,
): AsyncIterable<ObjectStep> {
  const underWay = new UnderWay<ObjectStep>();
  await beginRoutes(steps, placeOf);
  let sent = 0;
  try {
    for (const step of steps) {
      signal.throwIfAborted();
      const isAlone = goesAlone(step);
      if (isAlone || underWay.isRefused) yield* underWay.finish(underWay.length);
      const mostly = underWay.length >= window ? window / 2 : 0;
      yield* underWay.finish(Math.max(mostly, underWay.until(namesIn(step))));
      underWay.add(step, madeBy(step), carryOutOne(step, placeOf(step)));
      sent += 1;
      if (isAlone) yield* underWay.finish(1);
    }
    yield* underWay.finish(underWay.length);
  } finally {
    await underWay.rest();
    for (const step of steps.slice(sent)) leaveRoute(step, placeOf(step));
  }
}

/** Has routes remembered as begun, should nobody come back: what VPP has of one that linux-cp has as well is not to be seen. */
async function beginRoutes(steps: readonly ObjectStep[], placeOf: (step: ObjectStep) => Workplace): Promise<void> {
  const places = new Set<Workplace>();
  for (const step of steps) {
    const object = step.after ?? step.before;
    if (object?.kind !== "route" || !isRemembered(object)) continue;
    placeOf(step).remembered.begin(object);
    places.add(placeOf(step));
  }
  for (const { save } of places) await save();
}

/** Has it remembered as it was. */
function leaveRoute({ before, after }: ObjectStep, { remembered }: Workplace): void {
  if ((after ?? before)?.kind === "route") remembered.note(after, before);
}

/** By instance: two of them may have things of one name. */
function namesIn({ instance, before, after }: ObjectStep): readonly string[] {
  return [before, after].flatMap((object) => {
    if (object === undefined) return [];
    const own = keyOf(object);
    return [...mentioned(object), ...(own === undefined ? [] : [own])].map((key) => `${instance} ${key}`);
  });
}

function madeBy({ instance, after }: ObjectStep): string | undefined {
  const key = after && keyOf(after);
  return key === undefined ? undefined : `${instance} ${key}`;
}

async function carryOutOne(step: ObjectStep, place: Workplace): Promise<void> {
  const { before, after } = step;
  if (after?.kind === "raw") {
    place.remembered.begin(after);
    await place.save();
  }
  try {
    await send(before, after, place);
  } catch (thrown) {
    if (!(thrown instanceof Problem)) throw thrown;
    if (thrown.code === "VPP_REFUSED") {
      // What its undo took back is not there; what the undo of the one before left is nobody's.
      if (after?.kind === "raw") place.remembered.note(after, undefined);
      leaveRoute(step, place);
    }
    throw about(step, thrown);
  }
  place.remembered.note(before, after);
  if (isOnlyRemembered(after ?? before)) await place.save();
}

/** Of a prefix VPP shows at least what is left, and most routes. */
function isOnlyRemembered(object: VppObject | undefined): boolean {
  if (object === undefined || object.kind === "advertised-prefix" || object.kind === "route") return false;
  return isRemembered(object);
}

function send(before: VppObject | undefined, after: VppObject | undefined, to: Target): Promise<unknown> {
  if (after === undefined) return before === undefined ? Promise.resolve() : writerOf(before.kind).remove(before, to);
  if (before === undefined) return writerOf(after.kind).add(after, to);
  const writer = writerOf(after.kind);
  if (writer.set && before.kind === after.kind) return writer.set(before, after, to);
  return Promise.all([writerOf(before.kind).remove(before, to), writer.add(after, to)]);
}

/** The refusal, as one of this step. */
function about(step: ObjectStep, problem: Problem): Problem {
  return new Problem(problem.code, `${describeStep(step)}: ${problem.message}`, {
    ...(problem.remedy !== undefined && { remedy: problem.remedy }),
    transient: problem.transient,
    cause: problem,
  });
}
