import { Problem } from "../../schemas/problem.ts";
import { withEnded } from "../overlay.ts";
import { drained } from "./drain.ts";
import { pollNow, type Operation } from "./operation.ts";

/** `impctl undrain`: what `impctl drain` drained goes back into service; --all: all of it. */
export const undrain: Operation = {
  name: "undrain",
  changes: true,
  check: (asked) => void drained(asked),
  async run(agent, asked, signal) {
    const { name } = drained(asked);
    const drains = agent
      .memory()
      .ledger()
      .overlays.filter(({ kind }) => kind === "drain");
    const meant = asked["all"] === true ? drains : drains.filter((one) => one.name === name);
    if (meant.length === 0) {
      throw new Problem("USAGE", `${name} was not drained by \`impctl drain\`.`, {
        remedy:
          drains.length > 0
            ? `Drained is ${drains.map((one) => one.name).join(", ")}.`
            : "What the repository drains goes back into service by a commit that takes `maintenance` out.",
      });
    }
    const ids = meant.map(({ id }) => id);
    await agent.memory().remember((ledger) => withEnded(ledger, ids));
    return pollNow(agent, signal);
  },
};
