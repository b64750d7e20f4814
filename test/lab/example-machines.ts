/**
 * Random valid machines: the reference appliance of the example repository, which has something of everything, less some of
 * what it says, with other values of what is left, and with instances of Incus. For laws of all planes together.
 */
import * as fc from "fast-check";
import { isObject, type JsonObject, type JsonValue, valueAt } from "../../schemas/json.ts";
import { loadMachine } from "../../schemas/load.ts";
import type { Machine } from "../../schemas/machine.ts";
import { put } from "../../schemas/patch.ts";
import { yamlText } from "../../schemas/yaml-text.ts";
import { exampleFile, exampleSites } from "./example-sites.ts";
import { networks, profiles, services } from "./incus/some.ts";
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

/** What is otherwise at a place: a number by which a value is changed. */
interface Change {
  readonly place: Place;
  readonly by: number;
}

/** Another value of the same kind, where it has one that may well be valid. */
function other(value: JsonValue | undefined, by: number): JsonValue | undefined {
  if (typeof value === "number") return value + by;
  if (typeof value === "boolean") return !value;
  if (Array.isArray(value)) return value.map((one: JsonValue, at) => (at === 0 ? (other(one, by) ?? one) : one));
  // The last octet of an address.
  const address = typeof value === "string" ? /^((?:\d+\.){3})(\d+)(.*)$/.exec(value) : undefined;
  return address ? `${address[1]}${(Number(address[2]) + by) % 255}${address[3]}` : undefined;
}

function changed(value: JsonObject, { place: [, ...keys], by }: Change): JsonObject {
  const after = other(valueAt(value, keys), by);
  return after === undefined ? value : put(value, keys, after);
}

interface Hosted {
  readonly network: JsonObject;
  readonly services: JsonObject;
}

/** With instances of Incus, where there is a network for them. */
function hosting(value: JsonObject, { network, services: some }: Hosted): JsonObject {
  const { containers, services: units } = value;
  if (!isObject(containers)) return value;
  const storage = { driver: "dir", source: "/persistent/data/incus" };
  return {
    ...value,
    containers: { ...containers, ...network, profiles, storage },
    services: { ...(isObject(units) ? units : {}), ...some },
  };
}

interface Varied {
  readonly dropped: readonly Place[];
  readonly changes: readonly Change[];
  readonly hosted: Hosted | undefined;
}

/** undefined where that is not valid. */
async function machineOf({ dropped, changes, hosted }: Varied): Promise<Machine | undefined> {
  const files = own.map((path) => {
    const isHere = ([file]: Place): boolean => file === path;
    const differs = changes.filter(({ place }) => isHere(place)).reduce(changed, exampleFile(path));
    const less = dropped.filter(isHere).reduce((value, [, ...keys]) => without(value, keys), differs);
    return [path, yamlText(hosted === undefined ? less : hosting(less, hosted))] as const;
  });
  const { loaded } = await loadMachine(memoryTree({ ...exampleSites, ...Object.fromEntries(files) }), name);
  return loaded?.machine;
}

const leaves = places.filter(([file, ...keys]) => other(valueAt(exampleFile(file), keys), 1) !== undefined);
const changes = fc.array(fc.record({ place: fc.constantFrom(...leaves), by: fc.integer({ min: 1, max: 20 }) }), {
  maxLength: 4,
});

/** Each is a promise of a machine; undefined: not a valid one. */
export const exampleMachines: fc.Arbitrary<() => Promise<Machine | undefined>> = fc
  .subarray(places, { maxLength: 12 })
  .map((dropped) => () => machineOf({ dropped, changes: [], hosted: undefined }));

/** The same with other values, and with instances of Incus. */
export const variedMachines: fc.Arbitrary<() => Promise<Machine | undefined>> = fc
  .record({
    dropped: fc.subarray(places, { maxLength: 4 }),
    changes,
    hosted: fc.record({ network: networks, services }),
  })
  .map((varied) => () => machineOf(varied));
