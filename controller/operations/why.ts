import { causesOf } from "../report/causes.ts";
import type { Operation } from "./operation.ts";

/** `impctl why`: why nothing is happening, the first cause first. */
export const why: Operation = {
  name: "why",
  changes: false,
  async run(agent) {
    const status = agent.status();
    return { inSync: status.inSync, causes: causesOf(status) };
  },
};
