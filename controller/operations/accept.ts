import { Problem } from "../../schemas/problem.ts";
import { pollNow, textIn, type Operation } from "./operation.ts";

/** `impctl accept`: lets one commit pass that the trust rules refuse. */
export const accept: Operation = {
  name: "accept",
  changes: true,
  check(asked) {
    if (/^[0-9a-f]{40}$/.test(textIn(asked, "commit"))) return;
    throw new Problem("USAGE", "a commit is named by 40 hex digits.", {
      remedy: "git rev-parse <revision> prints them.",
    });
  },
  async run(agent, asked, signal) {
    const commit = textIn(asked, "commit");
    await agent.memory().remember((ledger) => {
      const commits = [...new Set([...ledger.overrides.commits, commit])];
      return { ...ledger, overrides: { ...ledger.overrides, commits } };
    });
    return pollNow(agent, signal);
  },
};
