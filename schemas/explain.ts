/** Where the values of a machine come from: what `impctl explain` prints. */
import { parsePath } from "./json.ts";
import { origins, type Layer, type Origin } from "./merge.ts";

/**
 * Who set the value at a path, most specific first; later ones are overridden by earlier ones (or merged, where all are
 * maps). None: nobody wrote it, so it is a built-in default or does not exist.
 */
export function explain(layers: readonly Layer[], path: string): readonly Origin[] {
  return origins(
    layers,
    parsePath(
      path,
      layers.map(({ value }) => value),
    ),
  );
}
