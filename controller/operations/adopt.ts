import { pollNow, type Operation } from "./operation.ts";

/** `impctl adopt --accept`: takes over a box on which nothing was ever committed; the next plan may be armed. */
export const adopt: Operation = {
  name: "adopt",
  changes: true,
  async run(agent, _asked, signal) {
    await agent.memory().remember((ledger) => ({ ...ledger, adopted: true }));
    return pollNow(agent, signal);
  },
};
