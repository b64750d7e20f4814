import { Problem } from "../../schemas/problem.ts";
import { unallowed, unallowedText } from "../gate/adopting.ts";
import { type Answer, pollNow, type Operation } from "./operation.ts";

/**
 * `impctl adopt --accept`: takes over a box on which nothing was ever committed; the next plan may be armed. Refused while
 * the plan removes or disturbs anything, but for the steps that are allowed by their ids.
 */
export const adopt: Operation = {
  name: "adopt",
  changes: true,
  check: (asked) => void allowedIn(asked),
  async run(agent, asked, signal) {
    const allowed = allowedIn(asked);
    const { plan } = await agent.plan(signal);
    const refused = unallowed(plan.steps, allowed);
    if (refused.length > 0) {
      throw new Problem("NOT_ADOPTED", `The plan would do more than add what is missing: ${unallowedText(refused)}.`, {
        remedy:
          "Bring the machine file closer to what runs (impctl adopt writes one), or allow these steps: --allow <id> for each.",
      });
    }
    await agent.memory().remember((ledger) => ({ ...ledger, adopted: true, allowedSteps: allowed }));
    return pollNow(agent, signal);
  },
};

function allowedIn({ allow = [] }: Answer): readonly string[] {
  if (Array.isArray(allow) && allow.every((one) => typeof one === "string")) return allow;
  throw new Problem("USAGE", "allow is no list of steps' ids.", { remedy: "`impctl plan --live --json` shows them." });
}
