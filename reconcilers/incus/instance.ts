/** What is done to one instance, each until Incus is done with it. */
import { Problem } from "../../schemas/problem.ts";
import { base, type Incus, type Sent } from "./api.ts";
import { type Answered, record } from "./http.ts";
import { inTheWay } from "./instance-change.ts";
import {
  dueMark,
  idOf,
  imageMark,
  imageOf,
  type IncusStep,
  type Instance,
  laterMark,
  mark,
  unfinished,
} from "./model.ts";
import { bodyOf, keyOf, pathOf, put } from "./objects.ts";

/** An image that comes over a slow line, and is unpacked. */
const imageMs = 900_000;
/** How long an instance has to end by itself. */
const stopSeconds = 30;

/** How a step goes about it. */
export type Manner = Pick<IncusStep, "isDue" | "spares">;

/** Of an instance while it is made. Incus goes on when nobody waits any more; its record has this from its first moment (CreateInternal). */
const making = { [laterMark]: unfinished, "boot.autostart": "false" };

/** One that is nowhere yet. */
export async function make(incus: Incus, instance: Instance, signal: AbortSignal): Promise<void> {
  const { name, type } = instance;
  const config = { ...instance.config, ...making };
  const body = { ...bodyOf(instance), config, name, type, source: sourceOf(instance) };
  const asked = { method: "POST", path: `${base}/instances`, body, limitMs: imageMs } as const;
  await incus.change({ ...asked, isCancellable: isCancellable(instance) }, signal);
  await finish(incus, instance, signal);
}

/** Makes of one that is there what it is to be; one that was never whole takes no change, and goes before it comes. */
export async function adjust(
  incus: Incus,
  object: Instance,
  there: Answered,
  { isDue, spares }: Manner,
  signal: AbortSignal,
): Promise<void> {
  if (keyOf(there, mark) === undefined) throw inTheWay(object);
  if (keyOf(there, laterMark) === unfinished) {
    await remove(incus, object, signal);
    return make(incus, object, signal);
  }
  const was = keyOf(there, imageMark);
  const isOther = object.config[imageMark] !== was;
  if (isOther && !spares) return rebuild(incus, object, signal);
  const isLater = spares && (isOther || object.type !== there.type);
  const marks = { ...(isDue && { [dueMark]: "1" }), ...(isLater && { [imageMark]: was, [laterMark]: "1" }) };
  await put(incus, object, there, marks, signal);
}

/** Its file system anew from its image. One that ran runs again where Incus refuses that. */
async function rebuild(incus: Incus, instance: Instance, signal: AbortSignal): Promise<void> {
  const path = pathOf(instance);
  const body = { source: sourceOf(instance) };
  const ran = await isUp(incus, instance, signal);
  await stop(incus, instance, signal);
  const asked = { method: "POST", path: `${path}/rebuild`, body, limitMs: imageMs } as const;
  const outcome = await incus.attempt({ ...asked, isCancellable: isCancellable(instance) }, signal);
  if (!("refused" in outcome)) return finish(incus, instance, signal);
  // Why Incus refused it counts, also where the old file system is gone, and nothing starts.
  if (ran) await switchOn(incus, instance, signal).catch(() => undefined);
  throw outcome.refused;
}

/** Last of all: what is interrupted before is done again. */
async function finish(incus: Incus, instance: Instance, signal: AbortSignal): Promise<void> {
  await put(incus, instance, record(await incus.get(pathOf(instance), signal)), {}, signal);
}

/**
 * Only the fetching of an image can be cancelled. Of simplestreams it only seems so: what is cancelled over http goes on over
 * https (GetImageFile), and is listed no more; there it is better waited for.
 */
function isCancellable(instance: Instance): boolean {
  return imageOf(instance)?.protocol === "incus";
}

function sourceOf(instance: Instance): Sent {
  const source = imageOf(instance);
  if (source) return { type: "image", ...(source.server !== undefined && { mode: "pull" }), ...source };
  throw new Problem("INCUS_FOREIGN", `Nobody wrote down what ${idOf(instance)} is made of.`, {
    remedy: "It cannot be made again by impctl.",
  });
}

export async function start(incus: Incus, instance: Instance, { spares }: Manner, signal: AbortSignal): Promise<void> {
  const path = pathOf(instance);
  if ((await statusOf(incus, instance, signal)) === "Stopped") {
    await switchOn(incus, instance, signal);
  }
  const there = record(await incus.get(path, signal));
  if (keyOf(there, dueMark) !== undefined) await adjust(incus, instance, there, spares ? { spares } : {}, signal);
}

async function switchOn(incus: Incus, instance: Instance, signal: AbortSignal): Promise<void> {
  await incus.change({ method: "PUT", path: `${pathOf(instance)}/state`, body: { action: "start" } }, signal);
}

/** What another boot environment may still need does not run, and stays. */
export async function leave(incus: Incus, instance: Instance, signal: AbortSignal): Promise<void> {
  await stop(incus, instance, signal);
  const there = record(await incus.get(pathOf(instance), signal));
  const { profiles, devices, description, architecture } = there;
  const later = keyOf(there, laterMark) ?? "1";
  const config = { ...record(there.config), [laterMark]: later, "boot.autostart": "false" };
  const body = { profiles, devices, description, architecture, config };
  await incus.change({ method: "PUT", path: pathOf(instance), body }, signal);
}

/** With its own file system; one that is not there is none. */
export async function remove(incus: Incus, instance: Instance, signal: AbortSignal): Promise<void> {
  await stop(incus, instance, signal);
  if ((await statusOf(incus, instance, signal)) === undefined) return;
  await incus.change({ method: "DELETE", path: pathOf(instance) }, signal);
}

/** What does not end by itself in time is ended. */
export async function stop(incus: Incus, instance: Instance, signal: AbortSignal): Promise<void> {
  const path = `${pathOf(instance)}/state`;
  if (!(await isUp(incus, instance, signal))) return;
  const gently = { action: "stop", timeout: stopSeconds };
  await incus.change({ method: "PUT", path, body: gently }, signal).catch((thrown: unknown) => {
    signal.throwIfAborted();
    if (!(thrown instanceof Problem) || thrown.code !== "INCUS_REFUSED") throw thrown;
  });
  if (!(await isUp(incus, instance, signal))) return;
  await incus.change({ method: "PUT", path, body: { action: "stop", force: true } }, signal);
}

async function isUp(incus: Incus, instance: Instance, signal: AbortSignal): Promise<boolean> {
  return !["Stopped", undefined].includes(await statusOf(incus, instance, signal));
}

/** undefined: there is no such instance. */
async function statusOf(incus: Incus, instance: Instance, signal: AbortSignal): Promise<string | undefined> {
  const { status } = record(await incus.get(pathOf(instance), signal));
  return typeof status === "string" ? status : undefined;
}
