import { Problem } from "../../schemas/problem.ts";
import { pollNow, type Operation } from "./operation.ts";

/** `impctl breakglass --end`: what differs then is drift like any other. */
export const endBreakglass: Operation = {
  name: "end-breakglass",
  changes: true,
  async run(agent, _asked, signal) {
    const { breakGlass } = agent.memory().ledger();
    if (!breakGlass) throw new Problem("USAGE", "nobody works on the box by hand, as far as the agent was told.");
    await agent.memory().remember((ledger) => {
      return ledger.breakGlass ? { ...ledger, breakGlass: { ...ledger.breakGlass, ended: true } } : ledger;
    });
    return pollNow(agent, signal);
  },
};
