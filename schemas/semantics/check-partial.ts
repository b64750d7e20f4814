/**
 * Rules over what is left of a machine when its values that do not fit the schema are taken away: so that an operator
 * reads of a mistyped number and of a mistyped name at once, and corrects both.
 */
import type { z } from "zod";
import { isObject, type JsonObject, type JsonValue, type Path, valueAt } from "../json.ts";
import type { Machine, machineSchema } from "../machine.ts";
import { checkMachine } from "./check-machine.ts";
import type { Offered } from "./references.ts";
import type { MachineRule, RuleFinding } from "./rules.ts";

/** Rules that one or two values break which stand there: no third one that is taken away can change that. */
const certain: ReadonlySet<string> = new Set<MachineRule>([
  "reference-missing",
  "address-reused",
  "network-overlap",
  "name-reused",
  "number-reused",
  "bond-member-twice",
  "mac-multicast",
  "cpu-range",
  "route-map-loop",
  "peer-own-address",
  "nat-pool-overlap",
  "nat-source-overlap",
]);

/** Taking a value away can make its surroundings wrong in turn; this often they go too. */
const rounds = 4;

/** Whoever has more of them wrote something else altogether: each one costs a copy of the maps around it. */
const maxRemoved = 50;

/** Findings that hold whatever the wrong values are meant to be. */
export function checkPartial(
  schema: ReturnType<typeof machineSchema>,
  written: JsonObject,
  issues: readonly z.core.$ZodIssue[],
  offered: Offered,
): readonly RuleFinding[] {
  const removed: Path[] = [];
  let left = written;
  let wrong = issues;
  for (let round = 0; round < rounds; round++) {
    const paths = wrong.flatMap(placesOf);
    if (removed.length + paths.length > maxRemoved) return [];
    removed.push(...paths);
    left = paths.reduce(without, left);
    const result = schema.safeParse(left);
    if (result.success) return findCertain(result.data, removed, written, offered);
    wrong = result.error.issues;
  }
  return [];
}

function placesOf(issue: z.core.$ZodIssue): readonly Path[] {
  const path = issue.path.map((key) => (typeof key === "number" ? key : String(key)));
  return issue.code === "unrecognized_keys" ? issue.keys.map((key) => [...path, key]) : [path];
}

/** The same without what stands at the path; out of a list the whole list goes, so that no index moves. */
function without(value: JsonObject, [key, ...rest]: Path): JsonObject {
  if (key === undefined || !Object.hasOwn(value, key)) return value;
  const inner: JsonValue | undefined = value[key];
  if (rest.length > 0 && isObject(inner)) return { ...value, [key]: without(inner, rest) };
  const { [key]: _, ...others } = value;
  return others;
}

function findCertain(
  machine: Machine,
  removed: readonly Path[],
  written: JsonObject,
  offered: Offered,
): readonly RuleFinding[] {
  // What is named may have been taken away itself, or what it is part of.
  const gone = new Set(removed.flatMap((path) => path.map(String)));
  const sections = removed.filter((path) => path.length < 2 && isObject(valueAt(written, path)));
  const whole = sections.length > 0 || gone.has("bridges");
  return checkMachine(machine, offered).filter(({ rule, message }) => {
    if (!certain.has(rule)) return false;
    if (rule !== "reference-missing") return true;
    const name = /"([^"]*)"/.exec(message)?.[1] ?? "";
    return !whole && !gone.has(name) && !gone.has(name.split(".")[0] ?? "");
  });
}
