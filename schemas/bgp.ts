/** BGP: the instance, peer-groups and peers. What a peer leaves out comes from its group, and from FRR after that. */
import { z } from "zod";
import { UseBfd } from "./bfd.ts";
import type { Defaults } from "./defaults.ts";
import { Expect } from "./expect.ts";
import { Hygiene, hygieneSchema } from "./hygiene.ts";
import { Maintenance } from "./maintenance.ts";
import {
  Address,
  Asn,
  InterfaceRef,
  Ipv4Address,
  Line,
  LineOrNone,
  Name,
  Prefix,
  SecretRef,
  whole,
} from "./primitives.ts";
import { When } from "./when.ts";

const inOut = z.strictObject({ in: Name.optional(), out: Name.optional() });

const MaxPrefix = z
  .strictObject({
    limit: whole(1, 4_294_967_295, "a number of prefixes"),
    "warning-percent": whole(1, 100).optional().meta({ description: "Warns from this share of the limit on." }),
    "warning-only": z.boolean().default(false).meta({ description: "Warns instead of closing the session." }),
    "restart-minutes": whole(1, 65_535).optional().meta({ description: "Opens the session again after this." }),
  })
  .meta({ description: "How many prefixes the peer may send." });

const AddressFamily = z
  .strictObject({
    activate: z.boolean().optional().meta({
      description:
        "Carries this family; by default the family of its address, and one that the peer itself has a section for.",
    }),
    "route-map": inOut.optional().meta({ description: "Route-maps, in and out." }),
    "prefix-list": inOut.optional().meta({ description: "Prefix-lists, in and out." }),
    "as-path-list": inOut.optional().meta({ description: "AS-path lists, in and out." }),
    "max-prefix": MaxPrefix.optional(),
    "next-hop-self": z.boolean().optional().meta({ description: "Announces itself as the next hop." }),
    "route-reflector-client": z.boolean().optional().meta({ description: "Reflects iBGP routes to and from it." }),
    "route-server-client": z.boolean().optional().meta({ description: "Hands routes on unchanged (RFC 7947)." }),
    "soft-reconfiguration": z.boolean().optional().meta({ description: "Keeps what the peer sent, unfiltered." }),
    "default-originate": z
      .union([z.boolean(), Name], { error: "must be true, false or the name of a route-map" })
      .optional()
      .meta({ description: "Sends a default route: true, or under the condition of a route-map." }),
    "remove-private-as": z.boolean().optional().meta({ description: "Takes private AS numbers out of paths sent." }),
    "allow-own-as": whole(1, 10).optional().meta({ description: "Takes paths with the own AS, this often." }),
    "send-community": z
      .enum(["standard", "extended", "large", "both", "all", "none"])
      .optional()
      .meta({ description: "Which communities are sent; both: standard and extended." }),
    "add-path": z.enum(["all", "best-per-as"]).optional().meta({ description: "Sends more than the best path." }),
    weight: whole(0, 65_535, "a weight").optional(),
  })
  .meta({ description: "What holds for one address family." });

const Timers = z
  .strictObject({
    "keepalive-seconds": whole(0, 65_535, "seconds"),
    "hold-seconds": whole(0, 65_535, "seconds"),
    "connect-seconds": whole(1, 65_535).optional().meta({ description: "Between attempts to connect." }),
  })
  .check((ctx) => {
    const { "hold-seconds": hold, "keepalive-seconds": keepalive } = ctx.value;
    const message =
      hold === 1 || hold === 2
        ? "must be 0 or at least 3 (RFC 4271)"
        : hold !== 0 && keepalive * 3 > hold
          ? `must be at least three times keepalive-seconds: ${keepalive * 3}`
          : undefined;
    if (message) ctx.issues.push({ code: "custom", path: ["hold-seconds"], message, input: ctx.value });
  })
  .meta({ description: "Session timers; act when the session opens the next time." });

const RemoteAs = z
  .union([Asn, z.enum(["internal", "external"])], { error: 'must be an AS number, "internal" or "external"' })
  .meta({ description: "The peer's AS number; internal: the own one; external: any other." });

/** What peers and peer-groups have in common. */
const session = {
  description: Line.optional(),
  kind: z
    .enum(["upstream", "peer", "customer", "route-server", "internal", "collector"])
    .optional()
    .meta({ description: "What the peer is to us: hygiene follows from it." }),
  hygiene: Hygiene.optional(),
  "remote-as": RemoteAs.optional(),
  "local-as": z
    .strictObject({
      asn: Asn,
      "no-prepend": z.boolean().default(false).meta({ description: "Not shown in paths that come in." }),
      "replace-as": z
        .boolean()
        .default(false)
        .meta({ description: "Stands instead of the own number in paths that go out." }),
    })
    .optional()
    .meta({ description: "Shows another AS number to the peer." }),
  "update-source": z
    .union([Address, InterfaceRef], { error: "must be an own address or an interface" })
    .optional()
    .meta({ description: "Own address or interface of the session." }),
  password: SecretRef.optional().meta({ description: "TCP MD5 password (RFC 2385) by reference." }),
  timers: Timers.optional(),
  bfd: UseBfd.optional(),
  "ebgp-multihop": whole(2, 255, "a number of hops").optional(),
  "ttl-security-hops": whole(1, 254, "a number of hops").optional().meta({ description: "GTSM (RFC 5082)." }),
  passive: z.boolean().optional().meta({ description: "Waits for the peer to connect." }),
  shutdown: z.boolean().optional().meta({ description: "Keeps the session down." }),
  "graceful-restart": z
    .enum(["restart", "helper", "off"])
    .optional()
    .meta({ description: "Instead of the instance's." }),
  "capability-extended-next-hop": z
    .boolean()
    .optional()
    .meta({ description: "IPv4 over an IPv6 next hop (RFC 8950)." }),
  "enforce-first-as": z.boolean().optional().meta({ description: "Refuses paths that do not begin with the peer." }),
  ipv4: AddressFamily.optional().meta({ description: "IPv4 unicast." }),
  ipv6: AddressFamily.optional().meta({ description: "IPv6 unicast." }),
  when: When.optional(),
};

export const PeerGroup = z.strictObject(session).meta({ description: "What several peers have in common." });
export type PeerGroup = z.infer<typeof PeerGroup>;

export const Peer = z
  .strictObject({
    address: Address.optional().meta({ description: "The peer's address." }),
    interface: InterfaceRef.optional().meta({
      description: "Without address: unnumbered, the peer found by its router advertisements. With one: for fe80::.",
    }),
    group: Name.optional().meta({ description: "Peer-group that it belongs to." }),
    ...session,
    description: LineOrNone.optional().meta({ description: "By default its name here; empty: FRR is told none." }),
    role: z
      .enum(["offered", "required"])
      .optional()
      .meta({ description: "Tells the peer our role, by its kind (RFC 9234); required: it has to tell its own." }),
    maintenance: Maintenance,
    expect: Expect,
  })
  .check((ctx) => {
    const problem = (message: string, path: string[] = []) =>
      ctx.issues.push({ code: "custom", path, message, input: ctx.value });
    const { address, interface: on, group } = ctx.value;
    if (address === undefined && on === undefined) problem("needs an address, or an interface (unnumbered)");
    if (group === undefined && ctx.value["remote-as"] === undefined) problem("needs remote-as, or a group that has it");
    if (ctx.value.role !== undefined && group !== undefined)
      problem("excludes a group: FRR 8.4 keeps no role of a member", ["role"]);
    if (ctx.value["ebgp-multihop"] !== undefined && ctx.value["ttl-security-hops"] !== undefined) {
      problem("excludes ebgp-multihop", ["ttl-security-hops"]);
    }
  })
  .meta({ description: "BGP peer." });
export type Peer = z.infer<typeof Peer>;

const Announcement = z
  .strictObject({
    "route-map": Name.optional().meta({ description: "Changes what is announced." }),
    blackhole: z
      .boolean()
      .default(true)
      .meta({ description: "A blackhole route keeps it announced. false: only while another route has it." }),
  })
  .meta({ description: "Announced prefix." });

const Redistribute = z.strictObject({
  "route-map": Name.optional(),
  metric: whole(0, 4_294_967_295, "a metric").optional(),
});
const redistribute = z
  .partialRecord(z.enum(["connected", "static", "kernel", "ospf", "ospf6"]), Redistribute)
  .default({})
  .meta({ description: "Routes of other protocols to take in. ospf is IPv4, ospf6 IPv6." });

const Aggregate = z.strictObject({
  "summary-only": z.boolean().default(false).meta({ description: "Holds back what it sums up." }),
  "as-set": z.boolean().default(false).meta({ description: "Keeps the AS numbers of what it sums up." }),
  "route-map": Name.optional().meta({ description: "Changes what is announced." }),
});

export function bgpSchema(d: Defaults) {
  return z
    .strictObject({
      asn: Asn,
      "router-id": Ipv4Address.optional().meta({ description: "By default routing.router-id." }),
      announce: z
        .record(Prefix, Announcement)
        .default({})
        .meta({ description: "Prefixes that this router announces, IPv4 and IPv6." }),
      aggregates: z.record(Prefix, Aggregate).default({}).meta({ description: "Sums of more specific routes." }),
      redistribute,
      "peer-groups": z.record(Name, PeerGroup).default({}).meta({ description: "Peer-groups by name." }),
      peers: z.record(Name, Peer).default({}).meta({ description: "Peers by name." }),
      timers: Timers.optional(),
      "graceful-restart": z
        .enum(["restart", "helper", "off"])
        .default(d.bgp["graceful-restart"])
        .meta({ description: "restart: keeps forwarding over a restart of its own; helper: over a peer's." }),
      "restart-seconds": whole(1, 4095, "seconds").default(d.bgp["restart-seconds"]),
      "ebgp-requires-policy": z
        .boolean()
        .default(d.bgp["ebgp-requires-policy"])
        .meta({ description: "Nothing goes over an eBGP session without a policy (RFC 8212)." }),
      "own-prefixes": z
        .array(Prefix)
        .default([])
        .meta({ description: "Own prefixes, beside those that are announced, summed up or NAT pools here." }),
      hygiene: hygieneSchema(d),
      "log-neighbor-changes": z
        .boolean()
        .default(d.bgp["log-neighbor-changes"])
        .meta({ description: "Logs sessions that come up or go down." }),
      multipath: z
        .strictObject({
          ebgp: whole(1, 64, "paths").optional(),
          ibgp: whole(1, 64, "paths").optional(),
          "as-path-relax": z.boolean().default(false).meta({ description: "Paths of equal length count as equal." }),
        })
        .optional()
        .meta({ description: "Equal paths to use at the same time." }),
      "compare-router-id": z
        .boolean()
        .default(false)
        .meta({ description: "Of equal eBGP paths takes the lower router ID." }),
      "deterministic-med": z
        .boolean()
        .default(false)
        .meta({ description: "The order in which paths came does not matter." }),
      "always-compare-med": z
        .boolean()
        .default(false)
        .meta({ description: "Compares MED between different neighbour ASes." }),
      "cluster-id": Ipv4Address.optional(),
    })
    .meta({ description: "BGP." });
}
export type Bgp = z.infer<ReturnType<typeof bgpSchema>>;
