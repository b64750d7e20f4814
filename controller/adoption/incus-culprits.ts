/** Which value of a draft asks for something of Incus that is not there as it says. */
import type { IncusStep } from "../../reconcilers/incus/model.ts";
import { type JsonObject, type Path, valueAt } from "../../schemas/json.ts";

/** undefined: nobody knows. */
export function incusCulprit({ object }: IncusStep, draft: JsonObject): Path | undefined {
  const places: readonly Path[] =
    object.kind === "instance"
      ? [["services", object.name]]
      : object.kind === "profile" && object.name !== "default"
        ? [["containers", "profiles", object.name]]
        : // What instances stand on goes with them; the bridge is the section itself.
          [...(object.kind === "network" ? [] : [["services"]]), ["containers"]];
  return places.find((path) => valueAt(draft, path) !== undefined);
}
