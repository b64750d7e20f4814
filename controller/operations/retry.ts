import { Problem } from "../../schemas/problem.ts";
import { accepted } from "../probation.ts";
import { withoutPolicysOrder } from "../watch-health.ts";
import { pollNow, reasonIn, type Operation } from "./operation.ts";

/**
 * `impctl retry --reason`: forgets that the newest generation was tried here and failed; or takes it as it is that what is
 * committed is worse than it was at the commit.
 */
export const retry: Operation = {
  name: "retry",
  changes: true,
  check: (asked) => void reasonIn(asked),
  async run(agent, _asked, signal) {
    const generation = agent.status().desired?.generation;
    const { probation, verdicts: all } = agent.memory().ledger();
    const verdict = generation === undefined ? undefined : all[generation]?.verdict;
    // What ended without a result is not held yet, but waits for some time.
    const hasFailed = generation !== undefined && verdict !== undefined && verdict !== "good";
    if (!hasFailed && !probation?.regressed) {
      throw new Problem("USAGE", "Nothing failed here that could be tried again.");
    }
    if (!hasFailed) {
      await agent.memory().remember((now) => {
        return withoutPolicysOrder({ ...now, probation: now.probation && accepted(now.probation) });
      });
      return pollNow(agent, signal);
    }
    await agent.memory().remember((ledger) => {
      const { [generation]: _forgotten, ...verdicts } = ledger.verdicts;
      return { ...ledger, verdicts };
    });
    return pollNow(agent, signal);
  },
};
