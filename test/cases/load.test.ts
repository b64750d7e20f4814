/** Runs every test/cases/load/*.yaml: a sites repository in, the lines of `impctl validate` out. See README.md. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { load as parse } from "js-yaml";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { loadFleet, loadMachine } from "../../schemas/load.ts";
import { memoryTree } from "../lab/memory-tree.ts";

const Case = z.strictObject({
  test: z.strictObject({
    description: z.string(),
    /** Every problem, warnings included, in order. */
    problems: z.array(z.string()),
    /** "<machine> <path>" → lines "file:line:column: layer: value as JSON", most specific first. */
    explain: z.record(z.string(), z.array(z.string())).default({}),
  }),
  files: z.record(z.string(), z.string()),
});

const folder = join(import.meta.dirname, "load");

/** What every repository has: cases leave it out where it does not matter. */
function complete(files: Readonly<Record<string, string>>): Record<string, string> {
  const sites = Object.keys(files).flatMap((path) => /^([a-z]{3}\d)\//.exec(path)?.[1] ?? []);
  return {
    "fleet.yaml": "defaults: 1\n",
    ...Object.fromEntries(sites.map((site) => [`${site}/site.yaml`, ""])),
    ...files,
  };
}

describe("loading a sites repository", () => {
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".yaml"))) {
    const { test, files } = Case.parse(parse(readFileSync(join(folder, file), "utf8"), { filename: file }));
    it(`${file}: ${test.description}`, async () => {
      const tree = memoryTree(complete(files));
      const { machines, problems } = await loadFleet(tree);
      expect(problems.map(String)).toEqual(test.problems);
      for (const [asked, lines] of Object.entries(test.explain)) {
        const [name = "", path = ""] = asked.split(" ");
        const origins = machines.get(name)?.loaded?.explain(path) ?? [];
        expect(
          origins.map(
            ({ at, layer, value }) => `${at.file}:${at.line}:${at.column}: ${layer}: ${JSON.stringify(value)}`,
          ),
        ).toEqual(lines);
      }
      for (const [name, { loaded }] of machines) {
        const alone = await loadMachine(tree, name);
        // Secrets are judged with the machine alone, and for all machines together within the fleet.
        const own = alone.problems.filter(({ code, severity }) => severity === "error" && !code.startsWith("SECRET_"));
        expect({ name, loads: own.length === 0 }).toEqual({ name, loads: loaded !== undefined });
      }
    });
  }
});
