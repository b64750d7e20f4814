/** FRR's configuration as the reconciler sees it: desired, observed, and the steps between them. All of it plain JSON. */
import type { Impact, Step } from "../core.ts";

/** The daemons that the product configures. */
export const daemons = ["zebra", "staticd", "bfdd", "ospfd", "ospf6d", "bgpd"] as const;
export type Daemon = (typeof daemons)[number];

export interface FrrDesired {
  /** Canonical FRR configuration text, as `show running-config` prints it, one line each, with sealed secrets. */
  readonly config: string;
  /** The version of FRR that printed it; undefined: it was only rendered. */
  readonly printedBy?: string;
  /** The fenced raw blocks among its lines. */
  readonly raw?: readonly RawBlock[];
  /** Over which interface of Linux a neighbour is reached that is named by its address: only those in a connected network. */
  readonly reach?: Readonly<Record<string, string>>;
  /** What whoever reads a plan is to know of it: rules that are switched off, and why. */
  readonly notes?: readonly string[];
}

/** Lines that the schema has no word for: what they disturb, and how they are taken back. */
export interface RawBlock {
  readonly name: string;
  readonly context: readonly string[];
  readonly lines: readonly string[];
  /** Commands in the same context; without it every line's own negation, last first. */
  readonly undo?: readonly string[];
  readonly impact: Impact;
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
  /** The VRFs that have a device in Linux; undefined: zebra did not say. What is configured of others is of no effect. */
  readonly vrfs?: readonly string[] | undefined;
  /** Which defaults the daemons have compiled in: "traditional", "datacenter"; undefined: none said. */
  readonly profile?: string | undefined;
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
