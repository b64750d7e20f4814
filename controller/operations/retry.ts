import { Problem } from "../../schemas/problem.ts";
import { accepted } from "../probation.ts";
import { verdictOn, withoutVerdicts, type Asked } from "../verdicts.ts";
import { withoutPolicysOrder } from "../watch-health.ts";
import { withoutRecord } from "../update/record.ts";
import { withoutTrials } from "../ledger.ts";
import { pollNow, reasonIn, type Operation } from "./operation.ts";

/**
 * `impctl retry --reason`: forgets that what is wanted was tried here and failed; or takes it as it is that what is committed
 * is worse than it was at the commit. The same of another version of the agent.
 */
export const retry: Operation = {
  name: "retry",
  changes: true,
  check: (asked) => void reasonIn(asked),
  async run(agent, _asked, signal) {
    const { desired, overlaid, update } = agent.status();
    if (update?.state === "failed") {
      await agent.memory().remember((now) => withoutRecord(now, update.digest.replace("sha256:", "")));
    }
    const { probation, ...ledger } = agent.memory().ledger();
    const wanted = [desired, overlaid].flatMap((one): readonly Asked[] => {
      if (one?.generation === undefined) return [];
      return [{ generation: one.generation, ...(one.below !== undefined && { below: one.below }) }];
    });
    // What ended without a result is not held yet, but waits for some time.
    const failed = wanted.filter((one) => (verdictOn({ ...ledger, probation }, one)?.verdict ?? "good") !== "good");
    if (failed.length === 0 && update?.state === "failed") return pollNow(agent, signal);
    if (failed.length === 0 && !probation?.regressed) {
      throw new Problem("USAGE", "Nothing failed here that could be tried again.");
    }
    if (failed.length === 0) {
      await agent.memory().remember((now) => {
        return withoutPolicysOrder({ ...now, probation: now.probation && accepted(now.probation) });
      });
      return pollNow(agent, signal);
    }
    const named = failed.flatMap(({ generation, below }) => [generation, ...(below === undefined ? [] : [below])]);
    await agent.memory().remember((now) => withoutTrials(withoutVerdicts(now, named), named));
    return pollNow(agent, signal);
  },
};
