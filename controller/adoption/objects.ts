/** An instance's objects by kind, and sections of a machine file that are left out where they would be empty. */
import type { InstanceObserved, Kind, ObjectOf, VppObject } from "../../reconcilers/vpp/model.ts";
import type { JsonObject, JsonValue } from "../../schemas/json.ts";

export class Objects {
  readonly all: readonly VppObject[];
  /** Whether somebody remembered what no message shows since this VPP started. */
  readonly isRemembered: boolean;
  constructor(observed: Pick<InstanceObserved, "objects" | "unknown"> | undefined) {
    this.all = observed?.objects ?? [];
    this.isRemembered = observed?.unknown.length === 0;
  }
  of<K extends Kind>(kind: K): readonly ObjectOf<K>[] {
    return this.all.filter((object): object is ObjectOf<K> => object.kind === kind);
  }
  /** Those that stand on an interface. */
  on<K extends Kind>(kind: K, ref: string): readonly ObjectOf<K>[] {
    return this.of(kind).filter((object) => "on" in object && object.on === ref);
  }
}

export function section(name: string, value: JsonObject): JsonObject {
  return Object.keys(value).length > 0 ? { [name]: value } : {};
}

export function named<T extends { readonly name: string }>(
  all: readonly T[],
  value: (one: T) => JsonValue,
): JsonObject {
  return Object.fromEntries(all.map((one) => [one.name, value(one)]));
}
