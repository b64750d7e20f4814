import type { Operation } from "./operation.ts";

/** `impctl status` */
export const status: Operation = {
  name: "status",
  changes: false,
  run: async (agent) => agent.status(),
};
