import type { Operation } from "./operation.ts";

/** `impctl show`: the story of one deployment. */
export const show: Operation = {
  name: "show",
  changes: false,
  run: async (agent, { deployment }) => agent.past.show(typeof deployment === "string" ? deployment : undefined),
};
