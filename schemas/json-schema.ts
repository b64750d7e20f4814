/** JSON Schema of every document of a sites repository, for editors. Written to sites/.schema/ and by `impctl schema`. */
import { z } from "zod";
import { Customer } from "./customer.ts";
import { DefaultsNumber } from "./fleet.ts";
import { Images } from "./images.ts";
import type { JsonObject, JsonValue } from "./json.ts";
import { Machine } from "./machine.ts";
import { PolicyFile } from "./policies.ts";
import { Rollout } from "./rollout.ts";
import { Settings } from "./settings.ts";

const documents = {
  machine: () => layer(plain(Machine), "An appliance: <site>/<appliance>.yaml"),
  site: () => layer(plain(Machine), "What the appliances of a site have in common: <site>/site.yaml"),
  fleet: () =>
    layer(
      plain(Machine.extend({ defaults: DefaultsNumber, rollout: Rollout.optional() })),
      "What all appliances have in common: fleet.yaml",
    ),
  images: () => ({ ...plain(Images), title: "The catalogue of images and agents: images.yaml" }),
  customer: () => ({ ...plain(Customer), title: "A customer: customers/<name>.yaml" }),
  policies: () => ({ ...plain(PolicyFile), title: "Shared policies: policies/*.yaml" }),
  settings: () => ({ ...plain(Settings), title: "The agent's own settings: agent.yaml" }),
} as const satisfies Record<string, () => JsonObject>;

/** What a JSON Schema can be had of. */
export type DocumentName = keyof typeof documents;
export const documentNames = Object.keys(documents) as readonly DocumentName[];

/** JSON Schema (draft 2020-12) of one kind of document. */
export function jsonSchema(document: DocumentName): JsonObject {
  return documents[document]();
}

function plain(schema: z.ZodType): JsonObject {
  return z.toJSONSchema(schema, { io: "input", reused: "ref", unrepresentable: "any" }) as JsonObject;
}

/**
 * Loosens a schema for one layer of several: nothing is required, since another layer may have it, and every value of a
 * map may be null, which deletes what a layer below set.
 */
function layer(schema: JsonObject, title: string): JsonObject {
  return { ...(loosen(schema) as JsonObject), title };
}

function loosen(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map((item: JsonValue) => loosen(item));
  if (typeof value !== "object" || value === null) return value;
  const loose: Record<string, JsonValue> = {};
  for (const [key, inner] of Object.entries(value as JsonObject)) {
    if (key === "required" && Array.isArray(inner)) continue;
    else if (key === "properties" || key === "$defs") loose[key] = eachOf(inner, key === "properties");
    else if (key === "additionalProperties" && typeof inner === "object") loose[key] = orNull(loosen(inner));
    else if (key === "default" || key === "examples" || key === "enum" || key === "const") loose[key] = inner;
    else loose[key] = loosen(inner);
  }
  return loose;
}

function eachOf(schemas: JsonValue, nullable: boolean): JsonObject {
  return Object.fromEntries(
    Object.entries(schemas as JsonObject).map(([name, schema]) => [
      name,
      nullable ? orNull(loosen(schema)) : loosen(schema),
    ]),
  );
}

/** A description stays outside, where editors look for it. */
function orNull(schema: JsonValue): JsonObject {
  const { description, default: byDefault, ...rest } = schema as JsonObject;
  return {
    ...(description !== undefined && { description }),
    ...(byDefault !== undefined && { default: byDefault }),
    anyOf: [rest, { type: "null" }],
  };
}
