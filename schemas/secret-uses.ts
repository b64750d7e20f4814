/** Where a machine, as written, refers to secrets: `{secret: name}`. */
import { formatPath, isObject, type JsonValue, type Path } from "./json.ts";
import type { Position } from "./problem.ts";
import type { SecretUse } from "./secrets.ts";

/** Every reference, in order of appearance. Its place is looked up when somebody asks for it. */
export function secretUses(
  value: JsonValue,
  locate: (path: Path, part: "key" | "value") => Position | undefined,
  path: Path = [],
): readonly SecretUse[] {
  if (Array.isArray(value)) return value.flatMap((inner, index) => secretUses(inner, locate, [...path, index]));
  if (!isObject(value)) return [];
  const { secret } = value;
  if (typeof secret === "string" && Object.keys(value).length === 1) return [useOf(secret, path, locate)];
  return Object.entries(value).flatMap(([key, inner]) =>
    typeof inner === "object" ? secretUses(inner, locate, [...path, key]) : [],
  );
}

function useOf(
  name: string,
  path: Path,
  locate: (path: Path, part: "key" | "value") => Position | undefined,
): SecretUse {
  return {
    name,
    path: formatPath(path),
    get at(): Position {
      return locate([...path, "secret"], "value") ?? { file: "", line: 1, column: 1 };
    },
  };
}
