import { expect, it } from "vitest";
import { printable, printableData, printableJson, printableLines } from "../../../schemas/printable.ts";
import { Problem } from "../../../schemas/problem.ts";

const hostile = "a\u001B[31m\u0007\r\n\u0085\u009B\u200B\u202E\u2028\uD800b";

it("spells out whatever moves a cursor, ends a line, reorders or hides text", () => {
  expect(printable(hostile)).toBe(String.raw`a\u{1b}[31m\u{7}\u{d}\u{a}\u{85}\u{9b}\u{200b}\u{202e}\u{2028}\u{d800}b`);
  expect(printable("Köln – 東京 ✓ \\")).toBe("Köln – 東京 ✓ \\");
});

it("keeps the lines of a text, and nothing else that acts", () => {
  expect(printableLines("a\n\u001Bb\r\n")).toBe("a\n\\u{1b}b\\u{d}\n");
});

it("reaches every string and key of a document", () => {
  expect(printableData({ "k\u001B": ["\u0007", 1, null, { deep: "\n" }] })).toEqual({
    "k\\u{1b}": ["\\u{7}", 1, null, { deep: "\\u{a}" }],
  });
});

it("writes JSON of the same value that shows nothing unprintable but its own line breaks", () => {
  const value = { [hostile]: [hostile, "\u{E0001}\u007F", 1, null] };

  const json = printableJson(JSON.stringify(value, undefined, 2));

  expect(JSON.parse(json)).toEqual(value);
  expect(json).toBe(printableLines(json));
});

it("makes one line of a problem, whatever its file, path, message and remedy hold", () => {
  const problem = new Problem("SCHEMA", `bad ${hostile}`, {
    at: { file: "fra1/\n::stop-commands::x\u001B]0;t\u0007.yaml", line: 1, column: 2 },
    path: `routing.${hostile}`,
    remedy: `Fix ${hostile}.`,
  });

  expect(problem.toString()).toMatch(/^fra1\/\\u\{a\}::stop-commands::x\\u\{1b\}]0;t\\u\{7\}\.yaml:1:2: routing\.a/);
  expect(problem.toString()).toBe(printable(problem.toString()));
});

it("lets no line begin as a command to a CI runner because a file is called so", () => {
  const at = { file: "::stop-commands::x/a.yaml", line: 1, column: 1 };

  expect(new Problem("SCHEMA", "bad", { at }).toString()).toBe("./::stop-commands::x/a.yaml:1:1: bad");
});
