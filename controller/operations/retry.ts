import { Problem } from "../../schemas/problem.ts";
import { whyHeld } from "../ledger.ts";
import { accepted } from "../probation.ts";
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
    const { probation, ...ledger } = agent.memory().ledger();
    const hasFailed = generation !== undefined && whyHeld({ ...ledger, probation }, generation) !== undefined;
    if (!hasFailed && !probation?.regressed) {
      throw new Problem("USAGE", "Nothing is held, so there is nothing to try again.");
    }
    if (!hasFailed) {
      await agent.memory().remember((now) => ({ ...now, probation: now.probation && accepted(now.probation) }));
      return pollNow(agent, signal);
    }
    await agent.memory().remember((ledger) => {
      const { [generation]: _forgotten, ...verdicts } = ledger.verdicts;
      return { ...ledger, verdicts };
    });
    return pollNow(agent, signal);
  },
};
