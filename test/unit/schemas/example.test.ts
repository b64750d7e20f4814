import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { Customer } from "../../../schemas/customer.ts";
import { Images } from "../../../schemas/images.ts";
import { type JsonObject, isObject } from "../../../schemas/json.ts";
import type { DocumentName } from "../../../schemas/json-schema.ts";
import { Machine } from "../../../schemas/machine.ts";
import { merge } from "../../../schemas/merge.ts";
import { PolicyFile } from "../../../schemas/policies.ts";
import { parseYaml } from "../../../schemas/yaml.ts";

const top = join(import.meta.dirname, "../../../sites");
const all = await readdir(top, { recursive: true });
const files = all.filter((file) => file.endsWith(".yaml") && !file.startsWith("secrets/")).sort();

async function read(file: string): Promise<JsonObject> {
  const { document, problems } = parseYaml(file, await readFile(join(top, file)));
  if (document === undefined) throw new Error(problems.map(String).join("\n"));
  return document.value;
}

/** What an appliance asks for, from its layers. */
async function machine(site: string, ...own: string[]): Promise<JsonObject> {
  const layers = await Promise.all(["fleet.yaml", `${site}/site.yaml`, ...own].map(read));
  const { defaults: _, ...merged } = merge(layers);
  return merged;
}

function documentOf(file: string): DocumentName {
  if (file === "fleet.yaml") return "fleet";
  if (file === "images.yaml") return "images";
  if (file.startsWith("customers/")) return "customer";
  if (file.startsWith("policies/")) return "policies";
  return file.endsWith("/site.yaml") ? "site" : "machine";
}

describe("the example repository", () => {
  it.each(files)("%s names its own JSON Schema for editors, and fits it", async (file) => {
    const first = (await readFile(join(top, file), "utf8")).split("\n")[0] ?? "";
    const schema = first.replace("# yaml-language-server: $schema=", "");

    expect(schema).toMatch(new RegExp(`^(\\.\\./)*\\.schema/${documentOf(file)}\\.json$`));
    expect(existsSync(join(top, dirname(file), schema))).toBe(true);
    const fits = z.fromJSONSchema(JSON.parse(await readFile(join(top, dirname(file), schema), "utf8")));
    expect(fits.safeParse(await read(file)).error).toBeUndefined();
  });

  it.each([
    ["fra1", ["fra1/r1/main.yaml", "fra1/r1/interfaces.yaml", "fra1/r1/routing.yaml"]],
    ["fra1", ["fra1/r2.yaml"]],
    ["ber1", ["ber1/r1.yaml"]],
  ])("has in %s a valid appliance %s", async (site, own) => {
    expect(Machine.safeParse(await machine(site, ...own)).error).toBeUndefined();
  });

  it("has a reference appliance that uses every section", async () => {
    const reference = await machine("fra1", "fra1/r1/main.yaml", "fra1/r1/interfaces.yaml", "fra1/r1/routing.yaml");
    const elsewhere = ["taps", "vxlan", "agent", "hostname", "age-key", "maintenance", "raw-vpp", "after"];
    const missing = Object.keys(Machine.shape).filter((key) => reference[key] === undefined);
    expect(missing.filter((key) => !elsewhere.includes(key))).toEqual([]);
    const routing = isObject(reference["routing"]) ? Object.keys(reference["routing"]) : [];
    expect(routing).toEqual(expect.arrayContaining(["static", "bgp", "ospf", "ospf3", "bfd", "raw"]));
  });

  it("keeps the small appliance small: at most 25 lines", async () => {
    expect((await readFile(join(top, "ber1/r1.yaml"), "utf8")).trimEnd().split("\n").length).toBeLessThanOrEqual(25);
  });

  it("has images, customers and policies that fit their schemas", async () => {
    expect(Images.safeParse(await read("images.yaml")).error).toBeUndefined();
    expect(Customer.safeParse(await read("customers/acme.yaml")).error).toBeUndefined();
    for (const file of files.filter((name) => name.startsWith("policies/"))) {
      expect(PolicyFile.safeParse(await read(file)).error).toBeUndefined();
    }
  });
});
