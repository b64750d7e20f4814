/** Lines of FRR as text: without comments, with single blanks. */

/** The words of a line with single blanks; undefined for a comment. `first` is none. */
export function wordsIn(text: string, first: number, end: number): string | undefined {
  const sign = text.charCodeAt(first);
  if (sign === 33 || sign === 35) return undefined;
  const line = text.slice(first, end);
  return isBlank(text.charCodeAt(end - 1)) || line.includes("  ") || line.includes("\t")
    ? line.trim().replaceAll(/\s+/g, " ")
    : line;
}

/** Blank, tab, carriage return and the like. */
export function isBlank(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13);
}

const otherBlanks = ["\t", "\r", "\v", "\f"] as const;

/** The same text with single blanks between words, none at the end of a line, and a newline behind each. */
export function tidied(text: string): string {
  const isTidy = !/\S [ \n]/.test(text) && !otherBlanks.some((blank) => text.includes(blank));
  if (isTidy) return text === "" || text.endsWith("\n") ? text : `${text}\n`;
  const lines = text.split("\n").map((line) => {
    let first = 0;
    while (first < line.length && isBlank(line.charCodeAt(first))) first += 1;
    return " ".repeat(first) + line.trim().replaceAll(/\s+/g, " ");
  });
  return `${lines.join("\n").trimEnd()}\n`;
}
