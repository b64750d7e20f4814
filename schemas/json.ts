/** JSON values, and paths into them as operators write and read them: `interfaces.external.addresses[0]`. */

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** Map keys and list indices from the top of a document. */
export type Path = readonly (string | number)[];

/** True for a map: neither a list nor null. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value of one key or index, or undefined; never one that an object inherits. */
export function child(value: JsonValue | undefined, key: string | number): JsonValue | undefined {
  if (Array.isArray(value)) return typeof key === "number" || /^\d+$/.test(key) ? value[Number(key)] : undefined;
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

/** The value at a path, or undefined where nothing stands. */
export function valueAt(value: JsonValue | undefined, path: Path): JsonValue | undefined {
  return path.reduce<JsonValue | undefined>((at, key) => child(at, key), value);
}

/** `bgp.peers.upstream-a.addresses[0]`; a key that holds a dot or a bracket is quoted: `routes."10.0.0.0/8".via`. */
export function formatPath(path: Path): string {
  return path
    .map((key, index) => {
      if (typeof key === "number") return `[${key}]`;
      const text = /^[^\s."[\]]+$/.test(key) ? key : JSON.stringify(key);
      return index === 0 ? text : `.${text}`;
    })
    .join("");
}

/**
 * A path as an operator types it, read with the values that it leads through: keys that hold dots need no quotes
 * (`interfaces.external.25` finds the key "external.25" where there is one), list indices stand as `[0]` or `.0`.
 */
export function parsePath(text: string, within: readonly JsonValue[]): Path {
  const path: (string | number)[] = [];
  let rest = text.trim();
  let at: readonly JsonValue[] = within;
  while (rest !== "") {
    const { key, length } = nextKey(rest, at);
    path.push(key);
    rest = rest.slice(length).replace(/^\./, "");
    at = at.map((value) => child(value, key)).filter((value) => value !== undefined);
  }
  return path;
}

function nextKey(rest: string, at: readonly JsonValue[]): { key: string | number; length: number } {
  const index = /^\[(\d+)\]/.exec(rest) ?? (at.some(Array.isArray) ? /^(\d+)(?=[.[]|$)/.exec(rest) : null);
  if (index) return { key: Number(index[1]), length: index[0].length };
  const quoted = /^"(?:[^"\\]|\\.)*"/.exec(rest);
  if (quoted) {
    try {
      return { key: String(JSON.parse(quoted[0])), length: quoted[0].length };
    } catch {
      return { key: quoted[0].slice(1, -1), length: quoted[0].length };
    }
  }
  const known = at
    .flatMap((value) => (isObject(value) ? Object.keys(value) : []))
    .filter((key) => key !== "" && rest.startsWith(key) && /^(?:$|[.[])/.test(rest.slice(key.length)))
    .reduce((longest, key) => (key.length > longest.length ? key : longest), "");
  const key = known !== "" ? known : (/^[^.[]+/.exec(rest)?.[0] ?? rest);
  return { key, length: key.length };
}
