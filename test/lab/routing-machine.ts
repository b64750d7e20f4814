/** A machine that uses every word of the routing schema: for the golden text of FRR, and for a real FRR to take it. */
import { Machine, type MachineInput } from "../../schemas/machine.ts";

const input: MachineInput = {
  interfaces: {
    external: {
      pci: "0000:03:00.0",
      "sub-interfaces": {
        25: { addresses: ["192.0.2.2/30", "2001:db8:25::2/64"] },
        26: { addresses: ["192.0.2.6/30"], "linux-cp": "transit-b" },
      },
    },
    internal: { pci: "0000:03:00.1", addresses: ["10.30.0.1/24"] },
  },
  loopbacks: { loop0: { addresses: ["198.51.100.1/32"] } },
  nat: {
    det44: {
      pools: { cgn: { prefix: "203.0.113.16/28" } },
      mappings: { all: { source: "10.30.0.0/24", pool: "cgn" } },
    },
  },
  health: { transit: { check: "bgp-session", peer: "transit-a", "min-prefixes": 10 } },
  routing: {
    "router-id": "198.51.100.1",
    static: {
      "10.1.0.0/16": { via: ["10.30.0.2", "10.30.0.3"], distance: 20, tag: 7 },
      "10.2.0.0/16": { discard: "reject" },
      "10.3.0.0/16": { discard: "blackhole", tag: 666, distance: 250 },
      "10.4.0.0/16": { interface: "external.26" },
      "2001:db8:7::/48": { via: ["fe80::1"], interface: "external.25" },
      "10.99.0.0/16": { discard: "reject", when: { frr: ">=9" } },
    },
    "prefix-lists": {
      own: {
        description: "What we announce",
        entries: { 20: { prefix: "203.0.113.0/24", le: 28 }, 5: { prefix: "198.51.100.0/24" } },
      },
      own6: { family: "ipv6", entries: { 10: { prefix: "2001:db8::/32", ge: 33, le: 48 } } },
      none: {
        entries: {
          10: { action: "deny", prefix: "0.0.0.0/0", ge: 1 },
          20: { action: "deny", prefix: "0.0.0.0/0", ge: 1 },
        },
      },
    },
    "as-path-lists": {
      long: { entries: { 10: { action: "deny", regex: "^([0-9]+_){40,}" }, 20: { regex: "^64496_" } } },
    },
    "community-lists": {
      plain: { entries: { 10: { value: "no-export 64500:2 64500:1" } } },
      large: { kind: "large", entries: { 10: { value: "64500:2:1 64500:1:1" } } },
      ext: { kind: "extended", entries: { 10: { value: "rt 64500:2 rt 64500:1" } } },
      words: { match: "regex", entries: { 10: { value: "64500:.*" } } },
      "large-words": { kind: "large", match: "regex", entries: { 10: { value: "64500:.*" } } },
    },
    "route-maps": {
      in: {
        entries: {
          5: { action: "deny", match: { "as-path-list": "long" } },
          10: {
            description: "Own prefixes",
            match: {
              "prefix-list": "own",
              "next-hop-prefix-list": "own",
              "community-list": "plain",
              "community-exact": true,
              "large-community-list": "large",
              "ext-community-list": "ext",
              peer: "192.0.2.1",
              origin: "igp",
              metric: 5,
              tag: 9,
              "local-preference": 100,
            },
            set: {
              "local-preference": 200,
              metric: 10,
              weight: 5,
              origin: "igp",
              "as-path-prepend": [64500, 64500],
              communities: ["no-export", "64500:2", "64500:1"],
              "large-communities": ["64500:2:1"],
              "ext-communities": ["rt 64500:2", "soo 64500:3"],
              additive: true,
              "delete-community-list": "words",
              "delete-large-community-list": "large-words",
              "next-hop": "192.0.2.9",
              "ipv6-next-hop": "2001:db8::9",
              tag: 11,
            },
            continue: 30,
          },
          20: { match: { "prefix-list": "own6" }, call: "kernel", continue: "next" },
          30: { set: { "clear-communities": true, "clear-large-communities": true, "next-hop": "peer-address" } },
        },
      },
      kernel: {
        entries: {
          10: {
            match: { protocol: "static", interface: "external.26" },
            set: { source: "198.51.100.1", "metric-type": "type-1" },
          },
        },
      },
    },
    bgp: {
      asn: 64500,
      announce: {
        "203.0.113.0/24": {},
        "2001:db8::/32": { "route-map": "in" },
        "198.51.100.0/24": { blackhole: false },
      },
      aggregates: {
        "203.0.112.0/20": { "summary-only": true },
        "2001:db8::/31": { "as-set": true, "summary-only": true },
      },
      redistribute: { connected: { "route-map": "in" }, ospf: { metric: 5 }, ospf6: {}, static: {} },
      timers: { "keepalive-seconds": 20, "hold-seconds": 60, "connect-seconds": 15 },
      "graceful-restart": "restart",
      "restart-seconds": 90,
      "ebgp-requires-policy": false,
      multipath: { ebgp: 4, ibgp: 2, "as-path-relax": true },
      "compare-router-id": true,
      "deterministic-med": true,
      "always-compare-med": true,
      "cluster-id": "198.51.100.9",
      "peer-groups": {
        transit: {
          description: "Those who carry us",
          kind: "upstream",
          timers: { "keepalive-seconds": 10, "hold-seconds": 30, "connect-seconds": 5 },
          passive: true,
          ipv4: {
            "route-map": { in: "in", out: "in" },
            "max-prefix": { limit: 1000, "warning-percent": 90, "restart-minutes": 5 },
            "soft-reconfiguration": true,
          },
          ipv6: { "prefix-list": { in: "own6" } },
        },
        ibgp: {
          "remote-as": "internal",
          "update-source": "loop0",
          password: { secret: "ibgp" },
          ipv4: { "next-hop-self": true, "route-reflector-client": true, "send-community": "none" },
          ipv6: { activate: true },
        },
      },
      peers: {
        "transit-a": {
          address: "192.0.2.1",
          "remote-as": 64496,
          group: "transit",
          password: { secret: "transit-a" },
          bfd: "fast",
          passive: true,
          "graceful-restart": "helper",
          ipv4: { "as-path-list": { in: "long" }, "remove-private-as": true, "default-originate": "in", weight: 7 },
        },
        "transit-a6": { address: "2001:db8:25::1", "remote-as": 64496, group: "transit", expect: "any" },
        "transit-b": {
          address: "192.0.2.5",
          "remote-as": "external",
          description: "The second one",
          "local-as": { asn: 64510, "no-prepend": true, "replace-as": true },
          "update-source": "192.0.2.6",
          timers: { "keepalive-seconds": 5, "hold-seconds": 15 },
          bfd: true,
          "ttl-security-hops": 1,
          "graceful-restart": "off",
          "enforce-first-as": true,
          ipv4: {
            "max-prefix": { limit: 10, "warning-only": true },
            "default-originate": true,
            "allow-own-as": 2,
            "add-path": "all",
            "send-community": "standard",
            "prefix-list": { in: "none", out: "own" },
          },
          ipv6: {},
        },
        far: {
          address: "198.51.100.77",
          "remote-as": 64499,
          "ebgp-multihop": 5,
          shutdown: true,
          "graceful-restart": "restart",
          ipv4: { "allow-own-as": 3, "send-community": "both", "route-server-client": true },
        },
        r2: { address: "198.51.100.2", group: "ibgp" },
        r3: { address: "198.51.100.3", group: "ibgp", ipv4: { "add-path": "best-per-as", "send-community": "large" } },
        unnumbered: { interface: "internal", "remote-as": "external", "capability-extended-next-hop": true },
        local: { address: "fe80::7", interface: "external.25", "remote-as": 64498 },
        later: { address: "192.0.2.200", "remote-as": 64499, when: { frr: ">=9" } },
      },
    },
    ospf: {
      "reference-bandwidth": 40_000,
      "default-originate": { always: true, metric: 10, "metric-type": "type-1", "route-map": "in" },
      distance: 111,
      "max-paths": 8,
      areas: {
        "0.0.0.1": { kind: "stub-no-summary", ranges: ["10.0.0.0/8"] },
        "0.0.0.2": { kind: "nssa" },
        "0.0.0.3": { kind: "nssa-no-summary" },
      },
      interfaces: {
        loop0: { passive: true },
        "external.26": {
          area: "0.0.0.2",
          cost: 10,
          network: "point-to-point",
          priority: 0,
          "hello-seconds": 5,
          "dead-seconds": 20,
          "mtu-ignore": true,
          bfd: "fast",
          authentication: { key: { secret: "ospf" } },
        },
        internal: {
          area: "0.0.0.3",
          network: "broadcast",
          "hello-seconds": 10,
          "dead-seconds": 40,
          priority: 1,
          bfd: true,
          expect: "down",
        },
      },
      redistribute: { connected: { "route-map": "in" }, static: { metric: 5, "metric-type": "type-1" }, bgp: {} },
    },
    ospf3: {
      "reference-bandwidth": 40_000,
      "default-originate": { metric: 10 },
      distance: 112,
      "max-paths": 8,
      areas: { "0.0.0.1": { kind: "stub", ranges: ["2001:db8::/32"] }, "0.0.0.3": { kind: "nssa-no-summary" } },
      interfaces: {
        loop0: { passive: true },
        "external.26": {
          cost: 10,
          network: "point-to-point",
          priority: 0,
          "hello-seconds": 5,
          "dead-seconds": 20,
          "mtu-ignore": true,
          bfd: "fast",
        },
        internal: { network: "broadcast", area: "0.0.0.3", bfd: true },
      },
      redistribute: { connected: {}, static: { metric: 5, "metric-type": "type-1", "route-map": "in" } },
    },
    bfd: {
      profiles: {
        fast: {
          "detect-multiplier": 5,
          "receive-interval-ms": 100,
          "transmit-interval-ms": 200,
          passive: true,
          "minimum-ttl": 250,
        },
        plain: {},
      },
      peers: {
        a: { address: "192.0.2.1", interface: "external.25", profile: "fast" },
        b: { address: "198.51.100.2", multihop: true, source: "198.51.100.1" },
      },
    },
    vrfs: {
      wholesale: {
        static: {
          "10.1.0.0/16": { via: ["10.80.0.2"], interface: "wave0", distance: 20, tag: 7 },
          "10.2.0.0/16": { via: ["192.0.2.1"], tag: 8, "next-hop-vrf": "default" },
          "10.3.0.0/16": { discard: "blackhole", distance: 250 },
          "10.4.0.0/16": { discard: "reject" },
          "2001:db8:80::/48": { via: ["2001:db8:8::2", "2001:db8:8::3"] },
        },
        bgp: {
          asn: 64500,
          "router-id": "10.80.0.1",
          "ebgp-requires-policy": false,
          announce: { "10.80.0.0/16": {}, "2001:db8:81::/48": { blackhole: false } },
          aggregates: { "10.80.0.0/15": { "summary-only": true } },
          redistribute: { static: { metric: 5 } },
          import: { from: ["default", "red"], "route-map": "in" },
          "peer-groups": { carriers: { "remote-as": "external", ipv4: { "route-map": { out: "in" } } } },
          peers: {
            // The address of a peer of the main table.
            a: { address: "192.0.2.1", group: "carriers", password: { secret: "bgp-carrier" }, bfd: "fast" },
            b: {
              address: "2001:db8:8::2",
              "remote-as": 64497,
              "update-source": "wave0",
              ipv6: { "max-prefix": { limit: 9 } },
            },
            c: { interface: "wave1", "remote-as": "internal" },
          },
        },
      },
      red: { bgp: { asn: 64500 } },
      plain: { static: { "10.5.0.0/16": { via: ["10.80.1.2"] } } },
    },
    raw: {
      faster: { context: ["router bgp 64500"], lines: ["bgp fast-convergence"], impact: "hitless" },
      listen: {
        context: ["router bgp 64500"],
        lines: ["bgp listen limit 50"],
        undo: ["no bgp listen limit 50"],
        impact: "flap",
      },
    },
  },
};

/** Valid, with defaults filled in. */
export const routingMachine: Machine = Machine.parse(input);
