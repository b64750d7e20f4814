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

/** The first of many findings, errors before warnings: no error is left out for the sake of a warning. */
export function firstFindings(findings: readonly Finding[], most: number): readonly Finding[] {
  if (findings.length <= most) return findings;
  const errors = findings.filter(({ severity }) => severity === "error");
  const shown = [...errors, ...findings.filter(({ severity }) => severity === "warning")].slice(0, most);
  const message = `and ${findings.length - most} more like these`;
  const severity = errors.length > 0 ? "error" : "warning";
  return [...shown, { path: [], message, remedy: "Correct the others first.", severity }];
}
