import { Problem } from "../../schemas/problem.ts";
import { reasonIn, type Operation } from "./operation.ts";

/** `impctl be drill`: what runs is booted for a trial, and come back from. */
export const drill: Operation = {
  name: "drill",
  changes: true,
  check(asked) {
    reasonIn(asked);
    if (!["undefined", "boolean"].includes(typeof asked["watchdog"]))
      throw new Problem("USAGE", '"watchdog" is neither true nor false.');
  },
  async run(agent, asked) {
    const { deployment, state } = agent.status();
    if (deployment !== undefined)
      throw new Problem("AGENT_BUSY", `A deployment is in flight (${state}).`, { transient: true });
    const isWatchdogTest = asked["watchdog"] === true;
    const order = {
      reason: reasonIn(asked),
      at: agent.clock.now(),
      ...(isWatchdogTest && { watchdog: true as const }),
    };
    await agent.memory().remember((ledger) => ({ ...ledger, drill: order }));
    agent.polls.hasten();
    return {
      message: `The box is checked, drained, and reboots twice: into a clone of what runs, and back${
        isWatchdogTest ? " by the hardware watchdog" : ""
      }. \`impctl history\` says how that went.`,
    };
  },
};
