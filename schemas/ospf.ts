/** OSPFv2 and OSPFv3: areas, interfaces, what they take in from other protocols. */
import { z } from "zod";
import { UseBfd } from "./bfd.ts";
import type { Defaults } from "./defaults.ts";
import { Expect } from "./expect.ts";
import { Maintenance } from "./maintenance.ts";
import { InterfaceRef, Ipv4Address, Ipv4Prefix, Ipv6Prefix, Name, SecretRef, whole } from "./primitives.ts";

const Area = z
  .string()
  .regex(/^(0|[1-9]\d{0,2})(\.(0|[1-9]\d{0,2})){3}$/, 'must be an area written as an address, as in "0.0.0.0"')
  .meta({ description: "Area, written as an address.", examples: ["0.0.0.0"] });

const areaKind = z
  .enum(["normal", "stub", "stub-no-summary", "nssa", "nssa-no-summary"])
  .default("normal")
  .meta({ description: "Which external routes the area sees." });

/** What an interface has in both versions. */
const link = {
  area: Area.default("0.0.0.0"),
  passive: z.boolean().default(false).meta({ description: "Announces the network without forming adjacencies." }),
  cost: whole(1, 65_535, "a cost").optional(),
  network: z
    .enum(["broadcast", "point-to-point"])
    .optional()
    .meta({ description: "point-to-point: no designated router." }),
  priority: whole(0, 255).optional().meta({ description: "For the election of the designated router; 0: never." }),
  "hello-seconds": whole(1, 65_535, "seconds").optional(),
  "dead-seconds": whole(1, 65_535, "seconds").optional(),
  "mtu-ignore": z.boolean().default(false).meta({ description: "Neighbours may have another MTU." }),
  bfd: UseBfd.optional(),
  maintenance: Maintenance,
  expect: Expect,
};

const Authentication = z
  .strictObject({
    "key-id": whole(1, 255, "a key ID").default(1),
    key: SecretRef,
  })
  .meta({ description: "MD5 key by reference." });

const metric = whole(0, 16_777_214, "a metric");

/** What the instances of both versions have, but for redistribution, whose protocols differ. */
function instance(d: Defaults) {
  const external = {
    metric: metric.optional(),
    "metric-type": z
      .enum(["type-1", "type-2"])
      .default(d.ospf["metric-type"])
      .meta({ description: "type-1 adds the cost on the way; type-2 does not." }),
    "route-map": Name.optional(),
  };
  return {
    external,
    shape: {
      "router-id": Ipv4Address.optional().meta({ description: "By default routing.router-id." }),
      "reference-bandwidth": whole(1, 4_294_967, "Mbit/s")
        .default(d.ospf["reference-bandwidth"])
        .meta({ description: "Mbit/s that cost 1." }),
      "default-originate": z
        .strictObject({
          always: z.boolean().default(false).meta({ description: "Also without having one." }),
          ...external,
        })
        .optional()
        .meta({ description: "Announces a default route; always: also without having one." }),
      distance: whole(1, 255, "a distance").optional(),
      "log-adjacency-changes": z
        .boolean()
        .default(true)
        .meta({ description: "Logs adjacencies that come up or go down." }),
      "max-paths": whole(1, 64, "equal paths").optional(),
    },
  };
}

/** `prefix`: of the family whose networks an area sums up. */
function areas(prefix: typeof Ipv4Prefix) {
  return z
    .record(
      Area,
      z.strictObject({
        kind: areaKind,
        ranges: z.array(prefix).default([]).meta({ description: "Sums that leave the area." }),
      }),
    )
    .default({})
    .meta({ description: "Areas that are not plain: kind, and ranges that sum up their networks." });
}

function redistribute<S extends z.ZodRawShape>(external: S) {
  return z
    .partialRecord(z.enum(["connected", "static", "kernel", "bgp"]), z.strictObject(external))
    .default({})
    .meta({ description: "Routes of other protocols to take in." });
}

export function ospfSchema(d: Defaults) {
  const { external, shape } = instance(d);
  return z
    .strictObject({
      ...shape,
      areas: areas(Ipv4Prefix),
      interfaces: z
        .record(InterfaceRef, z.strictObject({ ...link, authentication: Authentication.optional() }))
        .default({})
        .meta({ description: "Interfaces that take part." }),
      redistribute: redistribute(external),
    })
    .meta({ description: "OSPFv2, for IPv4." });
}
export type Ospf = z.infer<ReturnType<typeof ospfSchema>>;

export function ospf3Schema(d: Defaults) {
  const { external, shape } = instance(d);
  return z
    .strictObject({
      ...shape,
      areas: areas(Ipv6Prefix),
      interfaces: z
        .record(InterfaceRef, z.strictObject(link))
        .default({})
        .meta({ description: "Interfaces that take part." }),
      redistribute: redistribute(external),
    })
    .meta({ description: "OSPFv3, for IPv6." });
}
export type Ospf3 = z.infer<ReturnType<typeof ospf3Schema>>;
