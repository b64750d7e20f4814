/** `when:`, by which a part of the machine file applies only to some versions of VPP, FRR or the agent. */
import { z } from "zod";

const Constraint = z
  .string()
  .regex(
    /^(>=|<=|>|<|=)?\d+(\.\d+){0,3}( (>=|<=|>|<|=)\d+(\.\d+){0,3})*$/,
    'must be a version range, as in ">=9.0" or ">=24.06 <26"',
  )
  .meta({ description: 'Version range: comparisons that all must hold, as in ">=24.06 <26".' });

export const When = z
  .strictObject({ vpp: Constraint.optional(), frr: Constraint.optional(), agent: Constraint.optional() })
  .meta({ description: "Applies only where these versions fit; without it, everywhere." });
export type When = z.infer<typeof When>;

/** Versions of the programs in an image, as dotted numbers; what follows the numbers ("8.4.4-1~deb12u2") does not count. */
export interface ProgramVersions {
  readonly vpp?: string | undefined;
  readonly frr?: string | undefined;
  readonly agent?: string | undefined;
}

/** Whether a part applies. A program that is not there, or whose version is unknown, fits no range. */
export function applies(when: When | undefined, versions: ProgramVersions): boolean {
  if (when === undefined) return true;
  return (["vpp", "frr", "agent"] as const).every((program) => {
    const range = when[program];
    if (range === undefined) return true;
    const version = versions[program];
    return version !== undefined && range.split(" ").every((comparison) => holds(comparison, version));
  });
}

function holds(comparison: string, version: string): boolean {
  const operator = /^[<>=]*/.exec(comparison)?.[0] ?? "";
  const wanted = comparison.slice(operator.length).split(".").map(Number);
  const numbers = (/^\d+(\.\d+)*/.exec(version)?.[0] ?? "").split(".").map(Number);
  // "=9" holds for every 9.x: only as many parts are compared as were written.
  const order = wanted.map((part, at) => Math.sign((numbers[at] ?? 0) - part)).find((sign) => sign !== 0) ?? 0;
  if (operator === ">=") return order >= 0;
  if (operator === "<=") return order <= 0;
  if (operator === ">") return order > 0;
  if (operator === "<") return order < 0;
  return order === 0;
}
