/**
 * Text that is safe to show: whoever may push to the sites repository chooses file names, commit subjects and values, and
 * a terminal or a CI runner acts on what it is shown. Used wherever a problem, plan, status or log becomes text.
 */

// Controls, format characters (bidirectional and zero-width ones), halves of surrogates, private and unassigned ones,
// and the line separators of Unicode, which are of another category.
const unprintable = /[\p{C}\p{Zl}\p{Zp}]/gu;

/** One line: whatever would move a cursor, end a line, reorder or hide text is spelled out, an escape as \u{1b}. */
export function printable(text: string): string {
  return text.replace(unprintable, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

/** The same of a text of several lines, which it keeps. */
export function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}

/** A copy of plain data (as JSON has it) with every string in it as one printable line. Keys are copied likewise. */
export function printableData<T>(data: T): T {
  return mapStrings(data) as T;
}

function mapStrings(data: unknown): unknown {
  if (typeof data === "string") return printable(data);
  if (Array.isArray(data)) return data.map(mapStrings);
  if (typeof data !== "object" || data === null) return data;
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [printable(key), mapStrings(value)]));
}

/** JSON text that a terminal may be shown too: the same value, with what is unprintable written as JSON's own escapes. */
export function printableJson(json: string): string {
  return json.replace(/[^\P{C}\n]|[\p{Zl}\p{Zp}]/gu, (character) =>
    character
      .split("")
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
      .join(""),
  );
}
