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
      throw busy(deployment.id);
    }
    const breakGlass = { reason: reasonIn(asked), term: term(agent.clock, durationIn(asked)), deviations: 0 };
    await agent.memory().remember((ledger) => ({ ...ledger, breakGlass }));
    const { deployment: meanwhile } = agent.status();
    if (meanwhile && state !== "stranded") {
      await agent.memory().remember((ledger) => ({ ...ledger, breakGlass: undefined }));
      throw busy(meanwhile.id);
    }
    const until = new Date(breakGlass.term.from + breakGlass.term.ms).toISOString();
    return { until, ...(await pollNow(agent, signal)) };
  },
};

function busy(deployment: string): Problem {
  return new Problem("AGENT_BUSY", `deployment ${deployment} is in flight: it would be worked against.`, {
    remedy: "Wait for its end (`impctl status`), then ask again.",
    transient: true,
  });
}
