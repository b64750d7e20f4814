/** Code that means the same in ASCII: V8 keeps the source in memory, and takes two bytes for each character of it where one needs that. */

/** Everything else is written as an escape, as strings, patterns and names may have it; in `String.raw` it is not the same. */
export function ascii(code: string): string {
  return code.replaceAll(/[^\0-\u007f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
