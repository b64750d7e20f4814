/** The plane where VPP is somebody else's: it sees nothing, and has nothing to do. */
import type { Reconciler } from "../core.ts";
import type { VppDesired, VppObserved, VppStep } from "./model.ts";

export const vppOff: Reconciler<VppDesired, VppObserved, VppStep> = {
  plane: "vpp",
  observe: async () => ({}),
  plan: () => ({ steps: [], foreign: [], problems: [], notes: [] }),
  describe: ({ id }) => id,
  async *apply() {
    // There are no steps.
  },
};
