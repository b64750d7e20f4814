import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { Customer } from "../../../schemas/customer.ts";
import { DeclaredCheck } from "../../../schemas/health.ts";
import { Images } from "../../../schemas/images.ts";
import { jsonSchema } from "../../../schemas/json-schema.ts";
import { Machine } from "../../../schemas/machine.ts";
import { PolicyFile } from "../../../schemas/policies.ts";
import { parseYaml } from "../../../schemas/yaml.ts";

const pageOf = (name: string) => readFileSync(join(import.meta.dirname, `../../../docs/${name}`), "utf8");
const page = pageOf("sites.md");
const health = pageOf("health.md");
const examples = [...`${page}\n${health}`.matchAll(/^```yaml ?(\w*)\n([^]*?)^```$/gm)].map(
  ([, document = "", text = ""]) => [text.split("\n").slice(0, 3).join(" "), document, text] as const,
);
const schemas = {
  "": Machine,
  // A layer alone need not be complete, so it is held to what editors check.
  fleet: z.fromJSONSchema({ ...jsonSchema("fleet") }),
  images: Images,
  customer: Customer,
  policies: PolicyFile,
};

describe("the reference of the sites repository", () => {
  it.each(examples)("has an example that is valid: %s", (_, document, text) => {
    const parsed = parseYaml("docs/sites.md", new TextEncoder().encode(text));
    const schema = schemas[document as keyof typeof schemas];

    expect(parsed.problems.map(String)).toEqual([]);
    expect(schema.safeParse(parsed.document?.value).error?.issues).toBeUndefined();
  });

  it.each(Object.keys(Machine.shape))("shows the section %s", (key) => {
    expect(page).toMatch(new RegExp(`^(\`)?${key}:`, "m"));
  });

  it.each(Object.keys(Machine.shape.routing.unwrap().shape))("shows the routing section %s", (key) => {
    expect(page).toMatch(new RegExp(`^  ${key}:`, "m"));
  });

  it.each(DeclaredCheck.options.map((option) => option.shape.check.value))("shows the health check %s", (kind) => {
    expect(health).toContain(`{ check: ${kind}`);
  });
});
