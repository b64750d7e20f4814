/**
 * What a draft of a machine file would do to the appliance that it was made of, by the product's own loading, rendering and
 * planning, with nothing owned: and which of its values are to blame.
 */
import { type LiveChange, liveChanges } from "../../reconcilers/frr/live-changes.ts";
import type { FrrStep } from "../../reconcilers/frr/model.ts";
import { planFrr } from "../../reconcilers/frr/plan.ts";
import { renderFrr } from "../../reconcilers/frr/render/render.ts";
import { spelling } from "../../reconcilers/frr/spelling.ts";
import type { Foreign, Plan } from "../../reconcilers/core.ts";
import type { IncusStep } from "../../reconcilers/incus/model.ts";
import { planIncus } from "../../reconcilers/incus/plan.ts";
import { renderIncus } from "../../reconcilers/incus/render.ts";
import { catalogue } from "../../reconcilers/system/catalogue.ts";
import type { SystemStep } from "../../reconcilers/system/model.ts";
import { planSystem } from "../../reconcilers/system/plan.ts";
import { renderSystem } from "../../reconcilers/system/render/render.ts";
import type { VppDesired, VppStep } from "../../reconcilers/vpp/model.ts";
import { planVpp } from "../../reconcilers/vpp/plan.ts";
import { renderVpp } from "../../reconcilers/vpp/render/render.ts";
import { isObject, type JsonObject, type JsonValue, parsePath, type Path, valueAt } from "../../schemas/json.ts";
import { loadMachine } from "../../schemas/load.ts";
import type { Machine } from "../../schemas/machine.ts";
import type { Problem } from "../../schemas/problem.ts";
import { yamlText } from "../../schemas/yaml-text.ts";
import { loneTree } from "../lone-tree.ts";
import { frrCulprits } from "./frr-culprits.ts";
import type { Found } from "./found.ts";
import { incusCulprit } from "./incus-culprits.ts";
import { vppCulprit } from "./vpp-culprits.ts";

export interface Judgement {
  /** undefined where the draft is not valid. */
  readonly valid: Valid | undefined;
  readonly problems: readonly Problem[];
  /** Values that are to go, so that it is valid and does nothing. None: it is and does, or nobody knows whose fault it is. */
  readonly wrong: readonly Path[];
}

export interface Valid {
  readonly machine: Machine;
  /** FRR's configuration as it asks for it. */
  readonly frr: string;
  readonly plans: { readonly frr: Plan<FrrStep>; readonly vpp: Plan<VppStep>; readonly incus: Plan<IncusStep> };
  /** Of the files that it starts from, with nothing in those that VPP is given: a box that was set up by hand has others. */
  readonly system: Plan<SystemStep>;
  /** Lines of FRR that are live and not asked for. */
  readonly left: readonly LiveChange[];
  /** Objects of VPP and Incus that are there and not asked for. */
  readonly foreign: readonly Foreign[];
}

/** The name under which a draft is loaded: what it is called in problems. */
export const draftName = "adopted/appliance";

export async function judge(draft: JsonObject, found: Found): Promise<Judgement> {
  const { loaded, problems } = await loadMachine(loneTree(draftName, yamlText(draft)), draftName);
  if (!loaded) {
    const errors = problems.filter(({ severity, path }) => severity === "error" && path !== undefined);
    const wrong = errors.map(({ path = "" }) => whole(parsePath(path, [draft])));
    return { valid: undefined, problems, wrong };
  }
  const { machine } = loaded;
  const versions = { vpp: found.vpp.core?.version, frr: found.frr.version };
  const desired = renderFrr(machine, versions, (name) => name);
  const changes = liveChanges(desired.config, found.frr.config, []);
  const spelled = spelling(machine, loaded.written, found.frr.config);
  const plans = {
    frr: planFrr(desired, found.frr, []),
    vpp: planVpp(withAll(renderVpp(machine, versions), found), found.vpp, []),
    incus: planIncus(renderIncus(machine, versions), found.incus, []),
  };
  const nobody = { odd: [], missing: [], down: [], pending: [] };
  const system = planSystem(catalogue, renderSystem(machine), { files: found.system, ...nobody }, []);
  const missing = changes.filter((change) => change.desired !== undefined);
  const wrong = [
    ...missing.flatMap((change) => frrCulprits(change, machine, draft, spelled)),
    ...plans.vpp.steps.map((step) => vppCulprit(step, draft)).filter((path) => path !== undefined),
    ...system.steps.map((step) => systemCulprit(step, draft)).filter((path) => path !== undefined),
    ...plans.incus.steps.map((step) => incusCulprit(step, draft)).filter((path) => path !== undefined),
  ];
  const left = changes.filter((change) => change.desired === undefined);
  const foreign = [...plans.vpp.foreign, ...plans.incus.foreign];
  return { valid: { machine, frr: desired.config, plans, system, left, foreign }, problems, wrong };
}

/** Of files that are there only because the draft says something of it. */
function systemCulprit(step: SystemStep, draft: JsonObject): Path | undefined {
  if (!("path" in step)) return undefined;
  const isOfManagement = /^\/etc\/(systemd|rsyslog\.d|ssh)\//.test(step.path);
  const name = isOfManagement ? "management" : step.path.startsWith("/etc/sysctl.d/") ? "sysctl" : undefined;
  return name !== undefined && draft[name] !== undefined ? [name] : undefined;
}

/** An instance that nothing is asked of has all of its objects to list. */
function withAll(desired: VppDesired, { vpp }: Found): VppDesired {
  return { ...(vpp.core && { core: { objects: [] } }), ...(vpp.nat && { nat: { objects: [] } }), ...desired };
}

/** A raw block without its context would say something else. */
function whole(path: Path): Path {
  return path[1] === "raw" && path[3] !== "lines" ? path.slice(0, 3) : path;
}

export interface Fitted {
  readonly draft: JsonObject;
  readonly judged: Judgement;
}

/** Takes out what is wrong until nothing is, or nobody knows what. */
export async function fit(draft: JsonObject, found: Found): Promise<Fitted> {
  for (let now = draft; ;) {
    const judged = await judge(now, found);
    const rest = judged.wrong.length === 0 ? now : without(now, judged.wrong);
    if (rest === now) return { draft: now, judged };
    now = rest;
  }
}

/** Of a path that leads nowhere its nearest map goes: what is missing there made it wrong. The same draft when nothing can go. */
export function without(draft: JsonObject, paths: readonly Path[]): JsonObject {
  const going = paths.map((path) => standing(draft, path)).filter((path) => path.length > 0);
  if (going.length === 0) return draft;
  const rest = Object.entries(prune(draft, going) as JsonObject);
  return Object.fromEntries(rest.filter(([, value]) => !isObject(value) || Object.keys(value).length > 0));
}

function standing(draft: JsonObject, path: Path): Path {
  return path.length === 0 || valueAt(draft, path) !== undefined ? path : standing(draft, path.slice(0, -1));
}

/** Maps that say nothing when they are empty. */
const sections: ReadonlySet<string> = new Set([
  "multipath",
  "interfaces",
  "areas",
  "timers",
  "match",
  "set",
  "peers",
  "sub-interfaces",
]);

function prune(value: JsonValue, paths: readonly Path[]): JsonValue {
  const byKey = Map.groupBy(paths, ([key]) => String(key));
  const rest = (key: string, one: JsonValue): readonly JsonValue[] => {
    const below = byKey.get(key);
    if (below === undefined) return [one];
    if (below.some((path) => path.length === 1)) return [];
    const inner = prune(
      one,
      below.map((path) => path.slice(1)),
    );
    return isObject(inner) && Object.keys(inner).length === 0 && sections.has(key) ? [] : [inner];
  };
  if (Array.isArray(value)) return (value as readonly JsonValue[]).flatMap((one, at) => rest(String(at), one));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).flatMap(([key, one]) => rest(key, one).map((inner) => [key, inner])));
}
