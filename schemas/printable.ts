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
  return withTexts(data, printable);
}

/** A copy of plain data with `change` done to every string in it, and to every key. */
export function withTexts<T>(data: T, change: (text: string) => string): T {
  const copy = (one: unknown): unknown => {
    if (typeof one === "string") return change(one);
    if (Array.isArray(one)) return one.map(copy);
    if (typeof one !== "object" || one === null) return one;
    return Object.fromEntries(Object.entries(one).map(([key, value]) => [change(key), copy(value)]));
  };
  return copy(data) as T;
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
