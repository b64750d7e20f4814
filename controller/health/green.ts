/** What of a look is worth remembering: the checks that must be green, and are. */
import type { Probe } from "./probe.ts";

export function greenKeys({ results }: Probe): readonly string[] {
  return [...results].flatMap(([key, { ok, check }]) => (ok === true && check.required ? [key] : []));
}
