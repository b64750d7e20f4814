/** What a trial boot needs of a box beside its pool: checks before, the way out of what runs, and back. */
import type { BootEnvironment } from "../../reconcilers/bootenv/model.ts";
import type { Generation } from "../../reconcilers/generation.ts";
import type { LocalFile } from "../../schemas/local.ts";
import type { Tree } from "../../schemas/tree.ts";
import type { Deployment } from "../machine.ts";
import type { BootChoice } from "./kernel-check.ts";
import type { KeptFile } from "./render-job.ts";
import type { SeenReset } from "./watchdog.ts";

/** What is to be sent into a trial. */
export interface Asked {
  readonly candidate: Generation;
  readonly environment: BootEnvironment;
  /** What it is rendered from; left out: it was committed here before, and is taken as it is kept. */
  readonly from?: { readonly tree: Tree; readonly overlays: readonly LocalFile[] };
  /** The watchdog that reset this box in a drill. */
  readonly seenReset?: SeenReset;
}

/** What may be sent into a trial. */
export interface Checked {
  /** As the boot environment's own impctl renders it, where it was asked. */
  readonly candidate: Generation;
  /** What it boots with, as that keeps it; left out: as this agent does. */
  readonly files?: readonly KeptFile[];
  /** What is worth a word in the history, a sentence each. */
  readonly notes: readonly string[];
}

/** What was made quiet, and is put back where the box stays. */
export interface Quiet {
  revive(signal: AbortSignal): Promise<void>;
}

/** The way out of what runs. */
export interface Leaving {
  readonly deployment: Deployment;
  readonly committed: Generation;
  readonly drainSeconds: number;
  /** For the history. */
  readonly told: (text: string) => void;
}

export interface TrialMeans {
  /** Kernel, initramfs and command line, as zfsbootmenu would choose them. Rejects with a Problem. */
  choose(environment: BootEnvironment, signal: AbortSignal): Promise<BootChoice>;
  /**
   * Whether the box may be sent there: a watchdog, a kernel that is taken. Rejects with a Problem.
   */
  check(asked: Asked, signal: AbortSignal): Promise<Checked>;
  /** Longest time that `leave` takes, towards this candidate. */
  leaveMs(candidate: Generation): number;
  /**
   * Takes traffic away, for so long at most, keeps what the trial may change for good, tells in sentences how that ended, and stops what
   * the way out would hurt. Rejects with a Problem, and all of it runs again then.
   */
  leave(leaving: Leaving, signal: AbortSignal): Promise<Quiet>;
  /** The box stays: what `leave` stopped runs again, and what it did to traffic is taken back. May be repeated. Rejects with a Problem. */
  stay(committed: Generation, signal: AbortSignal): Promise<void>;
  /** Longest time that `comeBack` takes. */
  readonly comeBackMs: number;
  /** Puts back what the trial may have changed of what all boot environments share, once. May be repeated. Rejects with a Problem. */
  comeBack(deployment: Deployment, signal: AbortSignal): Promise<void>;
  /**
   * Lets go of what was kept for coming back, where nobody will: of `all`, or of what was put back. Gives what stays kept, snapshots by
   * their names. May be repeated. Rejects with a Problem.
   */
  settle(deployment: Deployment, which: "all" | "put-back", signal: AbortSignal): Promise<readonly string[]>;
}
