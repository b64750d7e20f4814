/** Static routes: those that were asked for, and those that keep announced prefixes in the table. */
import type { Machine } from "../../../schemas/machine.ts";
import type { StaticRoute, VrfStaticRoute } from "../../../schemas/static-routes.ts";
import { applying, type RenderContext, valued, when } from "./lines.ts";

/** Behind every real route of the same prefix. */
const lastResort = 254;

export function renderStatic(machine: Machine, context: RenderContext): readonly string[] {
  const { routing } = machine;
  const asked = applying(routing.static, context.versions);
  const taken = new Set(asked.map(([prefix]) => prefix));
  const pools = announcedPools(machine).filter(({ prefix }) => !taken.has(prefix));
  for (const { prefix } of pools) taken.add(prefix);
  const kept = Object.entries(routing.bgp?.announce ?? {}).filter(
    ([prefix, { blackhole }]) => blackhole && !taken.has(prefix),
  );
  return [
    ...asked.flatMap(([prefix, route]) => routeLines(prefix, route, context)),
    ...pools.map(({ prefix, via }) => `${command(prefix)} ${prefix} ${via}`),
    ...kept.map(([prefix]) => keptLine(prefix)),
  ];
}

/** A line for each next hop. */
export function routeLines(
  prefix: string,
  route: StaticRoute & Pick<VrfStaticRoute, "next-hop-vrf">,
  context: Pick<RenderContext, "linux">,
): readonly string[] {
  const out = route.interface === undefined ? "" : context.linux(route.interface);
  const hops = (route.via ?? [""]).map((via) => [via, out].filter((word) => word !== "").join(" "));
  const targets = route.discard === undefined ? hops : [route.discard];
  const distance = route.distance === 1 ? undefined : route.distance;
  const options = [
    ...valued(route.tag, " tag"),
    ...(distance === undefined ? [] : [` ${distance}`]),
    ...valued(route["next-hop-vrf"], " nexthop-vrf"),
    ...when(route.bfd, " bfd"),
    ...when(typeof route.bfd === "string", ` profile ${route.bfd}`),
  ].join("");
  return targets.map((target) => `${command(prefix)} ${prefix} ${target}${options}`);
}

/** What keeps an announced prefix in the table. */
export function keptLine(prefix: string): string {
  return `${command(prefix)} ${prefix} blackhole ${lastResort}`;
}

function command(prefix: string): string {
  return prefix.includes(":") ? "ipv6 route" : "ip route";
}

/** NAT pools that BGP announces while the way to the NAT instance is there: over its end of the external link. */
export function announcedPools(machine: Machine): readonly { readonly prefix: string; readonly via: string }[] {
  if (machine.routing.bgp === undefined) return [];
  const announced = machine.routing.bgp.announce;
  return [machine.nat?.det44, machine.nat?.nat64].flatMap((module) =>
    Object.values(module?.pools ?? {})
      .filter((pool) => pool.announce && announced[pool.prefix] === undefined)
      .map((pool) => ({ prefix: pool.prefix, via: module?.links.external.nat.replace(/\/.*$/, "") ?? "" })),
  );
}
