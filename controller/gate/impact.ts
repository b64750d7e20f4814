/** Guards that ask how much the plan disturbs traffic: who has to agree to that, and when it may be done. */
import type { Impact } from "../../reconcilers/core.ts";
import { rollbackSeconds, type Policy } from "../../schemas/policy.ts";
import { canonicalJson } from "../canonical-json.ts";
import { spanText } from "../term.ts";
import { timing } from "../timing.ts";
import { approvalOf, approveText, urgencyOf } from "./allowed.ts";
import { timeText } from "./local-time.ts";
import { isEmptyBox } from "./empty-box.ts";
import type { Guard, Question } from "./question.ts";
import { atMost, firstThatHolds, openings, whenText } from "./windows.ts";

const rollbackMs = 1000 * rollbackSeconds;
/** What an emergency may disturb without waiting for a window. */
export const urgentAtMost: Impact = "flap";

/**
 * Bringing back what was committed repairs, and waits for nobody; but nothing reboots by itself, and what a newer agent makes
 * of it is a change like any other.
 */
function repairs({ purpose, plan, candidate, committed }: Question): boolean {
  const isAsCommitted = canonicalJson(candidate.desired) === canonicalJson(committed?.desired);
  return purpose === "correct" && isAsCommitted && atMost(plan.worstImpact ?? "hitless", "restart");
}

export const approval: Guard = (question) => {
  const { policy, plan, ledger, candidate } = question;
  const impact = plan.worstImpact ?? "hitless";
  if (!policy.approval.includes(impact) || repairs(question)) return undefined;
  if (approvalOf(ledger, candidate.digest)) return undefined;
  return {
    reason: `Its impact is ${impact}, for which policy wants an approval.`,
    unblock: `Look at \`impctl plan\`, then ${approveText(candidate.digest)}; or push a signed tag, docs/git.md.`,
  };
};

/** Only in a window, and in which: undefined when it may be done at any time. */
interface Confined {
  readonly impact: Impact;
  readonly windows: Policy["windows"];
  /** How to do it outside of them. */
  readonly orElse: string;
  /** Why an emergency does not help. */
  readonly although: string;
}

function confined(question: Question): Confined | undefined {
  const { policy, plan, ledger, candidate } = question;
  const impact = plan.worstImpact ?? "hitless";
  if (repairs(question) || isEmptyBox(question) || atMost(impact, policy["max-impact"])) return undefined;
  const urgent = urgencyOf(ledger, candidate.digest) !== undefined;
  if (urgent && atMost(impact, urgentAtMost)) return undefined;
  const windows = Object.entries(policy.windows).filter(([, window]) => atMost(impact, window["max-impact"]));
  // Where policy wants an approval anyway, it does not stand for the window: it may be given by day for the night.
  const standsForWindow = !policy.approval.includes(impact) || windows.length === 0;
  if (standsForWindow && approvalOf(ledger, candidate.digest)) return undefined;
  return {
    impact,
    windows: Object.fromEntries(windows),
    orElse: standsForWindow ? `, or ${approveText(candidate.digest)}` : "",
    although: urgent ? ` An emergency passes windows for at most ${urgentAtMost}.` : "",
  };
}

/** A clock that is wrong opens windows at the wrong time, and a reboot is the most that can be done then. */
export const clock: Guard = (question) => {
  const found = confined(question);
  if (found?.impact !== "reboot" || Object.keys(found.windows).length === 0) return undefined;
  if (question.facts.clockSynchronised) return undefined;
  return {
    reason: "Its impact is reboot, and windows for that stay closed: the clock of this box is not known to be right.",
    unblock: `See \`timedatectl\`: it must say that the clock is synchronised${found.orElse}.`,
  };
};

export const window: Guard = (question) => {
  const found = confined(question);
  if (!found || Object.keys(found.windows).length === 0) return undefined;
  const { policy, facts } = question;
  const { impact, orElse, although } = found;
  const zone = policy["time-zone"];
  const { deadlineMs } = timing(policy, impact);
  const needMs = deadlineMs + rollbackMs;
  const ahead = openings(found.windows, zone, facts.now);
  const next = firstThatHolds(ahead, needMs, facts.now);
  if (next && next.from <= facts.now) return undefined;

  const need = `it needs ${spanText(needMs)} (${spanText(deadlineMs)} until its deadline, ${spanText(rollbackMs)} to roll back)`;
  const list = Object.entries(found.windows).map(([name, one]) => `${name} (${whenText(one)} ${zone})`);
  const open = ahead.find(({ from }) => from <= facts.now);
  const why = !next
    ? `${need}, and no window is that long: ${list.join(", ")}`
    : open
      ? `${need}, and window ${open.names.join(", ")} closes at ${timeText(open.to, zone)}`
      : `policy allows that only in a window: ${list.join(", ")}`;
  const reason = `Its impact is ${impact}: ${why}.${although}`;
  if (!next) return { reason, unblock: `Make a window in policy.windows longer${orElse}.` };
  const opens = `It begins at ${timeText(next.from, zone)}, when window ${next.names.join(", ")} opens`;
  return { reason, unblock: `${opens}${orElse}.`, againAt: next.from };
};

export const impact: Guard = (question) => {
  const found = confined(question);
  if (!found || Object.keys(found.windows).length > 0) return undefined;
  const most = question.policy["max-impact"];
  return {
    reason: `Its impact is ${found.impact}: policy allows at most ${most} at any time, and no window for more is configured.${found.although}`,
    unblock: `Add a window for it to policy.windows${found.orElse}.`,
  };
};
