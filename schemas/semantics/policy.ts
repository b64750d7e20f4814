/** Rules about when the agent may act. */
import type { Report } from "./rules.ts";
import type { View } from "./view.ts";

const impacts = ["hitless", "flap", "session-reset", "restart", "reboot"];

export function checkPolicy({ machine: { policy } }: View, report: Report): void {
  const { "soak-seconds": soak, "deadline-seconds": deadline, "max-impact": outside } = policy;
  if (soak >= deadline)
    report("policy-soak", ["policy", "soak-seconds"], `${soak} s of soak do not fit into ${deadline} s`);
  for (const [name, { from, to, "max-impact": most }] of Object.entries(policy.windows)) {
    const path = ["policy", "windows", name];
    if (from === to) report("window-empty", [...path, "to"], `the window ends when it begins, at ${from}`);
    if (impacts.indexOf(most) <= impacts.indexOf(outside))
      report("window-useless", [...path, "max-impact"], `${most} may be done outside of the window too`);
  }
}
