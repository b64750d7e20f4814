/** What a rule across values finds. The loader gives it its file, line and column. */
import type { Path } from "../json.ts";

export interface Finding {
  /** Of the value that has to change, inside the machine. */
  readonly path: Path;
  readonly message: string;
  /** The next edit, as a sentence. */
  readonly remedy: string;
  /** A warning does not make a tree invalid. */
  readonly severity: "error" | "warning";
}

/** The same across appliances. */
export interface FleetFinding extends Finding {
  /** "<site>/<appliance>" that the path leads into. */
  readonly machine: string;
}
