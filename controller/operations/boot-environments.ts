import { noPool, shownPool } from "../boot-environments.ts";
import type { Operation } from "./operation.ts";

/** `impctl be list`: the pool, and every boot environment in it. */
export const bootEnvironments: Operation = {
  name: "boot-environments",
  changes: false,
  async run(agent, _asked, signal) {
    const standing = await agent.environments(signal);
    if (!standing) throw noPool();
    return shownPool(standing);
  },
};
