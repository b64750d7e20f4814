/** What of a look is worth remembering: the checks that must be green, and are. */
import { subjectOf } from "../../schemas/health.ts";
import type { Probe } from "./probe.ts";

export function greenKeys({ results }: Probe): readonly string[] {
  return [...results].flatMap(([key, { ok, check }]) => (ok === true && check.required ? [key] : []));
}

/** The same by what they look at. */
export function greenSubjects({ results }: Probe): readonly string[] {
  return [...results.values()].flatMap(({ ok, check }) => (ok === true && check.required ? [subjectOf(check)] : []));
}
