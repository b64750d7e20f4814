import { pollNow, type Operation } from "./operation.ts";

/** `impctl sync`: polls now. It resolves once the poll is done, not once a deployment is. */
export const sync: Operation = {
  name: "sync",
  changes: true,
  run: (agent, _asked, signal) => pollNow(agent, signal),
};
