import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isObject, valueAt, type JsonObject, type JsonValue, type Path } from "../../schemas/json.ts";
import { loadFleet, loadMachine } from "../../schemas/load.ts";
import { merge, origins, type Layer } from "../../schemas/merge.ts";
import { fleetFiles } from "../lab/fleet.ts";
import { memoryTree } from "../lab/memory-tree.ts";

const { value } = fc.letrec<{ value: JsonValue; map: JsonObject }>((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, fc.integer({ min: 0, max: 3 }), fc.constant(null), fc.constant([1, 2]), tie("map")),
  map: fc.dictionary(fc.constantFrom("a", "b", "c"), tie("value"), { maxKeys: 3, noNullPrototype: true }),
}));
const map = fc.dictionary(fc.constantFrom("a", "b", "c"), value, { maxKeys: 3, noNullPrototype: true });

function layer(name: string, of: JsonObject): Layer {
  return {
    name,
    value: of,
    locate: (path) => (valueAt(of, path) === undefined ? undefined : { file: name, line: 1, column: 1 }),
  };
}

function leaves(of: JsonValue, path: Path = []): readonly Path[] {
  return isObject(of) ? Object.entries(of).flatMap(([key, inner]) => leaves(inner, [...path, key])) : [path];
}

describe("merged layers", () => {
  it("hold at every leaf what the first origin says, and no null", () => {
    fc.assert(
      fc.property(fc.array(map, { minLength: 1, maxLength: 4 }), (values) => {
        const merged = merge(values);
        const layers = values.map((one, index) => layer(String(index), one));
        for (const path of leaves(merged)) {
          expect(valueAt(merged, path)).not.toBeNull();
          expect(origins(layers, path)[0]?.value).toEqual(valueAt(merged, path));
        }
      }),
    );
  });

  it("are what they are when an empty layer is put anywhere, or the last one twice", () => {
    fc.assert(
      fc.property(fc.array(map, { minLength: 1, maxLength: 4 }), fc.nat(), (values, at) => {
        const merged = merge(values);
        expect(merge(values.toSpliced(at % (values.length + 1), 0, {}))).toEqual(merged);
        expect(merge([...values, ...values.slice(-1)])).toEqual(merged);
      }),
    );
  });
});

const words = fc.constantFrom(
  "interfaces",
  "external",
  "pci",
  "addresses",
  "routing",
  "bgp",
  "peers",
  "asn",
  "route-map",
  "in",
  "policy",
  "secret",
  "vlan",
  "appliance",
  "interface",
  "routes",
  "entries",
  "10",
  "25",
  "192.0.2.1/24",
  "192.0.2.1",
  "fra1/r1",
  "64500",
  "defaults",
  "image",
  "loop0",
  "loopbacks",
  "nat",
  "when",
  "null",
  "~",
  "true",
  "[]",
  "{}",
  "internal",
  "prefix-lists",
);
const line = fc
  .tuple(fc.integer({ min: 0, max: 5 }), words, fc.oneof(words, fc.constant(""), fc.string({ maxLength: 5 })))
  .map(([indent, key, text]) => `${"  ".repeat(indent)}${key}: ${text}`);
const content = fc.oneof(
  { weight: 6, arbitrary: fc.array(line, { maxLength: 12 }).map((lines) => lines.join("\n")) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 60 }) },
  { weight: 1, arbitrary: fc.constant({ link: "../x" }) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      "defaults: 1",
      "",
      'interfaces: {external: {pci: "0000:03:00.0"}}',
      "appliance: fra1/r1\ninterface: external\nvlan: 5\naddresses: [192.0.2.1/30]",
    ),
  },
);
const path = fc.constantFrom(
  "fleet.yaml",
  "images.yaml",
  "fra1/site.yaml",
  "fra1/r1.yaml",
  "fra1/r2/a.yaml",
  "fra1/r2/b.yaml",
  "fra1/r3.yml",
  "policies/a.yaml",
  "customers/a.yaml",
  "customers/b.yaml",
  "secrets/a.yaml",
  "secrets/operators.pub",
  "ber1/r1.yaml",
  "x.yaml",
  "fra1/r2/c/d.yaml",
  "constructor/site.yaml",
  "constructor/prototype.yaml",
  "fra1/__proto__.yaml",
);

describe("any sites repository", () => {
  it("is machines or problems, never anything thrown; a machine without errors is loaded, one with errors is not", async () => {
    await fc.assert(
      fc.asyncProperty(fc.dictionary(path, content, { maxKeys: 10, noNullPrototype: true }), async (files) => {
        const tree = memoryTree(files);
        const { machines, problems } = await loadFleet(tree);
        for (const problem of problems) expect(String(problem)).not.toBe("");
        for (const name of [...machines.keys(), "fra1/r1"]) {
          const one = await loadMachine(tree, name);
          expect(one.problems.some(({ severity }) => severity === "error")).toBe(one.loaded === undefined);
        }
        expect(Object.prototype).not.toHaveProperty("polluted");
      }),
      { numRuns: 300 },
    );
  });

  const valid = Object.fromEntries(fleetFiles({ appliances: 4, sites: 2 }));
  const patch = fc.tuple(
    fc.constantFrom(...Object.keys(valid)),
    fc.nat(),
    fc.nat({ max: 12 }),
    fc.string({ unit: "binary", maxLength: 6 }),
  );

  it("that was valid before somebody changed some of its bytes is judged with places in its files", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(patch, { minLength: 1, maxLength: 3 }), async (patches) => {
        const files: Record<string, string> = { ...valid };
        for (const [name, at, length, text] of patches) {
          const old = files[name] ?? "";
          const from = at % (old.length + 1);
          files[name] = old.slice(0, from) + text + old.slice(from + length);
        }
        const { problems } = await loadFleet(memoryTree(files));
        for (const { at } of problems) {
          expect(Object.keys(files)).toContain(at?.file);
          expect(at?.line).toBeLessThanOrEqual((files[at?.file ?? ""] ?? "").split(/\r\n?|\n/).length);
        }
      }),
      { numRuns: 300 },
    );
  });
});
