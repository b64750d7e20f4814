/** Rows of a name and a text, as `impctl status`, `why` and `show` print them. */
import { stripVTControlCharacters } from "node:util";

/** A row without text is left out; one without name goes on with what is above it. */
export type Row = readonly [name: string, text: string | undefined];

const indent = 13;

/** A line or more a row: the texts stand below each other, and are wrapped where the screen has `columns`. */
export function rowsText(rows: readonly Row[], columns?: number): string {
  return rows
    .flatMap(([name, text]) => {
      if (text === undefined) return [];
      const [first = "", ...more] = wrap(text, (columns ?? Infinity) - indent);
      return [`${name.padEnd(indent - 1)} ${first}`, ...more.map((line) => " ".repeat(indent) + line)];
    })
    .join("\n");
}

/** What begins with blanks, a detail, goes on below its own first word. What has no blank is never broken. */
function wrap(text: string, width: number): readonly string[] {
  const hang = /^ */.exec(text)?.[0] ?? "";
  const lines: string[] = [];
  let line = "";
  for (const word of text.slice(hang.length).split(" ")) {
    const longer = line === "" ? hang + word : `${line} ${word}`;
    if (line !== "" && stripVTControlCharacters(longer).length > width) {
      lines.push(line);
      line = hang + word;
    } else line = longer;
  }
  return [...lines, line];
}
