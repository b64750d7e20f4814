/** The example sites repository as files, and the same with what a test must have otherwise. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { JsonObject } from "../../schemas/json.ts";
import { parseYaml } from "../../schemas/yaml.ts";

const top = join(import.meta.dirname, "../../sites");

/** Text by path below `sites`. */
export const exampleSites: Readonly<Record<string, string>> = Object.fromEntries(
  readdirSync(top, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".yaml"))
    .map((path) => [path, readFileSync(join(top, path), "utf8")]),
);

/** What one of them says. */
export function exampleFile(path: string): JsonObject {
  const { document } = parseYaml(path, new TextEncoder().encode(exampleSites[path]));
  if (document === undefined) throw new Error(`${path} cannot be read.`);
  return document.value;
}
