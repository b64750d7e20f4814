/** The files that an appliance starts from, and the units that read them: desired, observed, and the steps between. Plain JSON. */
import type { Step } from "../core.ts";

/** A file as it stands on the disk. */
export interface SystemFile {
  /** Absolute, below /etc: docs/failsafe.md. */
  readonly path: string;
  readonly text: string;
  readonly mode: number;
  readonly owner: { readonly uid: number; readonly gid: number };
}

/** In the order of the catalogue. */
export interface SystemDesired {
  readonly files: readonly SystemFile[];
}

/**
 * A generation that says nothing of this plane: an agent rendered it that did not know the plane, or leaves it alone. What
 * stands on the box stays, whoever laid it.
 */
export const undescribed: SystemDesired = { files: [] };

export function isDescribed({ files }: SystemDesired): boolean {
  return files.length > 0;
}

export interface SystemObserved {
  /** What stands where a file of ours may stand, whoever wrote it. */
  readonly files: readonly SystemFile[];
  /** Places of the catalogue with something else than a file: a link, a folder. */
  readonly odd: readonly string[];
  /** Units of the chain that are not installed. */
  readonly missing: readonly string[];
  /** Units of the chain that do not run. */
  readonly down: readonly string[];
  /** Units that were to read files anew when the agent ended or gave up, and did not start since. */
  readonly pending: readonly PendingUnit[];
}

export interface PendingUnit {
  readonly unit: string;
  /** It was asked to: what it read since is not known. */
  readonly isAsked: boolean;
  /** What stood on the disk before that, which is what it runs with unless it was asked; undefined: it did not run. */
  readonly read?: readonly SystemFile[];
}

export type SystemStep = FileStep | UnitStep;

export interface FileStep extends Step {
  readonly kind: "add" | "set" | "remove";
  readonly path: string;
  /** What is to stand there; undefined: nothing. */
  readonly file?: SystemFile;
  /** For people: "- …" goes, "+ …" comes. */
  readonly changes: readonly string[];
}

/** A unit that reads its files anew, after all files of the plan. */
export interface UnitStep extends Step {
  readonly kind: "restart" | "reload";
  readonly unit: string;
  /** It failed before this plan was made, and disturbs nothing: that it fails again is no failure of this plan. */
  readonly mayFail?: true;
}
