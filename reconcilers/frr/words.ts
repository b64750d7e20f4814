/** Lines of FRR as text: without comments, with single blanks. FRR knows the blanks of ASCII only: others are parts of words. */

/** The words of a line with single blanks; undefined for a comment, or a line without words. */
export function wordsOf(raw: string): string | undefined {
  const first = indentOf(raw);
  const sign = raw.charCodeAt(first);
  if (Number.isNaN(sign) || sign === 33 || sign === 35) return undefined;
  const line = raw.slice(first);
  return otherBlanks.test(line) || line.includes("  ") || line.endsWith(" ") ? spaced(line) : line;
}

/** How many blanks there are before the words of a line. */
export function indentOf(raw: string): number {
  let first = 0;
  while (isBlank(raw.charCodeAt(first))) first += 1;
  return first;
}

/** Blank, tab, carriage return and the like. */
function isBlank(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13);
}

const otherBlanks = /[\t\v\f\r]/;

function spaced(line: string): string {
  return line.replaceAll(/[\t-\r ]+/g, " ").replaceAll(/^ | $/g, "");
}

/** The same text with single blanks between words, none at the end of a line, and a newline behind each. */
export function tidied(text: string): string {
  const isTidy = !/[^ \n] [ \n]/.test(text) && !text.endsWith(" ") && !otherBlanks.test(text);
  if (isTidy) return text === "" || text.endsWith("\n") ? text : `${text}\n`;
  const lines = text.replace(/\n$/, "").split("\n");
  return lines.map((line) => `${" ".repeat(indentOf(line))}${spaced(line)}\n`).join("");
}
