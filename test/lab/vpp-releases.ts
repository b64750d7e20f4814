/**
 * Definitions of VPP's binary API, a folder a release: where IMP_VPP_API says, or in a folder beside the checkout. They are
 * not part of the product; tests that need them are skipped by name without them.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const folder =
  process.env["IMP_VPP_API"] ??
  ["../shared/vpp-api", "../../shared/vpp-api"]
    .map((path) => join(import.meta.dirname, "../..", path))
    .find((path) => existsSync(path));

/** "23.10", "24.06", … */
export const releases: readonly string[] =
  folder === undefined ? [] : readdirSync(folder).filter((name) => /^\d\d\.\d\d$/.test(name));

/** The *.api.json of a release, as one JSON array: what get_api_json answers. */
export function definitionsOf(release: string): string {
  return `[${apiFiles(release)
    .map(([, text]) => text)
    .join(",")}]`;
}

/** Path below the release's folder, and text. */
export function apiFiles(release: string): readonly (readonly [string, string])[] {
  const top = join(folder ?? "", release);
  return readdirSync(top, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".api.json"))
    .map((name) => [name, readFileSync(join(top, name), "utf8")] as const);
}
