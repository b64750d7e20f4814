/** What every interface of the dataplane has, be it physical, bond, VLAN, loopback or BVI. */
import { z } from "zod";
import type { Defaults } from "./defaults.ts";
import { Expect } from "./expect.ts";
import {
  Address,
  Cidr,
  distinct,
  InterfaceRef,
  Ipv6Prefix,
  Line,
  LinuxName,
  Mac,
  Mtu,
  Name,
  whole,
} from "./primitives.ts";

function routerAdvertisements(d: Defaults["router-advertisements"]) {
  return z
    .strictObject({
      suppress: z.boolean().default(false).meta({ description: "Keeps the settings but sends nothing." }),
      "max-interval": whole(4, 1800, "seconds")
        .default(d["max-interval"])
        .meta({ description: "Seconds between two of them, at most." }),
      "min-interval": whole(3, 1350, "seconds")
        .default(d["min-interval"])
        .meta({ description: "Seconds between two of them, at least." }),
      "lifetime-seconds": whole(0, 9000, "seconds").optional().meta({ description: "As default router; 0: not one." }),
      managed: z.boolean().default(false).meta({ description: "Hosts get addresses by DHCPv6." }),
      other: z.boolean().default(false).meta({ description: "Hosts get other settings by DHCPv6." }),
      prefixes: z
        .record(
          Ipv6Prefix,
          z.strictObject({
            "valid-lifetime": whole(0, 4_294_967_295, "seconds")
              .default(d["valid-lifetime"])
              .meta({ description: "Seconds for which hosts keep addresses of it." }),
            "preferred-lifetime": whole(0, 4_294_967_295, "seconds")
              .default(d["preferred-lifetime"])
              .meta({ description: "Seconds for which hosts use it for new connections." }),
            "on-link": z.boolean().default(true).meta({ description: "Hosts reach it without a router." }),
            autonomous: z.boolean().default(true).meta({ description: "Hosts may make addresses from it (SLAAC)." }),
          }),
        )
        .default({})
        .meta({ description: "Prefixes to advertise; by default the interface's own /64 networks." }),
    })
    .check((ctx) => {
      const { "max-interval": most, "min-interval": least, "lifetime-seconds": lifetime } = ctx.value;
      if (lifetime !== undefined && lifetime !== 0 && lifetime <= most) {
        const message = `must be 0, or more than max-interval: ${most} (RFC 4861)`;
        ctx.issues.push({ code: "custom", path: ["lifetime-seconds"], message, input: ctx.value });
      }
      if (least <= most * 0.75) return;
      const message = `must be at most three quarters of max-interval: ${Math.floor(most * 0.75)} (RFC 4861)`;
      ctx.issues.push({ code: "custom", path: ["min-interval"], message, input: ctx.value });
    })
    .meta({ description: "IPv6 router advertisements. Without this section none are sent." });
}
export type RouterAdvertisements = z.infer<ReturnType<typeof routerAdvertisements>>;

/** Of a list in which one stands twice VPP keeps half: packets that leave pass unfiltered then. */
const inOut = z.strictObject({
  in: z.array(Name).check(distinct).default([]).meta({ description: "Names under acls, in the order they are tried." }),
  out: z.array(Name).check(distinct).default([]).meta({ description: "The same for packets that leave." }),
});

/** The keys that they share. A sub-interface without an MTU has its parent's, a loopback or BVI the built-in one. */
export function layer3(d: Defaults) {
  return {
    description: Line.optional(),
    enabled: z.boolean().default(true).meta({ description: "false: administratively down." }),
    expect: Expect,
    mtu: Mtu.optional(),
    vrf: Name.optional().meta({
      description: "Name under vrfs; without it, in the main table. FRR does not see it then.",
    }),
    addresses: z.array(Cidr).default([]).meta({ description: "IPv4 and IPv6 addresses with prefix length." }),
    unnumbered: InterfaceRef.optional().meta({ description: "Instead of addresses: it has those of this interface." }),
    neighbors: z
      .record(Address, Mac)
      .default({})
      .meta({ description: "Static neighbours: address to MAC address. Others are learnt." }),
    anycast: z.boolean().default(false).meta({ description: "Other appliances may have the same addresses." }),
    "linux-cp": z
      .union([LinuxName, z.literal(false)], {
        error: "must be a Linux interface name of at most 15 characters, or false",
      })
      .optional()
      .meta({ description: "Name of the interface that FRR sees; by default the interface's own. false: none." }),
    "router-advertisements": routerAdvertisements(d["router-advertisements"]).optional(),
    acl: inOut.prefault({}).meta({ description: "ACLs on the interface." }),
    policer: z
      .strictObject({ in: Name.optional(), out: Name.optional() })
      .prefault({})
      .meta({ description: "Policers on the interface." }),
    "unicast-rpf": z
      .enum(["strict", "loose"])
      .optional()
      .meta({ description: "Drops what comes from a source that is not routed here (strict) or nowhere (loose)." }),
  };
}
