/**
 * The pool that an appliance boots from, as it is: boot environments are the datasets `<pool>/ROOT/<name>`, and the loader
 * boots the one that the pool's property `bootfs` names. Those who manage one go by its GUID: names change hands.
 */

/** The pool, and everything in it that can be booted. */
export interface BootenvObserved {
  readonly pool: Pool;
  /** By name. What is still being received is among them: see `isWhole`. */
  readonly environments: readonly BootEnvironment[];
  /** GUID of the one that runs; undefined: the root is no dataset beside the others. */
  readonly booted: string | undefined;
  /** GUID of the one that `bootfs` names, which boots next. */
  readonly next: string | undefined;
  /** The dataset that `bootfs` names, be it a boot environment or not; undefined: none, and the loader stops in its menu. */
  readonly bootfs: string | undefined;
}

export interface Pool {
  readonly name: string;
  /** The dataset above the boot environments: "tank/ROOT". */
  readonly root: string;
  /** "ONLINE", "DEGRADED", "SUSPENDED" … */
  readonly health: string;
  readonly usedBytes: number;
  /** What may still be written. */
  readonly availableBytes: number;
}

export interface BootEnvironment {
  /** "imp-v1.2.0": the last part of its dataset's name. */
  readonly name: string;
  readonly dataset: string;
  /** Decimal, 64 bits: never a number. */
  readonly guid: string;
  /** With its snapshots and all below it, without what it shares with its origin. */
  readonly usedBytes: number;
  /** What is in it, shared or not. */
  readonly referencedBytes: number;
  /** Wall clock, milliseconds. */
  readonly createdAt: number;
  /** The snapshot that it is a clone of. */
  readonly origin: string | undefined;
  readonly mountpoint: string;
  readonly canmount: string;
  readonly isMounted: boolean;
  /** Those of ours that are set on it, and on nothing above it. */
  readonly properties: OwnProperties;
  /** Of it and of all below it. */
  readonly snapshots: readonly Snapshot[];
  /** Datasets below it: they are removed with it. */
  readonly below: readonly Below[];
}

export interface Snapshot {
  /** "tank/ROOT/imp-v1.2.0@img" */
  readonly name: string;
  /** The same wherever the stream was received. */
  readonly guid: string;
  readonly usedBytes: number;
  readonly referencedBytes: number;
  readonly createdAt: number;
  /** How many `zfs hold`s keep it. */
  readonly holds: number;
  readonly properties: OwnProperties;
}

export interface Below {
  readonly dataset: string;
  readonly origin: string | undefined;
}

/**
 * User properties that the product writes, each with a meaning. Children and snapshots inherit them, so only those count
 * that are set on the dataset itself; a stream that brings its own does not count either.
 */
export const ownProperties = {
  "imp:state": "What became of it: receiving, staged (whole, and never tried), failed.",
  "imp:image": "Name of the image that it was received from.",
  "imp:version": "Version of that image.",
  "imp:epoch": "Epoch of that image: a smaller one is a downgrade.",
  "imp:manifest": "Digest of that image's manifest, as images.yaml has it: sha256:…",
  "imp:pin": "Why an operator wants it kept.",
  "imp:committed": "When it last committed, in seconds since 1970.",
} as const satisfies Readonly<Record<string, string>>;

export type OwnProperty = keyof typeof ownProperties;
export type OwnProperties = Readonly<Partial<Record<OwnProperty, string>>>;

/** The tag under which the product holds the snapshot that an image was received as, so that nobody removes it by mistake. */
export const imageHold = "imp-image";

/** Whether it is all there: not one that is still being received, or whose receiving was cut off. */
export function isWhole({ properties }: BootEnvironment): boolean {
  return properties["imp:state"] !== "receiving";
}

/** The boot environment with this GUID. */
export function environmentOf(observed: BootenvObserved, guid: string | undefined): BootEnvironment | undefined {
  return observed.environments.find((one) => one.guid === guid);
}
