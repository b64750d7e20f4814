import { pollNow, type Operation } from "./operation.ts";

/** `impctl accept-rewrite`: lets the next head be one that does not descend from the accepted commit. */
export const acceptRewrite: Operation = {
  name: "accept-rewrite",
  changes: true,
  async run(agent, _asked, signal) {
    await agent.memory().remember((ledger) => ({ ...ledger, overrides: { ...ledger.overrides, rewrite: true } }));
    return pollNow(agent, signal);
  },
};
