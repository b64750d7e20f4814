import { Problem } from "../../schemas/problem.ts";
import { withDecision } from "../drift.ts";
import { pollNow, reasonIn, type Operation } from "./operation.ts";

/** `impctl drift discard --reason`: what somebody changed by hand is taken back now, whatever the policy says. */
export const discardDrift: Operation = {
  name: "discard-drift",
  changes: true,
  check: (asked) => void reasonIn(asked),
  async run(agent, asked, signal) {
    const { drift } = await agent.drift(signal);
    if (drift.plan.steps.length === 0) {
      throw new Problem("USAGE", "nothing differs from what is committed here, so there is nothing to discard.", {
        remedy: "What is foreign was never made from here, and is left alone: remove it by hand.",
      });
    }
    const reason = reasonIn(asked);
    await agent.memory().remember((ledger) => withDecision(ledger, drift, { verdict: "discarded", reason }));
    return pollNow(agent, signal);
  },
};
