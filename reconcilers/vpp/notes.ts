/** What an operator should know of a plan beside its steps. Pure. */
import { wrongVppLine } from "../../schemas/vpp-line.ts";
import { mebibytes, sessionBytes } from "./api/refuse.ts";
import type { Changes } from "./changes.ts";
import { rulesOf } from "./kinds/table.ts";
import type { InstanceName } from "./model.ts";
import { goesAlong } from "./steps.ts";

export function notesOf(instance: InstanceName, changes: Changes): readonly string[] {
  return [...goneAlong(instance, changes), ...notUndone(instance, changes), ...heapTaken(instance, changes)];
}

/** What an operator set by hand on an interface of ours goes with it: at least it is said. */
function goneAlong(instance: InstanceName, changes: Changes): readonly string[] {
  return [...changes.going.values()].flatMap(({ object, isForeign, recreated }) =>
    isForeign && !recreated && goesAlong(object, changes)
      ? [`${instance}: ${rulesOf(object.kind).noun(object)}, which nobody here made, goes with what it stands on.`]
      : [],
  );
}

/** What these lines were to take back stays. */
function notUndone(instance: InstanceName, { going }: Changes): readonly string[] {
  return [...going.values()].flatMap(({ object }) => {
    if (object.kind !== "raw") return [];
    return object.undo.flatMap((line) => {
      const why = wrongVppLine(line);
      return why === undefined ? [] : [`${instance}: raw commands ${object.name} go without "${line}": ${why}`];
    });
  });
}

/** Asking VPP how much is left stops its packets for a moment: that is done before they are made, and no plan does. */
function heapTaken(instance: InstanceName, { coming }: Changes): readonly string[] {
  const sizes = [...coming.values()].flatMap(({ object }) =>
    object.kind === "det44-mapping" ? [sessionBytes(Number(object.inside.split("/")[1]))] : [],
  );
  if (sizes.length === 0) return [];
  const taken = mebibytes(sizes.reduce((sum, size) => sum + size, 0));
  return [`${instance}: sessions of the new det44 mappings take ${taken} of VPP's main heap.`];
}
