/** How fast counters rise, over the last looks: a look sees only how far they are. */
import type { VppSight, VppSights } from "./vpp-sight.ts";
import { instances, type InstanceName } from "../../reconcilers/vpp/model.ts";

export interface Rates {
  /** Takes in what a look saw, at `now` of the uptime. */
  saw(sights: VppSights, now: number): void;
  /** Errors a second of the last ten seconds, or more where looks are seldom; undefined: nobody looked for so long. */
  of(instance: InstanceName): number | undefined;
}

const windowMs = 10_000;

interface Sample extends Pick<VppSight, "errors" | "incarnation"> {
  readonly at: number;
}

export function startRates(): Rates {
  const samples = new Map<InstanceName, readonly Sample[]>();
  return {
    saw(sights, now) {
      for (const instance of instances) {
        const sight = sights[instance];
        if (sight === undefined || typeof sight === "string") continue;
        const { errors, incarnation } = sight;
        // A VPP that started anew counts from the beginning.
        const known = (samples.get(instance) ?? []).filter((one) => one.incarnation === incarnation);
        const oldest = known.findLast(({ at }) => at <= now - windowMs);
        const kept = known.filter(({ at }) => oldest === undefined || at >= oldest.at);
        samples.set(instance, [...kept, { at: now, errors, incarnation }]);
      }
    },
    of(instance) {
      const known = samples.get(instance) ?? [];
      const [first, last] = [known[0], known.at(-1)];
      if (!first || !last || last.at - first.at < windowMs) return undefined;
      return Math.max(0, ((last.errors - first.errors) * 1000) / (last.at - first.at));
    },
  };
}
