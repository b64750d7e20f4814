/** What plans of Incus are made of. Pure. */
import type { Problem } from "../../schemas/problem.ts";
import type { Impact } from "../core.ts";
import { idOf, type IncusObject, type IncusStep } from "./model.ts";

/** What a plan has because of one object. */
export interface Part {
  readonly steps: readonly IncusStep[];
  readonly problems: readonly Problem[];
  readonly notes: readonly string[];
}

export function step(
  kind: IncusStep["kind"],
  object: IncusObject,
  impact: Impact,
  changes: readonly string[] = [],
): IncusStep {
  // A thing may go and come, and run, in one plan.
  const part = { start: "#2", stop: "#2", restart: "#2", remove: "#3", leave: "#3" } as Readonly<
    Record<string, string>
  >;
  return {
    id: `incus/${idOf(object)}${part[kind] ?? ""}`,
    kind,
    impact,
    needs: [],
    provides: [],
    releases: [],
    object,
    changes,
  };
}
