/**
 * A machine file of an appliance that somebody configured by hand, such that planning it there gives no step. It is made by
 * guessing, and by taking out whatever the product's own planning would still do: so it is true, or said not to be.
 */
import { spelling } from "../../reconcilers/frr/spelling.ts";
import type { Step } from "../../reconcilers/core.ts";
import { objectText } from "../../reconcilers/vpp/describe.ts";
import { instances, type VppObserved } from "../../reconcilers/vpp/model.ts";
import { objectId } from "../../reconcilers/vpp/plan.ts";
import type { JsonObject } from "../../schemas/json.ts";
import { loadMachine } from "../../schemas/load.ts";
import { put } from "../../schemas/patch.ts";
import { portsOf } from "../../schemas/ports.ts";
import type { Problem } from "../../schemas/problem.ts";
import { yamlText } from "../../schemas/yaml-text.ts";
import type { Drafted } from "../drafted.ts";
import { loneTree } from "../lone-tree.ts";
import { adviceOn } from "./advice.ts";
import type { Found } from "./found.ts";
import { skeletonOf, withWords } from "./frr-draft.ts";
import { leftText, rawBlocks } from "./frr-raw.ts";
import { draftName, type Fitted, fit, judge, type Judgement, type Valid, without } from "./judge.ts";
import { systemDraft } from "./system-draft.ts";
import { vppDraft } from "./vpp-draft.ts";

export interface Adopted extends Drafted {
  /** Sections that say what runs too, and whose plan is not empty: for later, in a window. */
  readonly later: Later | undefined;
  /** What the file would still do: none, or it is not to be used. */
  readonly steps: readonly Step[];
  /** What is wrong with it, or in its way. */
  readonly problems: readonly Problem[];
}

interface Later {
  readonly machine: JsonObject;
  /** What they would do, with all the rest: ids of steps by their impact. */
  readonly steps: readonly Step[];
}

export async function adoptFound(found: Found): Promise<Adopted> {
  const named = found.hostname === undefined ? {} : { hostname: found.hostname };
  const guess: JsonObject = { ...systemDraft(found), ...vppDraft(found) };
  const ground = await fit({ ...named, ...guess }, found);
  const bones = await fit(await withSkeleton(ground.draft, found), found);
  const words = await fit(await fleshed(bones, found), found);
  const raw = rawBlocks(words.judged.valid?.left ?? []);
  const { draft, judged } = await fit(
    Object.keys(raw).length === 0 ? words.draft : put(words.draft, ["routing", "raw"], raw),
    found,
  );
  const { later, wrong } = await laterOf(guess, { draft, judged }, found);
  const { left, ...rest } = result(draft, judged, found);
  return { ...rest, left: [...left, ...wrong], later };
}

/** What is not in the draft because the agent has other names, numbers or files for it; and of that, a line each, what no machine file can say. */
async function laterOf(
  guess: JsonObject,
  { draft, judged }: Fitted,
  found: Found,
): Promise<{ readonly later: Later | undefined; readonly wrong: readonly string[] }> {
  const names = ["management", "nat", "containers"].filter((one) => draft[one] === undefined);
  const stepsOf = ({ plans, system }: Valid) =>
    [...Object.values(plans), system].flatMap((plan): readonly Step[] => plan.steps);
  const already = new Set(judged.valid && stepsOf(judged.valid).map(({ id }) => id));
  const wrong: string[] = [];
  let machine = Object.fromEntries(Object.entries(guess).filter(([name]) => names.includes(name)));
  while (judged.valid && Object.keys(machine).length > 0) {
    const { valid, problems, wrong: paths } = await judge({ ...draft, ...machine }, found);
    if (valid) return { later: { machine, steps: stepsOf(valid).filter(({ id }) => !already.has(id)) }, wrong };
    const rest = without(machine, paths);
    wrong.push(...problems.filter(({ severity }) => severity === "error").map(wrongText));
    // Where it is the draft's word that does not go with it, nobody knows which of them it is.
    machine = rest === machine ? {} : rest;
  }
  return { later: undefined, wrong };
}

function wrongText({ path, message }: Problem): string {
  return `${path ?? "the rest"}: not to be taken in as it is: ${message}`;
}

async function withSkeleton(ground: JsonObject, { frr }: Found): Promise<JsonObject> {
  const { loaded } = await loadMachine(loneTree(draftName, yamlText(ground)), draftName);
  const ports = [...(loaded ? portsOf(loaded.machine).values() : [])];
  const routing = skeletonOf(frr.config, (linux) => ports.find((port) => port.linux === linux)?.ref ?? linux);
  return Object.keys(routing).length === 0 ? ground : { ...ground, routing };
}

async function fleshed(bones: Awaited<ReturnType<typeof fit>>, { frr }: Found): Promise<JsonObject> {
  const { draft, judged } = bones;
  if (judged.valid === undefined) return draft;
  const spelled = spelling(judged.valid.machine, draft, frr.config);
  return withWords(draft, judged.valid.frr, frr.config, spelled);
}

function result(machine: JsonObject, { valid, problems }: Judgement, found: Found): Omit<Adopted, "later"> {
  const { frr, vpp, incus } = valid?.plans ?? {};
  return {
    machine,
    left: [
      ...(valid?.left.map(leftText) ?? []),
      ...(valid ? foreignObjects(valid.foreign, found.vpp) : []),
      ...environmentLines(found),
      ...found.unread,
    ],
    advice: valid ? adviceOn(valid, found) : [],
    steps: [...(frr?.steps ?? []), ...(vpp?.steps ?? []), ...(incus?.steps ?? [])],
    problems: [...problems, ...(frr?.problems ?? []), ...(vpp?.problems ?? []), ...(incus?.problems ?? [])],
  };
}

/** A line for each object, with what is to be known of it. */
function foreignObjects(foreign: Valid["foreign"], vpp: VppObserved): readonly string[] {
  const texts = new Map(
    instances.flatMap((instance) =>
      (vpp[instance]?.objects ?? []).map((object) => [objectId(instance, object), objectText(object)] as const),
    ),
  );
  return foreign.map(({ id, text }) => {
    const [plane, instance = ""] = id.split("/");
    if (plane !== "vpp") return `${plane}: ${text}`;
    return `vpp ${instance}: ${texts.get(id) ?? text}`;
  });
}

/** Its image a box keeps as long as the machine file names none. */
function environmentLines({ environments }: Found): readonly string[] {
  const { booted, next, environments: all = [] } = environments ?? {};
  return all.map(({ name, dataset, guid }) => {
    const roles = [...(guid === booted ? ["it runs"] : []), ...(guid === next ? ["it boots next"] : [])];
    const said = guid === booted ? `; \`image: ${name}\` says so once images.yaml has it` : "";
    return `bootenv: ${dataset}${roles.length > 0 ? `: ${roles.join(", ")}` : ""}${said}`;
  });
}
