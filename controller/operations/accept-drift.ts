import { Problem } from "../../schemas/problem.ts";
import { withDecision } from "../drift.ts";
import { livePatch } from "../live-patch.ts";
import { standing } from "../overlay.ts";
import { reasonIn, type Operation } from "./operation.ts";

/**
 * `impctl drift accept --reason`: what somebody changed by hand stays until the repository has it. Answers the change of
 * the appliance's files that brings it there, and what of it they cannot say.
 */
export const acceptDrift: Operation = {
  name: "accept-drift",
  changes: true,
  check: (asked) => void reasonIn(asked),
  async run(agent, asked, signal) {
    const { committed, drift, difference } = await agent.drift(signal);
    const foreign = asked["foreign"] === true;
    if (drift.plan.steps.length === 0 && !(foreign && drift.plan.foreign > 0)) {
      const remedy = "What nobody here ever made is brought in with --foreign.";
      throw new Problem("USAGE", "nothing differs from what is committed here, so there is nothing to accept.", {
        ...(drift.plan.foreign > 0 && { remedy }),
      });
    }
    const reason = reasonIn(asked);
    const overlays = standing(agent.memory().ledger());
    const { files, left } = await livePatch({
      tree: agent.newestTree(),
      machine: agent.status().machine,
      render: async (tree) => (await agent.tryOut(overlays, signal, tree)).generation?.desired.frr.config,
      desired: committed.desired.frr.config,
      live: drift.plan.before.frr.config,
      foreign,
      reason,
    });
    await agent.memory().remember((ledger) => withDecision(ledger, drift, { verdict: "accepted", reason }));
    agent.polls.hasten();
    // A file's text does not tell which value of the machine file it came from.
    const ofFiles = (difference.system ?? []).filter((line) => !line.startsWith("?"));
    return { files, left: [...left, ...ofFiles], foreign: foreign ? 0 : drift.plan.foreign };
  },
};
