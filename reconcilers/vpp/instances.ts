/** The running instances of VPP, as they are observed, changed and started anew. Used by vpp.ts. */
import { Problem } from "../../schemas/problem.ts";
import type { Host } from "../core.ts";
import { openVpp } from "./api/open.ts";
import type { Vpp } from "./api/vpp.ts";
import { carryOut, type Workplace } from "./apply.ts";
import { memoryPath, readMemory, Remembered } from "./memory.ts";
import {
  type InstanceName,
  type InstanceObserved,
  instances,
  type ObjectStep,
  type VppObserved,
  type VppStep,
} from "./model.ts";
import { observeInstance } from "./observe.ts";
import { restartInstance } from "./restart.ts";
import { readBeginning } from "./wire/names.ts";
import { usesAcls } from "./wire/needs.ts";
import { settled } from "./wire/settings.ts";

export interface VppPlaces {
  /** Paths of the sockets of the binary API. */
  readonly sockets: Readonly<Record<InstanceName, string>>;
  /** Where what no message shows is remembered: "/run/imp". */
  readonly run: string;
  /** Where *.api.json are, for a VPP that cannot tell its messages itself (before 24.06). */
  readonly apiFolder?: string;
}

export const usualSockets: VppPlaces["sockets"] = { core: "/run/vpp/core-api.sock", nat: "/run/vpp/nat-api.sock" };

/** Rejects with VPP_UNREACHABLE where nobody listens. */
export function openInstance(
  host: Host,
  { sockets, apiFolder }: VppPlaces,
  instance: InstanceName,
  signal: AbortSignal,
): Promise<Vpp> {
  const options = { socket: sockets[instance], ...(apiFolder !== undefined && { apiFolder }) };
  return openVpp(host, options, signal);
}

/** Hears why an instance does not answer. */
export type Silent = (instance: InstanceName, why: Problem) => void;

/** undefined where nobody answers. */
async function tryOpen(
  host: Host,
  places: VppPlaces,
  instance: InstanceName,
  signal: AbortSignal,
  silent?: Silent,
): Promise<Vpp | undefined> {
  try {
    return await openInstance(host, places, instance, signal);
  } catch (thrown) {
    if (!(thrown instanceof Problem) || thrown.code !== "VPP_UNREACHABLE") throw thrown;
    silent?.(instance, thrown);
    return undefined;
  }
}

/** Both at once; an instance that does not answer is left out, and `silent` hears why. */
export async function observeVpp(
  host: Host,
  places: VppPlaces,
  signal: AbortSignal,
  silent?: Silent,
): Promise<VppObserved> {
  const [core, nat] = await Promise.all(
    instances.map((instance) => observeOne(host, places, instance, signal, silent)),
  );
  return { ...(core && { core }), ...(nat && { nat }) };
}

async function observeOne(
  host: Host,
  places: VppPlaces,
  instance: InstanceName,
  signal: AbortSignal,
  silent?: Silent,
): Promise<InstanceObserved | undefined> {
  const vpp = await tryOpen(host, places, instance, signal, silent);
  if (!vpp) return undefined;
  try {
    await notStarting(host, places, instance);
    const remembered = await readMemory(host, memoryPath(places.run, instance), vpp.incarnation);
    return await observeInstance(vpp, remembered ?? new Remembered(false));
  } finally {
    vpp.close();
  }
}

/** How long the boot script may take, in seconds: what it left behind then it died over. */
export const bootSeconds = 400;

/** Whether the boot script gives an instance its commands right now: nobody may come between. */
export async function isStarting(host: Host, { run }: VppPlaces, instance: InstanceName): Promise<boolean> {
  const since = await host.readFile(`${run}/vpp-${instance}.starting`);
  return since !== undefined && host.uptime() / 1000 - Number(since) <= bootSeconds;
}

async function notStarting(host: Host, places: VppPlaces, instance: InstanceName): Promise<void> {
  if (!(await isStarting(host, places, instance))) return;
  throw new Problem("VPP_UNREACHABLE", `${instance} is being given its boot commands.`, {
    remedy: `See \`imp-boot status\` if that takes long.`,
    transient: true,
  });
}

/** "core <boot>: vpp 812@5310, nat -": changes when one starts anew. */
export async function incarnationOfVpp(host: Host, places: VppPlaces, signal: AbortSignal): Promise<string> {
  const running = await Promise.all(
    instances.map(async (instance) => {
      const vpp = await tryOpen(host, places, instance, signal);
      vpp?.close();
      return `${instance} ${vpp?.incarnation ?? "-"}`;
    }),
  );
  return running.join(", ");
}

/** Implements Reconciler.apply. */
export async function* applyVpp(
  steps: readonly VppStep[],
  host: Host,
  places: VppPlaces,
  signal: AbortSignal,
): AsyncIterable<VppStep> {
  for (const part of partsOf(steps)) {
    if (part.kind === "restart") {
      const answers = async () => (await openInstance(host, places, part.step.instance, signal)).close();
      await restartInstance(part.step.instance, host, answers, signal);
      yield part.step;
    } else yield* applyObjects(part.steps, host, places, signal);
  }
}

type Part =
  | { readonly kind: "restart"; readonly step: Extract<VppStep, { kind: "restart" }> }
  | { readonly kind: "objects"; readonly steps: ObjectStep[] };

function partsOf(steps: readonly VppStep[]): readonly Part[] {
  const parts: Part[] = [];
  for (const step of steps) {
    const last = parts.at(-1);
    if (step.kind === "restart") parts.push({ kind: "restart", step });
    else if (last?.kind === "objects") last.steps.push(step);
    else parts.push({ kind: "objects", steps: [step] });
  }
  return parts;
}

async function* applyObjects(
  steps: readonly ObjectStep[],
  host: Host,
  places: VppPlaces,
  signal: AbortSignal,
): AsyncIterable<ObjectStep> {
  const opened = new Map<InstanceName, Workplace>();
  try {
    for (const instance of instances) {
      const own = steps.filter((step) => step.instance === instance);
      if (own.length > 0) opened.set(instance, await openWorkplace(host, places, instance, own, signal));
    }
    yield* carryOut(steps, (step) => placeOf(step, opened), signal);
    for (const [instance, place] of opened) {
      const raised = raisedBy(steps.filter((step) => step.instance === instance));
      if (raised.size > 0) await settled(raised, place);
    }
  } finally {
    for (const { vpp, remembered, save } of opened.values()) {
      // Also of what was done before something failed.
      if (remembered.isChanged) await save();
      vpp.close();
    }
  }
}

/** The interfaces that are up after these steps, and were not before. */
function raisedBy(steps: readonly ObjectStep[]): ReadonlySet<string> {
  const raised = new Set<string>();
  for (const { before, after } of steps) {
    if (after?.kind !== "settings") continue;
    if (!after.up) raised.delete(after.on);
    else if (before?.kind !== "settings" || !before.up) raised.add(after.on);
  }
  return raised;
}

function placeOf({ instance }: ObjectStep, opened: ReadonlyMap<InstanceName, Workplace>): Workplace {
  const place = opened.get(instance);
  if (!place) throw new Problem("INTERNAL", `${instance} was not opened`);
  return place;
}

async function openWorkplace(
  host: Host,
  places: VppPlaces,
  instance: InstanceName,
  steps: readonly ObjectStep[],
  signal: AbortSignal,
): Promise<Workplace> {
  const vpp = await openInstance(host, places, instance, signal);
  try {
    const path = memoryPath(places.run, instance);
    const [known, { names, isBlank }] = await Promise.all([
      readMemory(host, path, vpp.incarnation),
      readBeginning(vpp, steps.some(usesAcls)),
    ]);
    const remembered = known ?? new Remembered(isBlank);
    const save = () => host.writeFile(path, remembered.text(vpp.incarnation), { mode: 0o600 });
    // Also if nobody comes back from what follows, it is known that this is all.
    if (remembered.isChanged) await save();
    return { vpp, names, remembered, pause: (ms) => host.sleep(ms, signal), save };
  } catch (thrown) {
    vpp.close();
    throw thrown;
  }
}
