/**
 * The built-in defaults, by generation. `defaults: 1` in fleet.yaml pins one, so that a newer agent renders an old
 * repository byte for byte: a generation that was released is never changed, a better default makes a new one.
 */
const first = {
  management: { mtu: 1500, port: 514 },
  interface: { mtu: 1500 },
  "router-advertisements": {
    "max-interval": 30,
    "min-interval": 15,
    "valid-lifetime": 2_592_000,
    "preferred-lifetime": 604_800,
  },
  bond: { mode: "lacp", "load-balance": "l34" },
  bridge: { learn: true, flood: true, forward: true, "arp-termination": false, "mac-age-minutes": 0 },
  vrrp: { priority: 100, "interval-ms": 1000, preempt: true },
  lldp: { "interval-seconds": 30, hold: 4 },
  nat: {
    "nat64-prefix": "64:ff9b::/96",
    timeouts: { udp: 300, "tcp-established": 7440, "tcp-transitory": 240, icmp: 60 },
    det44: {
      internal: { core: "169.254.1.4/31", nat: "169.254.1.5/31" },
      external: { core: "169.254.1.2/31", nat: "169.254.1.3/31" },
    },
    nat64: {
      internal: { core: "fd69:6d70::4/127", nat: "fd69:6d70::5/127" },
      external: { core: "169.254.1.6/31", nat: "169.254.1.7/31" },
    },
  },
  containers: {
    bridge: "incusbr0",
    "host-interface": "incus-dataplane",
    storage: { pool: "data", driver: "zfs", source: "tank/persistent/data/incus" },
  },
  bgp: {
    // Nothing is sent or taken over eBGP without a policy (RFC 8212).
    "ebgp-requires-policy": true,
    "log-neighbor-changes": true,
    "graceful-restart": "helper",
    "restart-seconds": 120,
    // What is refused from peers of a kind; route-leaks takes routes back, and is asked for.
    hygiene: [
      "missing-policy",
      "default-route",
      "bogon-prefixes",
      "own-prefixes",
      "long-prefixes",
      "bogon-asns",
      "unlimited-prefixes",
    ],
  },
  ospf: { "reference-bandwidth": 100_000, "metric-type": "type-2" },
  bfd: { "detect-multiplier": 3, "receive-interval-ms": 300, "transmit-interval-ms": 300 },
  policy: {
    "poll-seconds": 30,
    // By the worst impact of the plan.
    timing: {
      hitless: { soak: 30, deadline: 120 },
      flap: { soak: 30, deadline: 120 },
      "session-reset": { soak: 60, deadline: 600 },
      restart: { soak: 180, deadline: 1200 },
      reboot: { soak: 180, deadline: 1200 },
    },
    "grace-seconds": 30,
    "time-zone": "UTC",
    "max-impact": "session-reset",
    "retry-after-seconds": 300,
    "probation-hours": 24,
    "min-free-mebibytes": 64,
    "keep-boot-environments": 3,
    "min-free-pool-mebibytes": 2048,
    "prefix-tolerance": 0.1,
    prune: "owned",
  },
} as const;

/** `as const` keeps the words of the enums; numbers and flags may differ from one generation to the next. */
type Widened<T> = T extends number
  ? number
  : T extends boolean
    ? boolean
    : T extends object
      ? { readonly [K in keyof T]: Widened<T[K]> }
      : T;
export type Defaults = Widened<typeof first>;

export const defaults = { 1: first } as const satisfies Record<number, Defaults>;
/** The number that a new repository starts with. */
export const newestDefaults = 1;
