/** Rules about when the agent may act. */
import { defaults, newestDefaults } from "../defaults.ts";
import { rollbackSeconds, type Policy } from "../policy.ts";
import type { Report } from "./rules.ts";
import type { View } from "./view.ts";

const impacts = ["hitless", "flap", "session-reset", "restart", "reboot"] as const;
const { timing } = defaults[newestDefaults].policy;

export function checkPolicy({ machine: { policy } }: View, report: Report): void {
  const { "soak-seconds": soak, "deadline-seconds": deadline, "max-impact": outside } = policy;
  // What is not set depends on the impact: the tightest counts.
  const tight = Object.values(timing)
    .map((byImpact) => ({ soak: soak ?? byImpact.soak, deadline: deadline ?? byImpact.deadline }))
    .find((one) => one.soak >= one.deadline);
  if (tight) {
    const key = soak === undefined ? "deadline-seconds" : "soak-seconds";
    report("policy-soak", ["policy", key], `${tight.soak} s of soak do not fit into ${tight.deadline} s`);
  }
  const unasked = impacts.slice(3, 1 + impacts.indexOf(outside)).filter((impact) => !policy.approval.includes(impact));
  if (unasked.length > 0)
    report("impact-at-any-time", ["policy", "max-impact"], `${unasked.join(" and ")} may be done at any time`);
  for (const [name, { from, to, "max-impact": most }] of Object.entries(policy.windows)) {
    const path = ["policy", "windows", name];
    if (from === to) report("window-empty", [...path, "to"], `the window ends when it begins, at ${from}`);
    if (impacts.indexOf(most) <= impacts.indexOf(outside))
      report("window-useless", [...path, "max-impact"], `${most} may be done outside of the window too`);
    const needed = (deadline ?? timing[most].deadline) + rollbackSeconds;
    const seconds = lengthOf({ from, to });
    if (seconds > 0 && seconds < needed) {
      const text = `what is ${most} needs ${Math.ceil(needed / 60)} minutes, and the window has ${seconds / 60}`;
      report("window-short", [...path, "to"], text);
    }
  }
}

/** By the clock, which may be changed in between. */
function lengthOf({ from, to }: Pick<Policy["windows"][string], "from" | "to">): number {
  const [begin = 0, end = 0] = [from, to].map((time) => {
    const [hours, minutes] = time.split(":").map(Number);
    return 3600 * (hours ?? 0) + 60 * (minutes ?? 0);
  });
  return (end - begin + 86_400) % 86_400;
}
