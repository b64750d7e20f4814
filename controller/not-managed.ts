/** What of a machine file nobody carries out on this box. */
import { runsImage } from "../reconcilers/bootenv/plan.ts";
import type { Standing } from "../reconcilers/bootenv/standing.ts";
import type { Generation } from "../reconcilers/generation.ts";

/** Of an image that is asked for and runs there is nothing to be carried out. */
export function notManagedBy(generation: Generation, standing: Standing | undefined): readonly string[] {
  const { notManaged, image } = generation;
  return image && runsImage(image, standing) ? notManaged.filter((section) => section !== "image") : notManaged;
}
