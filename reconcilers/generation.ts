/** A generation: one appliance's desired state, rendered. Plain data; its canonical JSON is what stands on disk. */
import type { HealthCheck } from "../schemas/health.ts";
import type { Policy } from "../schemas/policy.ts";
import type { FrrDesired } from "./frr/model.ts";
import type { PlaneName } from "./core.ts";

/** What each plane is to look like. A plane joins by adding its key here and its reconciler in controller/compose.ts. */
export interface Desired {
  readonly frr: FrrDesired;
}

export interface Generation {
  readonly format: 1;
  /** 64 hex digits over what was asked (machine as written, image manifest, secret versions), not over what was rendered. */
  readonly digest: string;
  /** 64 hex digits over the versions of its secrets alone. */
  readonly secrets: string;
  readonly machine: string;
  /** The first commit that asked for it here. */
  readonly commit: string;
  readonly desired: Desired;
  readonly health: readonly HealthCheck[];
  readonly policy: Policy;
  /** BGP peers, as FRR names them, that may bring less than before: they are drained. Left out: none. */
  readonly drained?: readonly string[];
  /** Sections of the machine file that no plane carries out yet. */
  readonly notManaged: readonly string[];
}

export type { PlaneName };
