/** FRR's plane: the reconciler, put together. */
import type { Reconciler } from "../core.ts";
import { applyFrr } from "./apply.ts";
import { censusOf } from "./census.ts";
import { describeStep } from "./describe.ts";
import { incarnationOf } from "./incarnation.ts";
import { liveChanges, liveChangesText } from "./live-changes.ts";
import type { FrrDesired, FrrObserved, FrrStep } from "./model.ts";
import { observeFrr } from "./observe.ts";
import { planFrr } from "./plan.ts";

/** `sockets` is the folder of the daemons' vty sockets: "/var/run/frr". */
export function frr(options: { readonly sockets: string }): Reconciler<FrrDesired, FrrObserved, FrrStep> {
  return {
    plane: "frr",
    observe: (host, signal) => observeFrr(host, options.sockets, signal),
    plan: planFrr,
    asDesired: (observed) => ({ config: observed.config }),
    census: censusOf,
    difference: (desired, live, owned) =>
      liveChangesText(
        liveChanges(
          desired.config,
          live.config,
          owned.map((one) => one.config),
        ),
      ),
    incarnation: (host) => incarnationOf(host, options.sockets),
    describe: describeStep,
    apply: (steps, host, signal) => applyFrr(steps, host, options.sockets, signal),
  };
}
