/** What zod says of a value, as Problems in an operator's words, each at the line that has to change. */
import type { z } from "zod";
import { formatPath, isObject, valueAt, type JsonObject, type JsonValue, type Path } from "./json.ts";
import { nearest } from "./nearest.ts";
import { Problem, type Position } from "./problem.ts";

/** Problems of one document or machine; whoever has more of them wrote something else altogether. */
const maxIssues = 200;

/** What a schema is asked about, and how to find the place of a path in it. */
export interface Checked {
  readonly schema: z.core.$ZodType;
  readonly value: JsonObject;
  /** Key: where the name stands; value: what is behind it. A path that is nowhere gives the place where it belongs. */
  locate(path: Path, part: "key" | "value"): Position | undefined;
}

interface Wrong {
  readonly path: Path;
  readonly part: "key" | "value";
  readonly message: string;
  readonly remedy?: string | undefined;
}

export function issueProblems(issues: readonly z.core.$ZodIssue[], checked: Checked): readonly Problem[] {
  const count = issues.reduce((sum, issue) => sum + (issue.code === "unrecognized_keys" ? issue.keys.length : 1), 0);
  const wrong = issues
    .slice(0, maxIssues)
    .flatMap((issue) => describe(issue, [], checked))
    .slice(0, maxIssues);
  const problems = wrong.map(({ path, part, message, remedy }) => {
    const at = checked.locate(path, part);
    return new Problem("SCHEMA", message, {
      path: formatPath(path),
      ...(remedy !== undefined && { remedy }),
      ...(at && { at }),
    });
  });
  if (count <= maxIssues) return problems;
  const at = checked.locate([], "value");
  const more = `and ${count - maxIssues} more problems`;
  return [...problems, new Problem("SCHEMA", more, { ...(at && { at }), remedy: "Correct these first." })];
}

function describe(issue: z.core.$ZodIssue, prefix: Path, checked: Checked): readonly Wrong[] {
  const path = [...prefix, ...issue.path.map((key) => (typeof key === "number" ? key : String(key)))];
  const value = valueAt(checked.value, path);
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.slice(0, maxIssues).map((key) => unknownKey(path, key, checked));
    case "invalid_key":
      return [{ path, part: "key", message: issue.issues[0]?.message ?? issue.message }];
    case "invalid_union":
      return describeUnion(issue, path, value, checked);
    case "invalid_type":
      if (value === undefined) return [missing(path)];
      return [
        {
          path,
          part: "value",
          message: standard(issue.message) ? `must be ${article(issue.expected)}, not ${kindOf(value)}` : issue.message,
        },
      ];
    case "invalid_value":
      if (value === undefined) return [missing(path)];
      return [{ path, part: "value", ...oneOf(issue, value) }];
    default:
      return [{ path, part: "value", message: standard(issue.message) ? sizeWords(issue) : issue.message }];
  }
}

/** A key that the schema does not know, with the one that was meant. */
function unknownKey(path: Path, key: string, checked: Checked): Wrong {
  const known = keysAt(checked.schema, path);
  const meant = nearest(key, known);
  const remedy =
    meant !== undefined
      ? `Did you mean ${meant}?`
      : known.length <= 16 && known.length > 0
        ? `Known here: ${known.join(", ")}.`
        : "Remove it.";
  return { path: [...path, key], part: "key", message: "unknown key", remedy };
}

function missing(path: Path): Wrong {
  return { path, part: "key", message: "is missing", remedy: `Add ${formatPath(path.slice(-1))}.` };
}

/** Of a union that has no words of its own: what the alternative says that fits best. */
function describeUnion(
  issue: z.core.$ZodIssueInvalidUnion,
  path: Path,
  value: JsonValue | undefined,
  checked: Checked,
): readonly Wrong[] {
  if (!standard(issue.message)) return [{ path, part: "value", message: issue.message }];
  if (value === undefined) return [missing(path)];
  const ranked = issue.errors.filter((errors) => errors.length > 0).toSorted((a, b) => fit(b) - fit(a));
  const best = ranked[0];
  if (best) return best.flatMap((inner) => describe(inner, path, checked));
  const kinds = valuesAt(checked.schema, path);
  const meant = typeof value === "string" ? nearest(value, kinds) : undefined;
  const message = kinds.length > 0 ? `must be one of ${kinds.join(", ")}` : "fits none of the alternatives";
  return [{ path, part: "value", message, ...(meant !== undefined && { remedy: `Did you mean ${meant}?` }) }];
}

/** Deep issues mean that the alternative's own shape fitted; a wrong type at its top that it did not. */
function fit(errors: readonly z.core.$ZodIssue[]): number {
  const deepest = errors.reduce((most, error) => Math.max(most, error.path.length), 0);
  return errors.some((error) => error.path.length === 0 && error.code === "invalid_type")
    ? -1
    : deepest - errors.length / 100;
}

function oneOf(
  issue: z.core.$ZodIssueInvalidValue,
  value: JsonValue,
): { readonly message: string; readonly remedy?: string } {
  if (!standard(issue.message)) return { message: issue.message };
  const values = issue.values.map(String);
  const meant = typeof value === "string" ? nearest(value, values) : undefined;
  const message = `${JSON.stringify(value).slice(0, 60)} must be ${values.length === 1 ? "" : "one of "}${values.join(", ")}`;
  return meant === undefined ? { message } : { message, remedy: `Did you mean ${meant}?` };
}

/** zod's own wording, which is for programmers; messages of the schema are for operators and stay as they are. */
function standard(message: string): boolean {
  return /^(Invalid|Too (small|big)|Unrecognized)\b/.test(message);
}

function sizeWords(issue: z.core.$ZodIssue): string {
  const of =
    "origin" in issue && issue.origin === "string"
      ? " characters"
      : "origin" in issue && (issue.origin === "array" || issue.origin === "map")
        ? " entries"
        : "";
  if (issue.code === "too_small")
    return of === "" ? `must be at least ${issue.minimum}` : `must have at least ${issue.minimum}${of}`;
  if (issue.code === "too_big")
    return of === "" ? `must be at most ${issue.maximum}` : `must have at most ${issue.maximum}${of}`;
  return issue.message;
}

function article(expected: string): string {
  const words: Record<string, string> = {
    string: "text",
    number: "a number",
    int: "a whole number",
    boolean: "true or false",
    array: "a list",
    object: "a map",
    record: "a map",
  };
  return words[expected] ?? expected;
}

function kindOf(value: JsonValue): string {
  if (value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (isObject(value)) return "a map";
  if (typeof value === "string") return `the text ${JSON.stringify(value.slice(0, 40))}`;
  return `${typeof value === "number" ? "the number " : ""}${JSON.stringify(value)} (quote it if it is text)`;
}

/** The keys that a schema knows in the map at a path; none where any name may stand. */
export function keysAt(schema: z.core.$ZodType, path: Path): readonly string[] {
  const keys = definitionsAt(schema, path).flatMap((def) => (def.type === "object" ? Object.keys(def.shape) : []));
  return [...new Set(keys)];
}

/** The words that a schema knows at a path. */
function valuesAt(schema: z.core.$ZodType, path: Path): readonly string[] {
  return definitionsAt(schema, path).flatMap((def) => {
    if (def.type === "literal") return def.values.map(String);
    return def.type === "enum" ? Object.values(def.entries).map(String) : [];
  });
}

function definitionsAt(schema: z.core.$ZodType, path: Path): readonly z.core.$ZodTypes["_zod"]["def"][] {
  let at: readonly z.core.$ZodType[] = alternatives(schema);
  for (const key of path) at = at.flatMap((inner) => inside(inner, key)).flatMap((inner) => alternatives(inner));
  return at.map((inner) => (inner as z.core.$ZodTypes)._zod.def);
}

/** What a schema is once its wrappers (optional, default, union …) are taken off. */
function alternatives(schema: z.core.$ZodType): readonly z.core.$ZodType[] {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if (def.type === "union") return def.options.flatMap((option) => alternatives(option));
  if (def.type === "pipe") return alternatives(def.in);
  if ("innerType" in def) return alternatives(def.innerType);
  return [schema];
}

function inside(schema: z.core.$ZodType, key: string | number): readonly z.core.$ZodType[] {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if (def.type === "object") {
    const inner = Object.hasOwn(def.shape, key) ? def.shape[key] : undefined;
    return inner ? [inner] : [];
  }
  if (def.type === "record") return [def.valueType];
  return def.type === "array" ? [def.element] : [];
}
