/** The guard that keeps a commit from being everywhere at once. */
import { whys, type Why } from "../rollout/decide.ts";
import { urgencyOf } from "./allowed.ts";
import { timeText } from "./local-time.ts";
import type { Guard } from "./question.ts";
import { urgentAtMost } from "./impact.ts";
import { atMost } from "./windows.ts";

/** An emergency does not wait until those that go first were well for long, as it does not for a soak of its own. */
export const rollout: Guard = ({ purpose, policy, plan, ledger, candidate, facts }) => {
  if (purpose === "correct") return undefined;
  const isUrgent =
    urgencyOf(ledger, candidate.digest) !== undefined && atMost(plan.worstImpact ?? "hitless", urgentAtMost);
  const awaited = facts.awaited.filter(({ why }) => !(isUrgent && why === "soaking"));
  const order = Object.keys(whys) as Why[];
  const [first, ...others] = awaited.toSorted((a, b) => order.indexOf(a.why) - order.indexOf(b.why));
  if (!first) return undefined;
  const { machine, why, reason, since } = first;
  const more =
    others.length === 0
      ? ""
      : ` It waits for ${others
          .map((one) => one.machine)
          .slice(0, 5)
          .join(", ")} too${others.length > 5 ? " and others" : ""}.`;
  return {
    reason: `It goes after ${machine}, which ${reason} (since ${timeText(since, policy["time-zone"])}).${more}`,
    unblock: whys[why],
  };
};
