/** Address translation in VPP's second instance, joined to the first by memif: det44 (carrier-grade NAT) and NAT64. */
import { z } from "zod";
import type { Defaults } from "./defaults.ts";
import { Cidr, InterfaceRef, Ipv4Prefix, Ipv6Prefix, Line, Name, whole } from "./primitives.ts";

function link(d: { readonly core: string; readonly nat: string }) {
  return z
    .strictObject({ core: Cidr.default(d.core), nat: Cidr.default(d.nat) })
    .prefault({})
    .meta({ description: "Both ends of one memif link." });
}

function links(d: Defaults["nat"]["det44" | "nat64"]) {
  return z
    .strictObject({ internal: link(d.internal), external: link(d.external) })
    .prefault({})
    .meta({ description: "memif links: internal carries what is steered here, external what was translated." });
}

const Pool = z
  .strictObject({
    description: Line.optional(),
    prefix: Ipv4Prefix,
    announce: z.boolean().default(true).meta({ description: "Announced by BGP while it is routed." }),
  })
  .meta({ description: "Public addresses to translate to." });
const Pools = z.record(Name, Pool).meta({ description: "Pools by name." });

function det44(d: Defaults) {
  return z
    .strictObject({
      inside: z
        .array(InterfaceRef)
        .default([])
        .meta({ description: 'Interfaces whose networks are translated; "containers" stands by itself.' }),
      pools: Pools,
      mappings: z
        .record(
          Name,
          z.strictObject({
            description: Line.optional(),
            source: Ipv4Prefix.meta({ description: "Private network." }),
            pool: Name.meta({ description: "Name under pools." }),
          }),
        )
        .meta({ description: "Which private network is translated to which pool, by name." }),
      bypass: z
        .record(Name, z.strictObject({ source: Ipv4Prefix, destination: Ipv4Prefix }))
        .default({})
        .meta({ description: "Pairs of networks between which nothing is translated." }),
      links: links(d.nat.det44),
      timeouts: z
        .strictObject({
          udp: whole(1, 86_400, "seconds").default(d.nat.timeouts.udp),
          "tcp-established": whole(1, 604_800, "seconds").default(d.nat.timeouts["tcp-established"]),
          "tcp-transitory": whole(1, 86_400, "seconds").default(d.nat.timeouts["tcp-transitory"]),
          icmp: whole(1, 86_400, "seconds").default(d.nat.timeouts.icmp),
        })
        .prefault({})
        .meta({ description: "Seconds after which unused sessions are forgotten." }),
    })
    .meta({ description: "Deterministic NAT44: every inside address has a fixed share of the pool's ports." });
}

function nat64(d: Defaults) {
  return z
    .strictObject({
      prefix: Ipv6Prefix.default(d.nat["nat64-prefix"]).meta({
        description: "Prefix that stands for IPv4 (RFC 6052).",
      }),
      pools: Pools,
      inside: z
        .array(InterfaceRef)
        .optional()
        .meta({ description: "Interfaces of IPv6-only clients; by default all that have IPv6." }),
      links: links(d.nat.nat64),
    })
    .meta({ description: "NAT64: IPv6-only clients reach IPv4." });
}

export function natSchema(d: Defaults) {
  return z
    .strictObject({ det44: det44(d).optional(), nat64: nat64(d).optional() })
    .meta({ description: "Address translation." });
}
export type Nat = z.infer<ReturnType<typeof natSchema>>;
