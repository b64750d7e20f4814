import { Problem } from "../../schemas/problem.ts";
import { withEnded } from "../overlay.ts";
import { pollNow, type Operation } from "./operation.ts";

/** `impctl apply --local --end`: local changes end now, and the box goes back to what the repository says. */
export const endLocal: Operation = {
  name: "end-local",
  changes: true,
  async run(agent, _asked, signal) {
    const { overlays } = agent.memory().ledger();
    const ids = overlays.filter(({ kind }) => kind === "local").map(({ id }) => id);
    if (ids.length === 0) throw new Problem("USAGE", "nothing was changed here by `impctl apply --local`.");
    await agent.memory().remember((ledger) => withEnded(ledger, ids));
    return pollNow(agent, signal);
  },
};
