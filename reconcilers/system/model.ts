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

/** In the order of the catalogue. No files: the generation does not describe this plane. */
export interface SystemDesired {
  readonly files: readonly SystemFile[];
}

export interface SystemObserved {
  /** What stands where a file of ours may stand, whoever wrote it. */
  readonly files: readonly SystemFile[];
  /** Places of the catalogue with something else than a file: a link, a folder. */
  readonly odd: readonly string[];
  /** Units that were to read files anew when the agent ended, and did not start since. */
  readonly pending: readonly string[];
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
}
