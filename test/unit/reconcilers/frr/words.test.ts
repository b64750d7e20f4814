import { describe, expect, it } from "vitest";
import { readSource } from "../../../../reconcilers/frr/source.ts";
import { tidied } from "../../../../reconcilers/frr/words.ts";

describe("lines with single blanks", () => {
  it.each([
    ["a  b\n", "a b\n"],
    [" a\tb\r\n", " a b\n"],
    ["a\nb ", "a\nb\n"],
    ["a\n b\t", "a\n b\n"],
    ["a\n\n \nb  \n", "a\n\n \nb\n"],
  ])("come of any others: %j", (text, tidy) => {
    expect(tidied(text)).toBe(tidy);
  });

  it("keep what FRR takes for part of a word", () => {
    const line = "description a\u00a0\u00a0b\u2003c";
    expect(tidied(`${line}  d\u00a0\n`)).toBe(`${line} d\u00a0\n`);
    expect(readSource(`interface e0\n ${line}  d\u00a0\n\u00a0x\n`).lines.map((one) => one.line)).toEqual([
      "interface e0",
      `${line} d\u00a0`,
      "\u00a0x",
    ]);
  });
});
