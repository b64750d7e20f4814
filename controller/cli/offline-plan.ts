/** Plans without an appliance: as if what one generation desires were exactly what is live. */
import type { Desired } from "../../reconcilers/generation.ts";
import { describeStep } from "../../reconcilers/frr/describe.ts";
import { catalogue } from "../../reconcilers/system/catalogue.ts";
import { describeStep as describeSystem } from "../../reconcilers/system/describe.ts";
import { describeStep as describeIncus } from "../../reconcilers/incus/describe.ts";
import { textOf as incusText } from "../../reconcilers/incus/difference.ts";
import { planIncus } from "../../reconcilers/incus/plan.ts";
import type { SystemDesired } from "../../reconcilers/system/model.ts";
import { planSystem } from "../../reconcilers/system/plan.ts";
import { daemons } from "../../reconcilers/frr/model.ts";
import { planFrr } from "../../reconcilers/frr/plan.ts";
import { describeStep as describeVpp } from "../../reconcilers/vpp/describe.ts";
import { textOf } from "../../reconcilers/vpp/difference.ts";
import {
  type InstanceName,
  type InstanceObserved,
  instances,
  type VppDesired,
  type VppObserved,
} from "../../reconcilers/vpp/model.ts";
import { planVpp } from "../../reconcilers/vpp/plan.ts";
import type { PlaneChange } from "./change.ts";
import { unifiedDiff } from "../../reconcilers/text-diff.ts";

/** All that is planned is in every VPP that is supported. */
const assumedVpp = "26.06";
/** The version that is assumed where none can be asked; the plan differs between versions in no impact. */
const assumedFrr = "8.4.4";

/** What every plane would do on an appliance that is as `before` wants it. */
export function planOffline(after: Desired, before: Desired): readonly PlaneChange[] {
  const system = planSystem(
    catalogue,
    after.system,
    { ...before.system, odd: [], missing: [], down: [], pending: [] },
    [before.system],
  );
  const vpp = planVpp(after.vpp, observedVpp(after.vpp, before.vpp), [before.vpp]);
  const observed = { version: assumedFrr, running: daemons, config: before.frr.config, incomplete: [] };
  const { steps, problems, notes } = planFrr(after.frr, observed, [before.frr]);
  const live = (before.incus.objects ?? []).map((object) => ({ object, users: [] }));
  const incus = planIncus(after.incus, { objects: live }, [before.incus]);
  return [
    {
      plane: "system",
      steps: system.steps.map((step) => ({
        id: step.id,
        kind: step.kind,
        impact: step.impact,
        text: describeSystem(step),
      })),
      problems: system.problems,
      notes: system.notes,
      diff: systemDiff(before.system, after.system),
    },
    {
      plane: "vpp",
      steps: vpp.steps.map((step) => ({ id: step.id, kind: step.kind, impact: step.impact, text: describeVpp(step) })),
      problems: vpp.problems,
      notes: vpp.notes,
      diff: unifiedDiff(textOf(before.vpp), textOf(after.vpp)),
    },
    {
      plane: "frr",
      steps: steps.map((step) => ({ id: step.id, kind: step.kind, impact: step.impact, text: describeStep(step) })),
      problems,
      notes,
      diff: unifiedDiff(before.frr.config, after.frr.config),
    },
    {
      plane: "incus",
      steps: incus.steps.map((step) => ({
        id: step.id,
        kind: step.kind,
        impact: step.impact,
        text: describeIncus(step),
      })),
      problems: incus.problems,
      notes: incus.notes,
      diff: unifiedDiff(incusText(before.incus), incusText(after.incus)),
    },
  ];
}

/** With the NICs that are new: VPP has them when it starts, before anything is made of them. */
function observedVpp(after: VppDesired, before: VppDesired): VppObserved {
  const observed = instances.flatMap((instance): (readonly [InstanceName, InstanceObserved])[] => {
    if (!after[instance]) return [];
    const objects = before[instance]?.objects ?? [];
    const had = new Set(objects.flatMap((object) => (object.kind === "physical" ? object.name : [])));
    const fresh = after[instance].objects.filter((object) => object.kind === "physical" && !had.has(object.name));
    return [[instance, { objects: [...objects, ...fresh], version: assumedVpp, unknown: [], missing: {} }]];
  });
  return Object.fromEntries(observed);
}

/** File by file, each under its name. */
function systemDiff(before: SystemDesired, after: SystemDesired): string {
  const textIn = ({ files }: SystemDesired, path: string) => files.find((file) => file.path === path)?.text ?? "";
  return catalogue
    .map(({ path }) => [path, unifiedDiff(textIn(before, path), textIn(after, path))] as const)
    .flatMap(([path, diff]) => (diff === "" ? [] : [`${path}\n${diff}`]))
    .join("\n");
}
