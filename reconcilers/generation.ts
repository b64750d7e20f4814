/** A generation: one appliance's desired state, rendered. Plain data; its canonical JSON is what stands on disk. */
import type { HealthCheck } from "../schemas/health.ts";
import type { Policy } from "../schemas/policy.ts";
import type { StatusPlace } from "../schemas/rollout.ts";
import type { WantedImage } from "./bootenv/plan.ts";
import type { FrrDesired } from "./frr/model.ts";
import type { IncusDesired } from "./incus/model.ts";
import type { SystemDesired } from "./system/model.ts";
import type { VppDesired } from "./vpp/model.ts";
import type { PlaneName } from "./core.ts";

/** What each plane is to look like. A plane joins by adding its key here and its reconciler in controller/compose.ts. */
export interface Desired {
  readonly system: SystemDesired;
  readonly vpp: VppDesired;
  readonly frr: FrrDesired;
  readonly incus: IncusDesired;
}

/** Another appliance that a commit is about too. */
export interface Other {
  readonly machine: string;
  /** What the commit asks of it, as everybody can tell from the repository: 64 hex digits; "" where its files have an error. */
  readonly asked: string;
}

/** One that goes first, and where to ask it; it cannot be asked while the repository does not say. */
export interface Predecessor extends Other {
  readonly status?: StatusPlace;
}

/** A session whose other end is another appliance: digests of what either end is asked to be. */
export interface SharedSession {
  /** Of the check that watches it: "bgp-session 192.0.2.1". */
  readonly key: string;
  readonly near: string;
  readonly far: string;
  /** The other one goes after this appliance. */
  readonly isLater: boolean;
}

/** Its place among the others in the commit: it decides when the generation is applied, not what it is. */
export interface Rollout {
  /** What the commit asks of this one, as `Other.asked` is to others. */
  readonly asked: string;
  /** Digest of its image's manifest; "" without one. */
  readonly image: string;
  /** Those that go first. */
  readonly after: readonly Predecessor[];
  /** Who goes first with its image; undefined: itself. */
  readonly canary?: Predecessor;
  readonly sessions: readonly SharedSession[];
}

/** What an operator changed on this box for a while: a drain, or a local file. */
export interface Above {
  readonly id: string;
  readonly kind: "local" | "drain";
  /** The operator's file, or what is drained. */
  readonly name: string;
  readonly reason: string;
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
  /**
   * What is desired of the planes that were asked before (Reconciler.rehearse), as they show it: kept with what is tried and
   * what is committed, so that nobody has to be asked again. Left out where it was only rendered.
   */
  readonly shown?: Partial<Desired>;
  readonly health: readonly HealthCheck[];
  readonly policy: Policy;
  /** What stood above the repository when it was loaded: left out where nothing did. Not part of the digest. */
  readonly overlays?: readonly Above[];
  /** Digest of the same without them; left out where nothing stood above, and where the commit alone is not valid. */
  readonly below?: string;
  /** BGP peers, as FRR names them, that may bring less than before: they are drained. Left out: none. */
  readonly drained?: readonly string[];
  /** Sections of the machine file that no plane carries out yet. */
  readonly notManaged: readonly string[];
  /** The image that it is for, where the machine file names one. Left out by agents that knew no images. */
  readonly image?: WantedImage;
  /** No part of the digest. Left out by agents that knew no order. */
  readonly rollout?: Rollout;
}

/** What it desires, as far as known in the planes' own words. */
export function desiredOf({ desired, shown }: Pick<Generation, "desired" | "shown">): Desired {
  return { ...desired, ...shown };
}

export type { PlaneName };
