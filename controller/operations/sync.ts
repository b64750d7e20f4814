import { pollNow, type Operation } from "./operation.ts";

/**
 * `impctl sync`: polls now. It resolves once the poll is done, not once a deployment is. With `now` what it finds waits
 * neither for a window nor for a soak, if it disturbs little enough.
 */
export const sync: Operation = {
  name: "sync",
  changes: true,
  async run(agent, asked, signal) {
    if (asked["now"] === true) {
      const reason = typeof asked["reason"] === "string" ? asked["reason"] : "impctl sync --now";
      const hurry = { reason, at: agent.clock.now() };
      await agent.memory().remember((ledger) => ({ ...ledger, hurry }));
    }
    return pollNow(agent, signal);
  },
};
