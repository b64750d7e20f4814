/** What routed interfaces of core have: addresses, router advertisements, unicast RPF, ACLs and policers. Pure. */
import type { RouterAdvertisements } from "../../../schemas/layer3.ts";
import type { Machine } from "../../../schemas/machine.ts";
import type { Port } from "../../../schemas/ports.ts";
import { cidrOf } from "../../../schemas/semantics/networks.ts";
import { isLinkLocal } from "../../../schemas/semantics/view.ts";
import type { AdvertisedPrefix, VppObject } from "../model.ts";
import { isUsual } from "../wire/advertisements.ts";

/** `vrfs`: of the machine. */
export function renderLayer3(port: Port, vrfs: Machine["vrfs"]): readonly VppObject[] {
  const { ref: on, settings, role } = port;
  const { acl, policer, "router-advertisements": ra, "unicast-rpf": mode } = settings;
  const addresses = role === "routed" ? settings.addresses : [];
  const families = (["ipv4", "ipv6"] as const).filter((family) =>
    addresses.some((text) => cidrOf(text)?.family === family),
  );
  const { unnumbered: as, neighbors } = settings;
  const place = tableOf(port, vrfs);
  return [
    ...(place === undefined ? [] : membersOf(on, place.table)),
    ...addresses.map((text) => addressOf(on, text, place)),
    ...(role === "routed" && as !== undefined ? [{ kind: "unnumbered", on, as, ...place } as const] : []),
    ...(role === "routed"
      ? Object.entries(neighbors).map(([address, mac]) => ({ kind: "neighbor", on, address, mac, ...place }) as const)
      : []),
    // What is down says nothing, and behind a tap has no IPv6.
    ...(ra && families.includes("ipv6") && isUp(port) ? advertisementsOf(on, addresses, ra) : []),
    ...(mode ? families.map((family) => ({ kind: "unicast-rpf", on, family, mode }) as const) : []),
    ...(acl.in.length + acl.out.length > 0 ? [{ kind: "interface-acls", on, in: acl.in, out: acl.out } as const] : []),
    ...(["in", "out"] as const).flatMap((direction) => {
      const name = policer[direction];
      return name === undefined ? [] : [{ kind: "policer-use", on, direction, policer: name } as const];
    }),
  ];
}

function isUp({ settings, parent }: Port): boolean {
  return settings.enabled && parent?.settings.enabled !== false;
}

/** Where things on a routed interface stand; undefined in the main table. */
export function tableOf(
  { settings: { vrf }, role }: Pick<Port, "settings" | "role">,
  vrfs: Machine["vrfs"],
): { readonly table: number } | undefined {
  const table = vrf === undefined || role !== "routed" ? undefined : vrfs[vrf]?.table;
  return table === undefined ? undefined : { table };
}

function membersOf(on: string, table: number): readonly VppObject[] {
  return (["ipv4", "ipv6"] as const).map((family) => ({ kind: "vrf-member", on, family, table }));
}

/** VPP takes a link-local address with /128 only, and has it in no table. */
function addressOf(on: string, text: string, place: { readonly table: number } | undefined): VppObject {
  if (isLinkLocal(text)) return { kind: "address", on, address: text.replace(/\/.*$/, "/128") };
  return { kind: "address", on, address: text, ...place };
}

/** A router is a default one for three times as long as it may be silent (RFC 4861, section 6.2.1). */
export function advertisementsOf(
  on: string,
  addresses: readonly string[],
  ra: RouterAdvertisements,
): readonly VppObject[] {
  const { "max-interval": maxInterval, "min-interval": minInterval, managed, other, suppress, prefixes } = ra;
  const lifetime = ra["lifetime-seconds"] ?? 3 * maxInterval;
  const given = Object.entries(prefixes).map(([prefix, one]): AdvertisedPrefix => ({
    kind: "advertised-prefix",
    on,
    prefix,
    valid: one["valid-lifetime"],
    preferred: one["preferred-lifetime"],
    onLink: one["on-link"],
    autonomous: one.autonomous,
  }));
  const asked = { sends: !suppress, maxInterval, minInterval, lifetime, managed, other };
  return [
    ...(isUsual(asked) ? [] : [{ kind: "router-advertisements", on, ...asked } as const]),
    ...(given.length > 0 ? given : ownPrefixes(on, addresses)),
  ];
}

/** RFC 4861's lifetimes: 30 and 7 days. */
const lifetimes = { valid: 2_592_000, preferred: 604_800 };

function ownPrefixes(on: string, addresses: readonly string[]): readonly AdvertisedPrefix[] {
  const networks = addresses
    .flatMap((text) => cidrOf(text) ?? [])
    .filter(({ family, length, address }) => family === "ipv6" && length === 64 && !isLinkLocal(address))
    .map(({ network }) => network);
  return [...new Set(networks)].map((prefix) => ({
    kind: "advertised-prefix",
    on,
    prefix,
    ...lifetimes,
    onLink: true,
    autonomous: true,
  }));
}
