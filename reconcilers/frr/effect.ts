/**
 * When a changed filter acts: bgpd waits for its delay-timer after the last change of a route-map or list (5 s, bgpd.h), then asks
 * peers to send anew, or sends anew itself. Seen on 8.4.4: what comes in has changed by the seventh second.
 */
import type { Step } from "../core.ts";

const usualDelayMs = 5000;
/** For peers that are asked to send anew, and answer. */
const refreshMs = 5000;

const filters =
  /^frr\/(?:route-map |(?:ip|ipv6) prefix-list |(?:ipv6 )?access-list |bgp (?:as-path access-list|\S*community-list) |.*\/neighbor )/;

/** In milliseconds from the last step on; 0: none of these steps is about a filter. `config`: what FRR is to run. */
export function filtersActAfterMs(steps: readonly Pick<Step, "id">[], config: string): number {
  if (!steps.some(({ id }) => filters.test(id))) return 0;
  const seconds = /^bgp route-map delay-timer (\d+)$/m.exec(config)?.[1];
  return (seconds === undefined ? usualDelayMs : Number(seconds) * 1000) + refreshMs;
}
