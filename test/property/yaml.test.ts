import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dump } from "js-yaml";
import { valueAt, type JsonObject, type JsonValue, type Path } from "../../schemas/json.ts";
import { parseYaml } from "../../schemas/yaml.ts";

const key = fc
  .oneof(fc.constantFrom("a", "b", "mtu", "25", "10.0.0.0/8", "no"), fc.string({ minLength: 1, maxLength: 8 }))
  .filter((text) => !["__proto__", "constructor", "prototype", "<<"].includes(text));
const { value } = fc.letrec<{ value: JsonValue; map: JsonObject }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("value"), { maxLength: 4 }),
    tie("map"),
  ),
  map: fc.dictionary(key, tie("value"), { maxKeys: 5, noNullPrototype: true }),
}));
const map = fc.dictionary(key, value, { maxKeys: 6, noNullPrototype: true });

function paths(of: JsonValue, path: Path = []): readonly Path[] {
  if (typeof of !== "object" || of === null) return [path];
  const inner = Array.isArray(of) ? [...of.entries()] : Object.entries(of);
  return [path, ...inner.flatMap(([name, part]) => paths(part, [...path, name]))];
}

describe("any YAML", () => {
  it("that is written from a value is read as that value, and every part of it has a place", () => {
    fc.assert(
      fc.property(map, fc.integer({ min: -1, max: 3 }), (written, flowLevel) => {
        const result = parseYaml("a.yaml", new TextEncoder().encode(dump(written, { noRefs: true, flowLevel })));
        expect(result.problems.map(String)).toEqual([]);
        expect(result.document?.value).toEqual(written);
        for (const path of paths(written)) {
          expect(valueAt(result.document?.value, path)).toEqual(valueAt(written, path));
          expect(result.document?.locate(path, "value")?.line).toBeGreaterThan(0);
          expect(result.document?.locate(path, "key")?.column).toBeGreaterThan(0);
        }
      }),
    );
  });

  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.string({ unit: "binary" }).map((text) => new TextEncoder().encode(text)),
    fc
      .array(
        fc.constantFrom(
          "a",
          ": ",
          "\n",
          "  ",
          "- ",
          "? ",
          "&a ",
          "*a",
          "!t ",
          "[",
          "]",
          "{",
          "}",
          ", ",
          "'",
          '"',
          "|\n",
          ">-\n",
          "#",
          "---\n",
          "...\n",
          "%YAML 1.2\n",
          "\t",
          "\\",
          "<<: ",
          "1e9",
          "~",
          "\r",
          "\u0085",
          "\ufeff",
        ),
        { maxLength: 60 },
      )
      .map((parts) => new TextEncoder().encode(parts.join(""))),
    fc.tuple(map, fc.nat(), fc.uint8Array({ maxLength: 4 })).map(([written, at, patch]) => {
      const text = new TextEncoder().encode(dump(written, { noRefs: true }));
      text.set(patch.subarray(0, text.length), at % Math.max(1, text.length - patch.length));
      return text;
    }),
  );

  it("is a value or a list of problems that name the file, never anything thrown", () => {
    fc.assert(
      fc.property(bytes, (text) => {
        const { document, problems } = parseYaml("a.yaml", text);
        expect(document === undefined).toBe(problems.length > 0);
        for (const problem of problems) {
          expect(problem.code).toMatch(/^YAML_/);
          expect(problem.at?.file).toBe("a.yaml");
          expect(problem.at?.line).toBeGreaterThan(0);
          expect(problem.at?.column).toBeGreaterThan(0);
          expect(problem.remedy).not.toBe("");
        }
        for (const path of paths(document?.value ?? null).filter(() => document)) {
          expect(document?.locate(path, "value")).toBeDefined();
        }
      }),
      { numRuns: 2000 },
    );
  });
});
