/**
 * Carries steps out, one by one, each until Incus is done with it. Each makes of whatever is there what it is to be: what an
 * interrupted plan left half done, or storage of an earlier boot environment brought along, is no obstacle.
 */
import { Problem } from "../../schemas/problem.ts";
import type { Host } from "../core.ts";
import { base, type Incus, openIncus } from "./api.ts";
import { type Answered, record } from "./http.ts";
import { adjust, leave, make, type Manner, remove as removeInstance, start, stop } from "./instance.ts";
import { type IncusObject, type IncusStep, mark, type Pool } from "./model.ts";
import { bodyOf, keyOf, pathOf, put } from "./objects.ts";
import { isBroughtAlong, takeOver } from "./take-over.ts";

export async function* applyIncus(
  steps: readonly IncusStep[],
  host: Host,
  socket: string,
  signal: AbortSignal,
): AsyncIterable<IncusStep> {
  const incus = openIncus(host, socket);
  for (const step of steps) {
    signal.throwIfAborted();
    await carryOut(incus, step, signal);
    yield step;
  }
}

async function carryOut(incus: Incus, step: IncusStep, signal: AbortSignal): Promise<void> {
  const { kind, object } = step;
  const isEnding = kind === "stop" || kind === "leave" || kind === "remove";
  if (object.kind === "instance") await incus.quiet(pathOf(object), isEnding, signal);
  if (kind === "remove") return remove(incus, object, signal);
  if (kind === "add" && object.kind === "pool") return makePool(incus, object, step, signal);
  if (kind === "add" || kind === "set" || kind === "rebuild") return bring(incus, object, step, signal);
  if (object.kind !== "instance") throw new Problem("INTERNAL", `A ${object.kind} cannot ${kind}.`);
  if (kind === "leave") return leave(incus, object, signal);
  if (kind !== "start") await stop(incus, object, signal);
  if (kind !== "stop") await start(incus, object, step, signal);
}

async function remove(incus: Incus, object: IncusObject, signal: AbortSignal): Promise<void> {
  if (object.kind === "instance") return removeInstance(incus, object, signal);
  const path = pathOf(object);
  if ((await incus.get(path, signal)) === undefined) return;
  await incus.change({ method: "DELETE", path }, signal);
}

/** Makes it, or makes of what is there what it is to be. */
async function bring(incus: Incus, object: IncusObject, manner: Manner, signal: AbortSignal): Promise<void> {
  const there = await incus.get(pathOf(object), signal);
  if (object.kind === "pool") return;
  if (there !== undefined) return bringThere(incus, object, record(there), manner, signal);
  if (await isBroughtAlong(incus, object, signal)) {
    return bringThere(incus, object, record(await incus.get(pathOf(object), signal)), manner, signal);
  }
  if (object.kind === "instance") return make(incus, object, signal);
  const path = pathOf(object).replace(/\/[^/]+$/, "");
  await incus.change({ method: "POST", path, body: bodyOf(object) }, signal);
}

/** Makes of one that is there what it is to be. */
async function bringThere(
  incus: Incus,
  object: Exclude<IncusObject, Pool>,
  there: Answered,
  manner: Manner,
  signal: AbortSignal,
): Promise<void> {
  if (object.kind === "instance") return adjust(incus, object, there, manner, signal);
  await put(incus, object, there, {}, signal);
}

/**
 * A pool that an Incus of another boot environment made has what instances and data there are: it is taken over as it is, with
 * them. What they need besides comes before (the network), or is made empty here, and right by a later step (profiles).
 */
async function makePool(
  incus: Incus,
  object: Pool,
  { going = [], spares }: Pick<IncusStep, "going" | "spares">,
  signal: AbortSignal,
): Promise<void> {
  if ((await incus.get(pathOf(object), signal)) !== undefined) return;
  const { name, driver, source } = object;
  const pool = { name, driver, description: "", config: { source } };
  try {
    await incus.change({ method: "POST", path: `${base}/storage-pools`, body: pool }, signal);
  } catch (thrown) {
    signal.throwIfAborted();
    if (!(thrown instanceof Problem) || !/isn't empty/.test(thrown.message)) throw thrown;
    await takeOver(incus, { pools: [pool] }, signal);
    for (const instance of going) {
      const there = await incus.get(pathOf(instance), signal);
      if (there === undefined || keyOf(record(there), mark) === undefined) continue;
      await (spares ? leave(incus, instance, signal) : remove(incus, instance, signal));
    }
  }
}
