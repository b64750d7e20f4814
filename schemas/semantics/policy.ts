/** Rules about when the agent may act. */
import { defaults, newestDefaults } from "../defaults.ts";
import type { Report } from "./rules.ts";
import type { View } from "./view.ts";

const impacts = ["hitless", "flap", "session-reset", "restart", "reboot"];

export function checkPolicy({ machine: { policy } }: View, report: Report): void {
  const { "soak-seconds": soak, "deadline-seconds": deadline, "max-impact": outside } = policy;
  // What is not set depends on the impact: the tightest counts.
  const tight = Object.values(defaults[newestDefaults].policy.timing)
    .map((timing) => ({ soak: soak ?? timing.soak, deadline: deadline ?? timing.deadline }))
    .find((timing) => timing.soak >= timing.deadline);
  if (tight) {
    const key = soak === undefined ? "deadline-seconds" : "soak-seconds";
    report("policy-soak", ["policy", key], `${tight.soak} s of soak do not fit into ${tight.deadline} s`);
  }
  for (const [name, { from, to, "max-impact": most }] of Object.entries(policy.windows)) {
    const path = ["policy", "windows", name];
    if (from === to) report("window-empty", [...path, "to"], `the window ends when it begins, at ${from}`);
    if (impacts.indexOf(most) <= impacts.indexOf(outside))
      report("window-useless", [...path, "max-impact"], `${most} may be done outside of the window too`);
  }
}
