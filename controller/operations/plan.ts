import type { Generation } from "../../reconcilers/generation.ts";
import type { Survey } from "../planes.ts";
import type { Answer, Operation } from "./operation.ts";

/** `impctl plan`: the plan towards the newest accepted commit, made anew. */
export const plan: Operation = {
  name: "plan",
  changes: false,
  async run(agent, _asked, signal) {
    const { generation, plan: survey } = await agent.plan(signal);
    return planAnswer(generation, survey);
  },
};

/** A plan as plain data, its problems as reports. */
export function planAnswer(generation: Generation, { plans, worstImpact, problems }: Survey): Answer {
  return {
    commit: generation.commit,
    generation: generation.digest,
    ...(worstImpact && { worstImpact }),
    plans,
    problems: problems.map((problem) => problem.toJSON()),
    notManaged: generation.notManaged,
  };
}
