/** Guards that ask how things stand, whatever the plan disturbs. */
import { unallowed, unallowedText } from "./adopting.ts";
import { isEmptyBox } from "./empty-box.ts";
import { timeText } from "./local-time.ts";
import type { Guard } from "./question.ts";

export const observeOnly: Guard = ({ mode }) => {
  if (mode !== "observe") return undefined;
  return {
    reason: "The agent's settings say to observe only.",
    unblock: 'Set "mode: apply" in the agent\'s settings.',
  };
};

/** A repository's pause lasts until a commit takes it out, an operator's ends by itself. */
export const paused: Guard = ({ policy, facts }) => {
  if (policy.pause !== undefined) {
    return {
      reason: `The repository pauses it: ${policy.pause}`,
      unblock: "Remove policy.pause from the repository.",
    };
  }
  const { pause } = facts;
  if (!pause) return undefined;
  return {
    reason: `An operator paused it: ${pause.reason}`,
    unblock: `It ends at ${timeText(pause.until, policy["time-zone"])}, or by \`impctl resume\`.`,
    againAt: pause.until,
  };
};

/** An operator takes over what is there, and allows what of it goes or is disturbed: the plan that he saw may be an older one. */
export const notAdopted: Guard = ({ committed, plan, ledger, purpose, facts }) => {
  if (purpose === "correct" || committed || isEmptyBox({ committed, plan, facts })) return undefined;
  const refused = unallowed(plan.steps, ledger.allowedSteps);
  if (ledger.adopted && refused.length === 0) return undefined;
  return {
    reason: ledger.adopted
      ? `Nothing was ever committed here, and the plan has what nobody allowed: ${unallowedText(refused)}.`
      : `Nothing was ever committed here, and ${whatIsThere(plan.foreign, facts.startFiles)}.`,
    unblock: "Look at `impctl plan --live`, then `impctl adopt --accept`.",
  };
};

function whatIsThere(foreign: number, startFiles: readonly string[]): string {
  if (foreign > 0) return `${foreign === 1 ? "1 object is" : `${foreign} objects are`} already there`;
  if (startFiles.length === 0) return "what the machine file asks for is already there";
  return `somebody wrote what FRR or VPP starts from: ${startFiles.join(", ")}`;
}

/** What planning found stands in the way of the plan itself. */
export const blocked: Guard = ({ plan }) => {
  const [problem] = plan.problems;
  if (!problem) return undefined;
  return { reason: problem.message, unblock: problem.remedy ?? "It is planned again at the next poll." };
};
