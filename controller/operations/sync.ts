import { term } from "../term.ts";
import { pollNow, type Operation } from "./operation.ts";

/** How long a repository that does not answer is waited for. */
const hurryMs = 600_000;

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
      const hurry = { reason, at: agent.clock.now(), term: term(agent.clock, hurryMs) };
      await agent.memory().remember((ledger) => ({ ...ledger, hurry }));
    }
    return pollNow(agent, signal);
  },
};
