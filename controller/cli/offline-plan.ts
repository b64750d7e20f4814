/** Plans without an appliance: as if what one generation desires were exactly what is live. */
import type { Desired } from "../../reconcilers/generation.ts";
import { describeStep } from "../../reconcilers/frr/describe.ts";
import { daemons } from "../../reconcilers/frr/model.ts";
import { planFrr } from "../../reconcilers/frr/plan.ts";
import type { PlaneChange } from "./change.ts";
import { unifiedDiff } from "./text-diff.ts";

/** The version that is assumed where none can be asked; the plan differs between versions in no impact. */
const assumedFrr = "8.4.4";

/** What every plane would do on an appliance that is as `before` wants it. */
export function planOffline(after: Desired, before: Desired): readonly PlaneChange[] {
  const observed = { version: assumedFrr, running: daemons, config: before.frr.config, incomplete: [] };
  const { steps, problems, notes } = planFrr(after.frr, observed, [before.frr]);
  return [
    {
      plane: "frr",
      steps: steps.map((step) => ({ id: step.id, kind: step.kind, impact: step.impact, text: describeStep(step) })),
      problems,
      notes,
      diff: unifiedDiff(before.frr.config, after.frr.config),
    },
  ];
}
