/**
 * Carries steps out, one by one, each until Incus is done with it. Each makes of whatever is there what it is to be: what an
 * interrupted plan left half done, or storage of an earlier boot environment brought along, is no obstacle.
 */
import { Problem } from "../../schemas/problem.ts";
import type { Host } from "../core.ts";
import { base, type Incus, openIncus, type Sent } from "./api.ts";
import { type Answered, record } from "./http.ts";
import { inTheWay } from "./instance-change.ts";
import {
  dueMark,
  idOf,
  imageMark,
  imageOf,
  type IncusObject,
  type IncusStep,
  type Instance,
  laterMark,
  mark,
  type Pool,
} from "./model.ts";
import { isKept } from "./observe.ts";
import { isBroughtAlong, takeOver } from "./take-over.ts";

/** An image that comes over a slow line, and is unpacked. */
const imageMs = 900_000;
/** How long an instance has to end by itself. */
const stopSeconds = 30;

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
  if (kind === "remove") return remove(incus, object, signal);
  if (kind === "add" && object.kind === "pool") return makePool(incus, object, step, signal);
  if (kind === "add" || kind === "set") return bring(incus, object, step, signal);
  if (object.kind !== "instance") throw new Problem("INTERNAL", `A ${object.kind} cannot ${kind}.`);
  if (kind === "leave") return leave(incus, object, signal);
  if (kind === "rebuild") return rebuild(incus, object, signal);
  if (kind !== "start") await stop(incus, object, signal);
  if (kind !== "stop") await start(incus, object, step, signal);
}

/** How a step goes about it. */
type Manner = Pick<IncusStep, "isDue" | "spares">;

function pathOf(object: IncusObject): string {
  const name = encodeURIComponent(object.name);
  if (object.kind === "volume")
    return `${base}/storage-pools/${encodeURIComponent(object.pool)}/volumes/custom/${name}`;
  if (object.kind === "pool") return `${base}/storage-pools/${name}`;
  return `${base}/${object.kind}s/${name}`;
}

async function remove(incus: Incus, object: IncusObject, signal: AbortSignal): Promise<void> {
  const path = pathOf(object);
  if ((await incus.get(path, signal)) === undefined) return;
  if (object.kind === "instance") await stop(incus, object, signal);
  await incus.change({ method: "DELETE", path }, signal);
}

/** Makes it, or makes of what is there what it is to be. */
async function bring(incus: Incus, object: IncusObject, manner: Manner, signal: AbortSignal): Promise<void> {
  const there = await incus.get(pathOf(object), signal);
  if (object.kind === "pool") return;
  if (there !== undefined) return adjust(incus, object, record(there), manner, signal);
  if (await isBroughtAlong(incus, object, signal)) {
    return adjust(incus, object, record(await incus.get(pathOf(object), signal)), manner, signal);
  }
  const path = pathOf(object).replace(/\/[^/]+$/, "");
  if (object.kind !== "instance")
    return void (await incus.change({ method: "POST", path, body: bodyOf(object) }, signal));
  const { name, type } = object;
  const body = { ...bodyOf(object), name, type, source: sourceOf(object) };
  await incus.change({ method: "POST", path, body, limitMs: imageMs }, signal);
}

/** What is sent of it, but for what only its making takes. */
function bodyOf(object: Exclude<IncusObject, Pool>): Sent {
  const { name } = object;
  switch (object.kind) {
    case "network":
      return { name, type: "bridge", config: object.config };
    case "profile":
      return { name, description: object.description, config: object.config, devices: object.devices };
    case "volume":
      return { name, type: "custom", content_type: "filesystem", config: object.config };
    case "instance": {
      const { description, config, devices, profiles } = object;
      return { description, config, devices, profiles };
    }
    default:
      return object satisfies never;
  }
}

/** What Incus keeps there by itself stays. */
async function adjust(
  incus: Incus,
  object: Exclude<IncusObject, Pool>,
  there: Answered,
  { isDue, spares }: Manner,
  signal: AbortSignal,
): Promise<void> {
  if (object.kind === "instance" && keyOf(there, mark) === undefined) throw inTheWay(object);
  const before = Object.entries(record(there.config));
  const kept = object.kind === "volume" ? before : before.filter(([key]) => isKept(key));
  const was = keyOf(there, imageMark);
  const isOther = object.kind === "instance" && object.config[imageMark] !== was;
  if (isOther && !spares) return rebuild(incus, object, signal);
  const isLater = spares && object.kind === "instance" && (isOther || object.type !== there.type);
  const config = {
    ...Object.fromEntries(kept),
    ...object.config,
    ...(isDue && { [dueMark]: "1" }),
    ...(isLater && { [imageMark]: was, [laterMark]: "1" }),
  };
  const { name: _, type: __, ...body } = { name: "", type: "", ...bodyOf(object) };
  const architecture = there.architecture === undefined ? {} : { architecture: there.architecture };
  await incus.change({ method: "PUT", path: pathOf(object), body: { ...body, ...architecture, config } }, signal);
}

/** Its file system anew from its image. The image is written down last: what is interrupted is done again. */
async function rebuild(incus: Incus, instance: Instance, signal: AbortSignal): Promise<void> {
  const path = pathOf(instance);
  await stop(incus, instance, signal);
  const body = { source: sourceOf(instance) };
  await incus.change({ method: "POST", path: `${path}/rebuild`, body, limitMs: imageMs }, signal);
  const there = record(await incus.get(path, signal));
  const config = { ...record(there.config), [imageMark]: instance.config[imageMark] };
  await adjust(incus, instance, { ...there, config }, {}, signal);
}

function sourceOf(instance: Instance): Sent {
  const source = imageOf(instance);
  if (source) return { type: "image", ...(source.server !== undefined && { mode: "pull" }), ...source };
  throw new Problem("INCUS_FOREIGN", `Nobody wrote down what ${idOf(instance)} is made of.`, {
    remedy: "It cannot be made again by impctl.",
  });
}

async function start(incus: Incus, instance: Instance, { spares }: Manner, signal: AbortSignal): Promise<void> {
  const path = pathOf(instance);
  if ((await statusOf(incus, instance, signal)) === "Stopped") {
    await incus.change({ method: "PUT", path: `${path}/state`, body: { action: "start" } }, signal);
  }
  const there = record(await incus.get(path, signal));
  if (keyOf(there, dueMark) !== undefined) await adjust(incus, instance, there, spares ? { spares } : {}, signal);
}

/** What another boot environment may still need does not run, and stays. */
async function leave(incus: Incus, instance: Instance, signal: AbortSignal): Promise<void> {
  await stop(incus, instance, signal);
  const there = record(await incus.get(pathOf(instance), signal));
  const { profiles, devices, description, architecture } = there;
  const config = { ...record(there.config), [laterMark]: "1", "boot.autostart": "false" };
  const body = { profiles, devices, description, config, ...(architecture !== undefined && { architecture }) };
  await incus.change({ method: "PUT", path: pathOf(instance), body }, signal);
}

/** What does not end by itself in time is ended. */
async function stop(incus: Incus, instance: Instance, signal: AbortSignal): Promise<void> {
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

function keyOf({ config }: Answered, key: string): unknown {
  return new Map(Object.entries(record(config))).get(key);
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
