/** What of a machine file nobody carries out on this box. */
import type { Standing } from "../reconcilers/bootenv/standing.ts";
import type { Generation } from "../reconcilers/generation.ts";

/** An image is carried out where the box boots from a pool. */
export function notManagedBy({ notManaged }: Generation, standing: Standing | undefined): readonly string[] {
  return standing ? notManaged.filter((section) => section !== "image") : notManaged;
}
