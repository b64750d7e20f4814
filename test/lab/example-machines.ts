/**
 * Random valid machines: the reference appliance of the example repository, which has something of everything, less some of
 * what it says. For laws of all planes together.
 */
import * as fc from "fast-check";
import { isObject, type JsonObject } from "../../schemas/json.ts";
import { loadMachine } from "../../schemas/load.ts";
import type { Machine } from "../../schemas/machine.ts";
import { yamlText } from "../../schemas/yaml-text.ts";
import { exampleFile, exampleSites } from "./example-sites.ts";
import { memoryTree } from "./memory-tree.ts";

const name = "fra1/r1";
/** A place in a file: its path, then keys. */
type Place = readonly [string, ...string[]];

const own = Object.keys(exampleSites).filter((path) => path.startsWith(`${name}/`));
const places = own.flatMap((path) => placesIn(exampleFile(path)).map((keys): Place => [path, ...keys]));

/** Every key of it, at any depth. */
function placesIn(value: JsonObject): readonly (readonly string[])[] {
  return Object.entries(value).flatMap(([key, below]) => [
    [key],
    ...(isObject(below) ? placesIn(below).map((keys) => [key, ...keys]) : []),
  ]);
}

function without(value: JsonObject, [key = "", ...keys]: readonly string[]): JsonObject {
  const { [key]: below, ...rest } = value;
  if (below === undefined || keys.length === 0) return rest;
  return isObject(below) ? { ...rest, [key]: without(below, keys) } : value;
}

/** undefined where what is left is not valid. */
async function machineWithout(dropped: readonly Place[]): Promise<Machine | undefined> {
  const changed = own.map((path) => {
    const keys = dropped.filter(([file]) => file === path).map(([, ...rest]) => rest);
    return [path, yamlText(keys.reduce(without, exampleFile(path)))] as const;
  });
  const { loaded } = await loadMachine(memoryTree({ ...exampleSites, ...Object.fromEntries(changed) }), name);
  return loaded?.machine;
}

/** Each is a promise of a machine; undefined: not a valid one. */
export const exampleMachines: fc.Arbitrary<() => Promise<Machine | undefined>> = fc
  .subarray(places, { maxLength: 12 })
  .map((dropped) => () => machineWithout(dropped));
