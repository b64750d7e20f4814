import { Problem } from "../../schemas/problem.ts";
import { pauseOf } from "../gate/pause.ts";
import type { Operation } from "./operation.ts";

/** `impctl resume`: ends an operator's pause before its time. */
export const resume: Operation = {
  name: "resume",
  changes: true,
  async run(agent) {
    if (!pauseOf(agent.memory().ledger(), agent.clock)) {
      const { paused } = agent.status();
      throw new Problem("USAGE", "No operator paused it.", {
        remedy: paused
          ? `The repository does (${paused.reason}): remove policy.pause there.`
          : "`impctl why` says what it waits for.",
      });
    }
    await agent.memory().remember((ledger) => ({ ...ledger, pause: undefined }));
    agent.polls.hasten();
    const { paused } = agent.status();
    return paused ? { paused: `by the repository: ${paused.reason}` } : {};
  },
};
