/** Changes of an appliance's own files: which file a value belongs into, and the repository as it is with them. */
import { child, isObject, type JsonObject, type JsonValue, type Path } from "./json.ts";
import { machineFiles } from "./layout.ts";
import { openSites } from "./sites.ts";
import type { Tree } from "./tree.ts";
import type { YamlDocument } from "./yaml.ts";
import { yamlText } from "./yaml-text.ts";

/** By file: what is to be put over what stands there. null takes away, also what a layer below sets. */
export type Patch = ReadonlyMap<string, JsonObject>;

/** An appliance's own files, the main one first; empty where it has none that can be read. */
export async function ownFiles(tree: Tree, machine: string): Promise<readonly YamlDocument[]> {
  const sites = openSites(tree);
  const read = (await machineFiles(sites, machine)) ?? [];
  const documents = await Promise.all(read.map(async (path) => (await sites.file(path)).document));
  return documents.filter((one) => one !== undefined);
}

/** With one more value, in the file that sets the most of the way to it. */
export function withValue(patch: Patch, files: readonly YamlDocument[], path: Path, value: JsonValue): Patch {
  const [main] = files;
  if (!main) return patch;
  const depth = (file: YamlDocument) => reach(patch.has(file.file) ? under(file, patch) : file.value, path);
  const best = files.reduce((chosen, file) => (depth(file) > depth(chosen) ? file : chosen), main);
  return new Map([...patch, [best.file, put(patch.get(best.file) ?? {}, path, value)]]);
}

/** The tree as it is once somebody put the patch into its files. */
export function patchedTree(tree: Tree, files: readonly YamlDocument[], patch: Patch): Tree {
  const texts = new Map(
    files.flatMap((file) => (patch.has(file.file) ? [[file.file, yamlText(under(file, patch))] as const] : [])),
  );
  return {
    ...tree,
    read: async (path) => {
      const text = texts.get(path);
      return text === undefined ? tree.read(path) : new TextEncoder().encode(text);
    },
  };
}

/** A file's value with the patch in it. */
export function under({ file, value }: YamlDocument, patch: Patch): JsonObject {
  return overlaid(value, patch.get(file) ?? {});
}

/** As layers merge, but that a null stays: it may be needed for what stands in a layer below. */
function overlaid(below: JsonObject, above: JsonObject): JsonObject {
  const merged: Record<string, JsonValue> = { ...below };
  for (const [key, value] of Object.entries(above)) {
    const inner = child(below, key);
    merged[key] = isObject(value) ? overlaid(isObject(inner) ? inner : {}, value) : value;
  }
  return merged;
}

/** With a value at a path; a map is laid over the one that is there. */
export function put(object: JsonObject, [key = "", ...rest]: Path, value: JsonValue): JsonObject {
  const name = String(key);
  const inner = child(object, name);
  if (rest.length > 0) return { ...object, [name]: put(isObject(inner) ? inner : {}, rest, value) };
  return { ...object, [name]: isObject(value) && isObject(inner) ? overlaid(inner, value) : value };
}

/** How many keys of a path there are. */
function reach(value: JsonValue, path: Path): number {
  const [key, ...rest] = path;
  const inner = key === undefined ? undefined : child(value, key);
  return inner === undefined ? 0 : 1 + reach(inner, rest);
}
