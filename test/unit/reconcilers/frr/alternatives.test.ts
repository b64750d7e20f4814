import { describe, expect, it } from "vitest";
import type { JsonObject, JsonValue } from "../../../../schemas/json.ts";
import { isObject } from "../../../../schemas/json.ts";
import { jsonSchema } from "../../../../schemas/json-schema.ts";
import { bgpAlternatives } from "../../../lab/alternatives-bgp.ts";
import { policyAlternatives } from "../../../lab/alternatives-policy.ts";

const machine = jsonSchema("machine");

/** Keys that FRR is not told, that say when and how the others hold, that are route-maps to it, or that it needs a module for. */
const notRendered = new Set(["when", "kind", "expect", "impact", "raw", "hygiene", "rpki"]);

/** The names of all keys below that are one of several values: enumerations, booleans, unions. */
function choices(schema: JsonValue | undefined, seen: Set<JsonValue>): readonly string[] {
  const resolved = resolve(schema);
  if (!isObject(resolved) || seen.has(resolved)) return [];
  seen.add(resolved);
  const named = Object.entries(isObject(resolved["properties"]) ? resolved["properties"] : {}).filter(
    ([name]) => !notRendered.has(name),
  );
  const inner = [...variants(resolved), ...named.map(([, one]) => one), resolved["additionalProperties"]];
  return [
    ...named.filter(([, one]) => isChoice(one)).map(([name]) => name),
    ...inner.flatMap((one) => choices(one, seen)),
  ];
}

function resolve(schema: JsonValue | undefined): JsonValue | undefined {
  const ref = isObject(schema) ? schema["$ref"] : undefined;
  if (typeof ref !== "string") return schema;
  return resolve((machine["$defs"] as JsonObject)[ref.slice("#/$defs/".length)]);
}

function variants(schema: JsonObject): readonly JsonValue[] {
  const { anyOf, allOf } = schema;
  return [anyOf, allOf].flatMap((some) => (Array.isArray(some) ? (some as readonly JsonValue[]) : []));
}

/** More than one value beside null, none of them only an object or text. */
function isChoice(schema: JsonValue): boolean {
  const resolved = resolve(schema);
  if (!isObject(resolved)) return false;
  if (resolved["type"] === "boolean" || Array.isArray(resolved["enum"])) return true;
  const some = variants(resolved).filter((one) => !isObject(one) || one["type"] !== "null");
  return some.length > 1 || some.some(isChoice);
}

function keysOf(value: JsonValue): readonly string[] {
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => [key, ...keysOf(inner)]);
}

describe("the tables of alternatives", () => {
  it("know every key of the routing schema that is one of several values", () => {
    const tried = new Set([...bgpAlternatives, ...policyAlternatives].flatMap(({ values }) => values.flatMap(keysOf)));
    const properties = machine["properties"] as JsonObject;
    const named = new Set(choices(properties["routing"], new Set()));

    expect(named.size).toBeGreaterThan(30);
    expect([...named].filter((name) => !tried.has(name))).toEqual([]);
  });
});
