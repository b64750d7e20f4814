/** Rules about det44 and NAT64. */
import type { Nat } from "../nat.ts";
import type { ParsedCidr } from "../primitives.ts";
import { cidrOf, covers, isPrivate, networks, overlaps } from "./networks.ts";
import type { Report } from "./rules.ts";
import type { View } from "./view.ts";

export function checkNat(view: View, report: Report): void {
  const { nat } = view.machine;
  if (!nat) return;
  checkPools(view, nat, report);
  checkLinks(nat, report);
  if (nat.det44) {
    checkMappings(nat.det44, report);
    checkInside(view, nat.det44, report);
  }
  checkNat64(view, nat, report);
}

type Det44 = NonNullable<Nat["det44"]>;

function checkPools({ own }: View, nat: Nat, report: Report): void {
  const pools = (["det44", "nat64"] as const).flatMap((kind) =>
    Object.entries(nat[kind]?.pools ?? {}).flatMap(([name, { prefix }]) => {
      const cidr = cidrOf(prefix);
      return cidr ? [{ cidr, name, path: ["nat", kind, "pools", name, "prefix"] }] : [];
    }),
  );
  for (const [pool, other] of overlaps(pools))
    report(
      "nat-pool-overlap",
      pool.path,
      `${pool.cidr.network} overlaps ${other.cidr.network} of the pool ${other.name}`,
    );
  for (const { cidr, path } of pools) {
    if (isPrivate(cidr.network)) report("nat-pool-private", path, `${cidr.network} is private`);
    const link = own.find((one) => covers(cidr, one.cidr) || covers(one.cidr, cidr));
    if (link) report("nat-pool-connected", path, `${cidr.network} overlaps ${link.cidr.network} of ${link.on}`);
  }
}

function checkMappings({ mappings, pools }: Det44, report: Report): void {
  const users = new Map<string, string>();
  const sources: { cidr: ParsedCidr; name: string }[] = [];
  for (const [name, { source, pool }] of Object.entries(mappings)) {
    const path = ["nat", "det44", "mappings", name];
    const cidr = cidrOf(source);
    if (!cidr) continue;
    sources.push({ cidr, name });
    if (!isPrivate(source)) report("nat-source-public", [...path, "source"], `${source} is public`);
    const other = users.get(pool);
    if (other !== undefined) report("nat-pool-shared", [...path, "pool"], `${pool} is the pool of ${other} already`);
    users.set(pool, other ?? name);
    const size = Object.hasOwn(pools, pool) ? cidrOf(pools[pool]?.prefix ?? "") : undefined;
    if (!size) continue;
    if (size.length < cidr.length)
      report("nat-pool-size", [...path, "pool"], `${size.network} is larger than the source ${source}`);
    // Ports 1024 to 65535 are shared by 2^(difference) sources.
    else if (size.length - cidr.length > 15)
      report("nat-pool-size", [...path, "pool"], `${size.network} has too few ports for ${source}`);
  }
  for (const [inner, outer] of overlaps(sources))
    report(
      "nat-source-overlap",
      ["nat", "det44", "mappings", inner.name, "source"],
      `${inner.cidr.network} overlaps ${outer.cidr.network} of ${outer.name}`,
    );
}

function checkInside({ machine, ports }: View, det44: Det44, report: Report): void {
  const mapped = networks(
    Object.values(det44.mappings).flatMap(({ source }) => {
      const cidr = cidrOf(source);
      return cidr ? [[cidr, source] as const] : [];
    }),
  );
  const seen = new Set<string>();
  for (const [index, ref] of det44.inside.entries()) {
    const path = ["nat", "det44", "inside", index];
    if (seen.has(ref)) report("nat-inside-twice", path, `${ref} is named before`);
    seen.add(ref);
    for (const text of ports.get(ref)?.settings.addresses ?? []) {
      const cidr = cidrOf(text);
      if (cidr?.family === "ipv4" && mapped.find(cidr.network) === undefined)
        report("nat-unmapped", path, `no mapping has ${cidr.network} of ${ref}`);
    }
  }
  const { containers } = machine;
  if (containers?.nat && mapped.find(containers.network) === undefined)
    report("nat-unmapped", ["containers", "network"], `no mapping has the containers' ${containers.network}`);
  for (const [name, { source }] of Object.entries(det44.bypass)) {
    const cidr = cidrOf(source);
    const touches = Object.values(det44.mappings).some((mapping) => {
      const other = cidrOf(mapping.source);
      return cidr && other && (covers(cidr, other) || covers(other, cidr));
    });
    if (!touches)
      report("nat-bypass-unused", ["nat", "det44", "bypass", name, "source"], `no mapping translates ${source}`);
  }
}

function checkLinks(nat: Nat, report: Report): void {
  for (const kind of ["det44", "nat64"] as const) {
    for (const end of ["internal", "external"] as const) {
      const link = nat[kind]?.links[end];
      const core = cidrOf(link?.core ?? "");
      const other = cidrOf(link?.nat ?? "");
      if (!core || !other || (core.network === other.network && core.address !== other.address)) continue;
      const what =
        core.address === other.address ? "both ends have one address" : `${other.address} is not in ${core.network}`;
      report("nat-link", ["nat", kind, "links", end, "nat"], what);
    }
  }
}

function checkNat64({ own }: View, { nat64 }: Nat, report: Report): void {
  const prefix = cidrOf(nat64?.prefix ?? "");
  if (!prefix) return;
  const path = ["nat", "nat64", "prefix"];
  if (![32, 40, 48, 56, 64, 96].includes(prefix.length))
    report("nat64-prefix", path, `/${prefix.length} is none of these lengths`);
  const link = own.find(({ cidr }) => covers(prefix, cidr) || covers(cidr, prefix));
  if (link) report("nat-pool-connected", path, `${prefix.network} overlaps ${link.cidr.network} of ${link.on}`);
}
