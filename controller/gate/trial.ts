/** Guards of a deployment for which another image is booted. */
import { mostTrials, whyNoTrial } from "../../reconcilers/bootenv/trial.ts";
import { downgradeText } from "../images/fitting.ts";
import { trialsOf } from "../ledger.ts";
import type { Guard } from "./question.ts";

/** It is brought beside the loop, and may take hours. What is there may have come when an older one was committed. */
export const image: Guard = ({ trial, purpose, ledger }) => {
  if (!trial) return undefined;
  const { name, downgrade } = trial;
  // Who has it tried by its name means it.
  if (downgrade && purpose === "deploy" && ledger.words.allowDowngrade?.image !== name) {
    const { reason, remedy } = downgradeText(name, downgrade);
    return { reason, unblock: remedy };
  }
  if (trial.isThere) return undefined;
  return {
    reason: `The image ${name} is not in the pool yet.`,
    unblock: "It is fetched beside the loop: `impctl status` says how far it is, or what is in its way.",
  };
};

/** I10 */
export const limit: Guard = ({ trial, ledger, candidate, facts }) => {
  if (!trial) return undefined;
  const trials = trialsOf(ledger, candidate.digest);
  const reason = whyNoTrial(
    trials,
    ledger.reboots.map(({ from }) => from),
    facts.now,
  );
  if (reason === undefined) return undefined;
  const unblock = trials >= mostTrials ? "`impctl retry --reason`, once it is known why." : "It is tried within a day.";
  return { reason, unblock };
};
