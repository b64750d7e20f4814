import { Problem } from "../../schemas/problem.ts";
import { term } from "../term.ts";
import { durationIn, pollNow, reasonIn, type Operation } from "./operation.ts";

/** `impctl breakglass --for --reason`: nothing is armed nor corrected while an operator works on the box by hand. */
export const breakglass: Operation = {
  name: "breakglass",
  changes: true,
  check: (asked) => void [reasonIn(asked), durationIn(asked)],
  async run(agent, asked, signal) {
    const { deployment, state } = agent.status();
    if (deployment && state !== "stranded") {
      throw new Problem("AGENT_BUSY", `deployment ${deployment.id} is in flight: it would be worked against.`, {
        remedy: "Wait for its end (`impctl status`), then ask again.",
        transient: true,
      });
    }
    const breakGlass = { reason: reasonIn(asked), term: term(agent.clock, durationIn(asked)), deviations: 0 };
    await agent.memory().remember((ledger) => ({ ...ledger, breakGlass }));
    const until = new Date(breakGlass.term.from + breakGlass.term.ms).toISOString();
    return { until, ...(await pollNow(agent, signal)) };
  },
};
