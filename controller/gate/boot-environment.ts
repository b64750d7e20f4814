/** The guard of what somebody chose in the boot menu: it is left alone until somebody says what is to become of it. */
import { approvalOf, approveText } from "./allowed.ts";
import type { Guard } from "./question.ts";

/** What was committed here is still brought back, by correction or by an operator's word. */
export const bootEnvironment: Guard = ({ purpose, facts, ledger, candidate, committed, trial }) => {
  const { chosenByHand } = facts;
  if (!chosenByHand || purpose === "correct") return undefined;
  // A trial comes back to what boots next, which has to be what it left.
  if (!trial && approvalOf(ledger, candidate.digest)) return undefined;
  const { running, next } = chosenByHand;
  const keep = committed ? `\`impctl be activate ${running.name}\`` : approveText(candidate.digest);
  return {
    reason: `Boot environment ${running.name} was chosen by hand: ${next.name} boots next.`,
    unblock: `Reboot to be back in ${next.name}, or ${keep} to go on in ${running.name}.`,
  };
};
