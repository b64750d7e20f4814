/** FRR's configuration as the reconciler sees it: desired, observed, and the steps between them. All of it plain JSON. */
import type { Step } from "../core.ts";

/** The daemons that the product configures. */
export const daemons = ["zebra", "staticd", "bfdd", "ospfd", "ospf6d", "bgpd"] as const;
export type Daemon = (typeof daemons)[number];

export interface FrrDesired {
  /** Canonical FRR configuration text, as `show running-config` prints it, one line each, with sealed secrets. */
  readonly config: string;
}

export interface FrrObserved {
  /** What the daemons said that they are: "8.4.4". undefined when none answered. */
  readonly version: string | undefined;
  /** The daemons whose vty socket answered. */
  readonly running: readonly Daemon[];
  /** Union of the daemons' running configurations, with sealed secrets, without what FRR prints of itself. */
  readonly config: string;
  /** Paths of lines that some, but not all, of the daemons hold that should: one of them was restarted, or edited alone. */
  readonly incomplete: readonly string[];
  readonly sessions: readonly BgpSession[];
}

/** One BGP session, as `show bgp vrf all summary json` tells it; the counters are the session's, the prefixes per family. */
export interface BgpSession {
  readonly vrf: string;
  /** Address, or interface of an unnumbered peer. */
  readonly peer: string;
  readonly remoteAs: number;
  /** "Established", "Idle", "Active", "Connect" … */
  readonly state: string;
  readonly connectionsEstablished: number;
  readonly connectionsDropped: number;
  /** Received prefixes by family: { ipv4Unicast: 12 }. */
  readonly prefixes: Readonly<Record<string, number>>;
}

/** One OSPF adjacency, as `show ip ospf neighbor json` or `show ipv6 ospf6 neighbor json` tells it. */
export interface OspfNeighbor {
  readonly protocol: "ospf" | "ospf6";
  readonly routerId: string;
  readonly interface: string;
  /** "Full", "2-Way", "Init" … */
  readonly state: string;
}

/** One line to type, in the context of others: ["router bgp 64500", "address-family ipv4 unicast"]. Secrets are sealed. */
export interface FrrCommand {
  readonly context: readonly string[];
  readonly line: string;
}

export interface FrrStep extends Step {
  readonly kind: "add" | "set" | "remove";
  /** What is changed, as an operator would say it: "neighbor 192.0.2.1". */
  readonly object: string;
  readonly commands: readonly FrrCommand[];
  /** BGP peers and OSPF interfaces that lose their session by it. */
  readonly resets: readonly string[];
}
