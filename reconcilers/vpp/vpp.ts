/** VPP's plane: the reconciler, put together. */
import type { Reconciler } from "../core.ts";
import { censusOf } from "./census.ts";
import { describeStep } from "./describe.ts";
import { asDesired, difference, goingBack } from "./difference.ts";
import { applyVpp, incarnationOfVpp, observeVpp, type VppPlaces } from "./instances.ts";
import type { VppDesired, VppObserved, VppStep } from "./model.ts";
import { planVpp } from "./plan.ts";

export function vpp(places: VppPlaces): Reconciler<VppDesired, VppObserved, VppStep> {
  return {
    plane: "vpp",
    observe: (host, signal) => observeVpp(host, places, signal),
    plan: planVpp,
    asDesired,
    goingBack,
    incarnation: (host, signal) => incarnationOfVpp(host, places, signal),
    census: censusOf,
    difference,
    describe: describeStep,
    apply: (steps, host, signal) => applyVpp(steps, host, places, signal),
  };
}
