/**
 * The merge rule of the sites repository: maps merge, lists and scalars replace, an explicit null deletes. What a layer
 * set is never recorded leaf by leaf: where a value comes from is looked up in the layers when somebody asks.
 */
import { child, isObject, type JsonObject, type JsonValue, type Path } from "./json.ts";
import type { Position } from "./problem.ts";

/** One file, or one expansion, that contributes to a machine. */
export interface Layer {
  /** In an operator's words: "fleet", "site", "appliance", "customer acme", "policy". */
  readonly name: string;
  readonly value: JsonObject;
  /** Where the value at a path stands, or its key; undefined where this layer has no such path. */
  locate(path: Path, part: "key" | "value"): Position | undefined;
}

/** Where a value comes from. `value` is null where a layer deletes what stands below it. */
export interface Origin {
  readonly at: Position;
  readonly value: JsonValue;
  readonly layer: string;
}

/** Layers from the most general to the most specific, merged. No null is left in any map. */
export function merge(layers: readonly JsonObject[]): JsonObject {
  return layers.reduce<JsonObject>((below, above) => mergeOver(below, above), {});
}

/** One layer over what is merged already; what it does not touch is shared, not copied. */
export function mergeOver(below: JsonObject, above: JsonObject): JsonObject {
  const merged: Record<string, JsonValue> = { ...below };
  for (const [key, value] of Object.entries(above)) {
    const under = child(below, key);
    if (value === null) delete merged[key];
    else if (isObject(value)) merged[key] = mergeOver(isObject(under) ? under : {}, value);
    else merged[key] = value;
  }
  return merged;
}

/** Adds what another layer sets to a map that only the caller has; for many layers that set different things. */
export function addInto(map: Record<string, JsonValue>, layer: JsonObject): void {
  for (const [key, value] of Object.entries(layer)) {
    const under = child(map, key);
    if (isObject(value) && isObject(under)) addInto(under, value);
    else map[key] = isObject(value) ? mergeOver({}, value) : value;
  }
}

/** Nulls that delete nothing: usually a key whose value was forgotten. Paths inside `above`. */
export function idleNulls(below: JsonObject, above: JsonObject, path: Path = []): readonly Path[] {
  return Object.entries(above).flatMap(([key, value]) => {
    const under = child(below, key);
    if (value === null) return under === undefined ? [[...path, key]] : [];
    return isObject(value) ? idleNulls(isObject(under) ? under : {}, value, [...path, key]) : [];
  });
}

/** Leaves (anything but a map that both have) that two layers of the same rank set: only one of them can mean it. */
export function collisions(one: JsonObject, other: JsonObject, path: Path = []): readonly Path[] {
  return Object.entries(other).flatMap(([key, value]) => {
    if (!Object.hasOwn(one, key)) return [];
    const first = child(one, key);
    if (isObject(first) && isObject(value)) return collisions(first, value, [...path, key]);
    return [[...path, key]];
  });
}

/** Who set the value at a path, the most specific first; those after the first are overridden, or merged where it is a map. */
export function origins(layers: readonly Layer[], path: Path): readonly Origin[] {
  const found: Origin[] = [];
  for (const layer of layers.toReversed()) {
    const origin = originIn(layer, path);
    if (origin) found.push(origin);
  }
  return found;
}

/** What a layer says of a path: the value there, or the null, list or scalar above it that hides all that is below. */
function originIn(layer: Layer, path: Path): Origin | undefined {
  let value: JsonValue | undefined = layer.value;
  let length = 0;
  for (; length < path.length; length++) {
    const inner = child(value, path[length] ?? "");
    if (inner === undefined) break;
    value = inner;
  }
  // An outer map that has no such key says nothing of it.
  if (length < path.length && isObject(value)) return undefined;
  const at = layer.locate(path.slice(0, length), "value");
  return at && { at, value, layer: layer.name };
}

/**
 * Where to point when something is wrong at a path: the most specific layer that sets it, else the one that sets most of
 * the way to it (where a missing key belongs).
 */
export function locate(layers: readonly Layer[], path: Path, part: "key" | "value"): Position | undefined {
  for (let length = path.length; length > 0; length--) {
    const prefix = path.slice(0, length);
    for (const layer of layers.toReversed()) {
      const at = layer.locate(prefix, length === path.length ? part : "key");
      if (at) return at;
    }
  }
  return layers.at(-1)?.locate([], "value");
}
