/**
 * fleet.yaml and site.yaml: layers below the appliance's own file, with the same sections as a machine. Their values are
 * checked merged, as part of each appliance; what stands in them alone is checked here.
 */
import { z } from "zod";
import { defaults, newestDefaults } from "./defaults.ts";
import { Machine, machines } from "./machine.ts";

const known = Object.keys(defaults).map(Number) as (keyof typeof defaults)[];

/** `defaults:` of fleet.yaml: it and `rollout` (rollout.ts) are the only keys that it has more than a machine. */
export const DefaultsNumber = z
  .literal(known, {
    error: (issue) =>
      issue.input === undefined
        ? `is missing: write "defaults: ${newestDefaults}", which pins the built-in defaults`
        : `must be a generation of built-in defaults that this version knows: ${known.join(", ")}`,
  })
  .meta({ description: "Generation of the built-in defaults. Pinned here, an upgrade of the agent changes none." });

/** The keys that all three layers may have. */
export const machineKeys: readonly string[] = Object.keys(Machine.shape);

/** The machine schema of a generation of defaults. */
export function machineFor(generation: keyof typeof defaults): typeof Machine {
  return machines[generation];
}
