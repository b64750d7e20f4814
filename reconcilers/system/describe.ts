/** A step as people read it, in one line. */
import type { SystemStep } from "./model.ts";

/** Of a long change only the first lines are told. */
const told = 4;

export function describeStep(step: SystemStep): string {
  if (!("path" in step)) return `${step.kind} ${step.unit}`;
  const { kind, path, changes } = step;
  if (kind !== "set") return `${kind} ${path}`;
  const more = changes.length > told ? `, ${changes.length - told} more` : "";
  const shown = changes.slice(0, told).map((change) => change.replace(/^(.) +/, "$1 "));
  return `${kind} ${path}: ${shown.join(", ")}${more}`;
}
