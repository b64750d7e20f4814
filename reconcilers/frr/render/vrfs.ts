/** VRFs of FRR: their static routes, and their instances of BGP, which have the same words as the default one. */
import type { Machine } from "../../../schemas/machine.ts";
import { renderBgp } from "./bgp.ts";
import { applying, block, type RenderContext, valued } from "./lines.ts";
import { keptLine, routeLines } from "./static.ts";

/** An interface is called as Linux calls it: none of those that have another name here is in a VRF of FRR. */
export function renderVrfs(machine: Machine, all: RenderContext): readonly string[] {
  const context = { ...all, linux: (name: string) => name };
  return Object.entries(machine.routing.vrfs).flatMap(([name, { static: routes, bgp }]) => {
    const asked = applying(routes, context.versions);
    const taken = new Set(asked.map(([prefix]) => prefix));
    const kept = Object.entries(bgp?.announce ?? {}).filter(([prefix, one]) => one.blackhole && !taken.has(prefix));
    const imports = [
      ...valued(bgp?.import?.["route-map"], "import vrf route-map"),
      ...(bgp?.import?.from ?? []).map((vrf) => `import vrf ${vrf}`),
    ];
    return [
      ...block(`vrf ${name}`, [
        ...asked.flatMap(([prefix, route]) => routeLines(prefix, route, context)),
        ...kept.map(([prefix]) => keptLine(prefix)),
      ]),
      ...(bgp ? renderBgp(machine, bgp, context, { name, imports }) : []),
    ];
  });
}
