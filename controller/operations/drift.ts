import { planeNames } from "../planes.ts";
import type { Operation } from "./operation.ts";

/** `impctl drift show`: what differs on the box from what is committed, measured anew; what is foreign too. */
export const drift: Operation = {
  name: "drift",
  changes: false,
  async run(agent, _asked, signal) {
    const { committed, drift: found, difference } = await agent.drift(signal);
    const { decisions } = agent.memory().ledger();
    const planes = planeNames.map((plane) => {
      const { foreign, problems } = found.plan.plans[plane];
      const differs = found.planes[plane];
      const decision = decisions[plane]?.signature === differs?.signature ? decisions[plane] : undefined;
      const shown = {
        ...(differs ?? { steps: [] }),
        ...(decision && { decision: { reason: decision.reason, at: decision.at } }),
        foreign: foreign.length,
        difference: difference[plane],
        problems: problems.map((problem) => problem.toJSON()),
      };
      return [plane, shown] as const;
    });
    return { commit: committed.commit, generation: committed.digest, planes: Object.fromEntries(planes) };
  },
};
