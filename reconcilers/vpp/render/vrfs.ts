/** VRFs: the tables of core, for both families, and their routes. Pure. */
import type { Machine } from "../../../schemas/machine.ts";
import type { Hop, VppObject } from "../model.ts";

export function renderVrfs({ vrfs }: Machine): readonly VppObject[] {
  return Object.values(vrfs).flatMap(({ table, routes }): readonly VppObject[] => [
    ...(["ipv4", "ipv6"] as const).map((family) => ({ kind: "vrf", table, family }) as const),
    ...Object.entries(routes).map(
      ([prefix, route]) => ({ kind: "route", table, prefix, paths: hopsOf(route) }) as const,
    ),
  ]);
}

/** Sorted as VPP's are; none: what goes there is dropped. */
function hopsOf({ via, interface: out }: Machine["vrfs"][string]["routes"][string]): readonly Hop[] {
  const over = out === undefined ? {} : { interface: out };
  if (via === undefined) return out === undefined ? [] : [over];
  return via.toSorted().map((hop) => ({ via: hop, ...over }));
}
