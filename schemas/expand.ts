/** A customer's file as a layer of its machine: every value that it becomes keeps its place in the customer's file. */
import { expandCustomer, type Customer, type CustomerPart } from "./customer.ts";
import { isObject, valueAt, type JsonObject, type JsonValue, type Path } from "./json.ts";
import type { Layer } from "./merge.ts";
import type { YamlDocument } from "./yaml.ts";

export interface Expansion {
  readonly layer: Layer;
  /** The sub-interface that it makes: nobody else may have it. */
  readonly port: Path;
}

/** `machine` is what the other layers merged into: it tells a bond from a physical interface. */
export function customerLayer(
  name: string,
  customer: Customer,
  document: YamlDocument,
  machine: JsonObject,
): Expansion {
  const trunk = valueAt(machine, ["bonds", customer.interface]) === undefined ? "interfaces" : "bonds";
  const parts = expandCustomer(name, customer, trunk);
  const value = parts.reduce<JsonObject>((all, part) => put(all, part.path, part.value), {});
  return {
    port: parts[0]?.path.slice(0, 4) ?? [trunk, customer.interface],
    layer: {
      name: `customer ${name}`,
      value,
      locate: (path, part) =>
        valueAt(value, path) === undefined ? undefined : locatePart(parts, document, path, part),
    },
  };
}

function locatePart(parts: readonly CustomerPart[], document: YamlDocument, path: Path, part: "key" | "value") {
  const exact = parts.find((one) => startsWith(path, one.path));
  // A path above the parts is where the customer's file begins: no single line of it made the map.
  if (!exact) return parts.some((one) => startsWith(one.path, path)) ? document.locate([], "value") : undefined;
  // As deep as the customer's file goes along; a default of its schema stands nowhere in it.
  const inner = [...exact.from, ...path.slice(exact.path.length)];
  return document.locate(inner, part) ?? document.locate(exact.from, part) ?? document.locate([], "value");
}

function put(into: JsonObject, path: Path, value: JsonValue): JsonObject {
  const [first, ...rest] = path;
  if (first === undefined) return into;
  const under = valueAt(into, [first]);
  return { ...into, [first]: rest.length === 0 ? value : put(isObject(under) ? under : {}, rest, value) };
}

function startsWith(path: Path, prefix: Path): boolean {
  return prefix.length <= path.length && prefix.every((key, index) => String(key) === String(path[index]));
}
