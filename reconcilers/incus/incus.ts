/** The plane of Incus: the containers' bridge, and the instances that services run in. */
import type { Reconciler } from "../core.ts";
import { applyIncus } from "./apply.ts";
import { describeStep } from "./describe.ts";
import { asDesired, difference, goingBack } from "./difference.ts";
import type { IncusDesired, IncusObserved, IncusStep } from "./model.ts";
import { observeIncus } from "./observe.ts";
import { planIncus } from "./plan.ts";

/** `socket` is where Incus's API is asked. */
export function incus({ socket }: { readonly socket: string }): Reconciler<IncusDesired, IncusObserved, IncusStep> {
  return {
    plane: "incus",
    observe: (host, signal) => observeIncus(host, socket, signal),
    plan: planIncus,
    asDesired,
    goingBack,
    difference,
    describe: describeStep,
    apply: (steps, host, signal) => applyIncus(steps, host, socket, signal),
  };
}

/** Where Incus is somebody else's: it sees nothing, and has nothing to do. */
export const incusOff: Reconciler<IncusDesired, IncusObserved, IncusStep> = {
  plane: "incus",
  observe: async () => ({ objects: [] }),
  plan: () => ({ steps: [], foreign: [], problems: [], notes: [] }),
  describe: describeStep,
  async *apply() {
    // There are no steps.
  },
};
