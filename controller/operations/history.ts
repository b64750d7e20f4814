import { Problem } from "../../schemas/problem.ts";
import type { Operation } from "./operation.ts";

const most = 1000;

/** `impctl history`: what happened here, an entry a deployment, an operator's word or a hold. */
export const history: Operation = {
  name: "history",
  changes: false,
  check({ limit }) {
    if (limit === undefined || (Number.isInteger(limit) && Number(limit) >= 1 && Number(limit) <= most)) return;
    throw new Problem("USAGE", `the number of entries is one from 1 to ${most}.`);
  },
  run: async (agent, { limit }) => ({ entries: await agent.past.history(Number(limit ?? most)) }),
};
