import { Problem } from "../../schemas/problem.ts";
import { whyHeld } from "../ledger.ts";
import { pollNow, reasonIn, type Operation } from "./operation.ts";

/** `impctl retry --reason`: forgets that the newest generation was tried here and failed. */
export const retry: Operation = {
  name: "retry",
  changes: true,
  check: (asked) => void reasonIn(asked),
  async run(agent, _asked, signal) {
    const generation = agent.status().desired?.generation;
    if (generation === undefined || whyHeld(agent.memory().ledger(), generation) === undefined) {
      throw new Problem("USAGE", "The newest generation is not held, so there is nothing to try again.");
    }
    await agent.memory().remember((ledger) => {
      const { [generation]: _forgotten, ...verdicts } = ledger.verdicts;
      return { ...ledger, verdicts };
    });
    return pollNow(agent, signal);
  },
};
