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
import { draftName, fit, type Judgement, type Valid } from "./judge.ts";
import { vppDraft } from "./vpp-draft.ts";

export interface Adopted extends Drafted {
  /** What the file would still do: none, or it is not to be used. */
  readonly steps: readonly Step[];
  /** What is wrong with it, or in its way. */
  readonly problems: readonly Problem[];
}

export async function adoptFound(found: Found): Promise<Adopted> {
  const named = found.hostname === undefined ? {} : { hostname: found.hostname };
  const ground = await fit({ ...named, ...vppDraft(found) }, found);
  const bones = await fit(await withSkeleton(ground.draft, found), found);
  const words = await fit(await fleshed(bones, found), found);
  const raw = rawBlocks(words.judged.valid?.left ?? []);
  const { draft, judged } = await fit(
    Object.keys(raw).length === 0 ? words.draft : put(words.draft, ["routing", "raw"], raw),
    found,
  );
  return result(draft, judged, found);
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

function result(machine: JsonObject, { valid, problems }: Judgement, found: Found): Adopted {
  const { frr, vpp } = valid?.plans ?? {};
  return {
    machine,
    left: [...(valid?.left.map(leftText) ?? []), ...(valid ? foreignObjects(valid.foreign, found.vpp) : [])],
    advice: valid ? adviceOn(valid.machine, found) : [],
    steps: [...(frr?.steps ?? []), ...(vpp?.steps ?? [])],
    problems: [...problems, ...(frr?.problems ?? []), ...(vpp?.problems ?? [])],
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
    const instance = id.split("/")[1] ?? "";
    return `vpp ${instance}: ${texts.get(id) ?? text}`;
  });
}
