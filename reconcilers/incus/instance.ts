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

/**
 * Of an instance while it is made. Incus goes on when nobody waits any more; its record has what was sent from its first moment
 * (CreateInternal), and after a rebuild again what it had when that was asked for (rebuildCommon).
 */
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

/** Makes of one that is there what it is to be. */
export async function adjust(
  incus: Incus,
  object: Instance,
  there: Answered,
  { isDue, spares }: Manner,
  signal: AbortSignal,
): Promise<void> {
  if (keyOf(there, mark) === undefined) throw inTheWay(object);
  const was = keyOf(there, imageMark);
  const isUnfinished = keyOf(there, laterMark) === unfinished && imageOf(object) !== undefined;
  const isOther = object.config[imageMark] !== was || isUnfinished;
  if (isOther && (!spares || isUnfinished)) return rebuild(incus, object, signal);
  const isLater = spares && (isOther || object.type !== there.type);
  const marks = { ...(isDue && { [dueMark]: "1" }), ...(isLater && { [imageMark]: was, [laterMark]: "1" }) };
  await put(incus, object, there, marks, signal);
}

/** Of an instance that is there only these keys; undefined: it is not to have one. */
async function remark(
  incus: Incus,
  instance: Instance,
  { profiles, devices, description, architecture, config }: Answered,
  keys: Sent,
  signal: AbortSignal,
): Promise<void> {
  const body = { profiles, devices, description, architecture, config: { ...record(config), ...keys } };
  await incus.change({ method: "PUT", path: pathOf(instance), body }, signal);
}

/** Its file system anew from its image. */
async function rebuild(incus: Incus, instance: Instance, signal: AbortSignal): Promise<void> {
  const path = pathOf(instance);
  const body = { source: sourceOf(instance) };
  await stop(incus, instance, signal);
  const there = record(await incus.get(path, signal));
  await remark(incus, instance, there, making, signal);
  const asked = { method: "POST", path: `${path}/rebuild`, body, limitMs: imageMs } as const;
  const outcome = await incus.attempt({ ...asked, isCancellable: isCancellable(instance) }, signal);
  if (!("refused" in outcome)) return finish(incus, instance, signal);
  const now = record(await incus.get(path, signal));
  if (await hasRoot(incus, instance, now, signal)) {
    const before = Object.fromEntries(Object.keys(making).map((key) => [key, keyOf(there, key)]));
    await remark(incus, instance, now, before, signal);
  }
  throw outcome.refused;
}

/** Last of all: what is interrupted before is done again. */
async function finish(incus: Incus, instance: Instance, signal: AbortSignal): Promise<void> {
  await put(incus, instance, record(await incus.get(pathOf(instance), signal)), {}, signal);
}

/** Whether it has a file system of its own: a rebuild removes the old one, record and all, before it makes the new one. */
async function hasRoot(
  incus: Incus,
  { name, type }: Instance,
  { expanded_devices: devices }: Answered,
  signal: AbortSignal,
): Promise<boolean> {
  const root = Object.values(record(devices))
    .map(record)
    .find(({ path }) => path === "/");
  const pool = `${base}/storage-pools/${encodeURIComponent(String(root?.pool))}`;
  return (await incus.get(`${pool}/volumes/${type}/${encodeURIComponent(name)}`, signal)) !== undefined;
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
    await incus.change({ method: "PUT", path: `${path}/state`, body: { action: "start" } }, signal);
  }
  const there = record(await incus.get(path, signal));
  if (keyOf(there, dueMark) !== undefined) await adjust(incus, instance, there, spares ? { spares } : {}, signal);
}

/** What another boot environment may still need does not run, and stays. */
export async function leave(incus: Incus, instance: Instance, signal: AbortSignal): Promise<void> {
  await stop(incus, instance, signal);
  const there = record(await incus.get(pathOf(instance), signal));
  const later = keyOf(there, laterMark) ?? "1";
  await remark(incus, instance, there, { [laterMark]: later, "boot.autostart": "false" }, signal);
}

/** What does not end by itself in time is ended. */
export async function stop(incus: Incus, instance: Instance, signal: AbortSignal): Promise<void> {
  const path = `${pathOf(instance)}/state`;
  const isUp = async () => !["Stopped", undefined].includes(await statusOf(incus, instance, signal));
  if (!(await isUp())) return;
  const gently = { action: "stop", timeout: stopSeconds };
  await incus.change({ method: "PUT", path, body: gently }, signal).catch((thrown: unknown) => {
    signal.throwIfAborted();
    if (!(thrown instanceof Problem) || thrown.code !== "INCUS_REFUSED") throw thrown;
  });
  if (await isUp()) await incus.change({ method: "PUT", path, body: { action: "stop", force: true } }, signal);
}

/** undefined: there is no such instance. */
async function statusOf(incus: Incus, instance: Instance, signal: AbortSignal): Promise<string | undefined> {
  const { status } = record(await incus.get(pathOf(instance), signal));
  return typeof status === "string" ? status : undefined;
}
