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
import { rehearsal } from "./rehearse.ts";
import { warmScratches } from "./scratches.ts";

export interface FrrPlaces {
  /** The folder of the daemons' vty sockets: "/var/run/frr". */
  readonly sockets: string;
  /** Where a scratch FRR may live, to try on it what is desired; none is asked unless given. */
  readonly scratch?: string;
}

export function frr({ sockets, scratch }: FrrPlaces): Reconciler<FrrDesired, FrrObserved, FrrStep> {
  return {
    plane: "frr",
    observe: (host, signal) => observeFrr(host, sockets, signal),
    plan: planFrr,
    ...(scratch !== undefined && { rehearse: rehearsal((host) => warmScratches(scratch, host)) }),
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
    incarnation: (host) => incarnationOf(host, sockets),
    describe: describeStep,
    apply: (steps, host, signal) => applyFrr(steps, host, sockets, signal),
  };
}
