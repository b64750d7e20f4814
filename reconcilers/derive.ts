/** From a machine to what every plane is to be: computed once, here, for all of them. Pure. */
import type { Machine } from "../schemas/machine.ts";
import type { ProgramVersions } from "../schemas/when.ts";
import { renderFrr } from "./frr/render/render.ts";
import type { Desired } from "./generation.ts";

/** Versions of the programs in the image: what `when:` asks for. From the image's manifest, never from the running box. */
export type Versions = ProgramVersions;

/** `seal` gives the sealed form of a secret, by its name. */
export function derive(machine: Machine, versions: Versions, seal: (secret: string) => string): Desired {
  return { frr: renderFrr(machine, versions, seal) };
}

/** Sections that are carried out, or that are about the agent itself. */
const managed: ReadonlySet<string> = new Set([
  "routing",
  "health",
  "policy",
  "identity",
  "age-key",
  "maintenance",
  "after",
  "status",
]);

/** The sections of the machine file that are used and that no plane carries out yet, in the order of the file. */
export function notManaged(machine: Machine): readonly string[] {
  return Object.entries(machine)
    .filter(([section, value]) => !managed.has(section) && !isEmpty(value))
    .map(([section]) => section);
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}
