import { planImage } from "../../reconcilers/bootenv/plan.ts";
import type { Standing } from "../../reconcilers/bootenv/standing.ts";
import type { Plan } from "../../reconcilers/core.ts";
import type { Generation } from "../../reconcilers/generation.ts";
import { notManagedBy } from "../not-managed.ts";
import type { Survey } from "../planes.ts";
import type { Answer, Operation } from "./operation.ts";

/** `impctl plan`: the plan towards the newest accepted commit, made anew. */
export const plan: Operation = {
  name: "plan",
  changes: false,
  async run(agent, _asked, signal) {
    const { generation, plan: survey } = await agent.plan(signal);
    return planAnswer(generation, survey, await agent.environments(signal));
  },
};

/** A plan as plain data, its problems as reports. An image is a deployment of its own, and stands in no other's way. */
export function planAnswer(
  generation: Generation,
  { plans, worstImpact, problems }: Survey,
  standing: Standing | undefined,
): Answer {
  return {
    commit: generation.commit,
    generation: generation.digest,
    ...(worstImpact && { worstImpact }),
    plans: { ...imagePlan(generation, standing), ...plans },
    problems: problems.map((problem) => problem.toJSON()),
    notManaged: notManagedBy(generation, standing),
  };
}

/** What is in the way of an image is in the way of nothing else: it is told beside the steps. */
function imagePlan(generation: Generation, standing: Standing | undefined): { readonly bootenv?: Plan } {
  const { problems, notes, ...plan } = planImage(generation.image, standing);
  if (plan.steps.length === 0) return {};
  return { bootenv: { ...plan, problems: [], notes: [...problems.map(String), ...notes] } };
}
