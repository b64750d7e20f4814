import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "../../..");

interface Row {
  readonly fault: string;
  readonly file: string;
  readonly test: string;
}

const rows: readonly Row[] = readFileSync(join(root, "docs/faults.md"), "utf8")
  .split("\n")
  .filter((line) => line.startsWith("| ") && !line.startsWith("| Fault |"))
  .map((line) => {
    const cells = line.split("|").map((cell) => cell.trim());
    const [, file = "", test = ""] = /^`([^`]+)`: (.+)$/.exec(cells[4] ?? "") ?? [];
    return { fault: cells[1] ?? "", file, test };
  });

it("has a row for each fault, of which only those of images have no test", () => {
  expect(rows.length).toBeGreaterThan(20);
  expect(rows.filter(({ file }) => file === "").map(({ fault }) => fault)).toEqual([
    "Images: bad kernel, panic, hang, power cut in a trial, broken stream",
  ]);
});

it.each(rows.filter(({ file }) => file !== ""))("$fault: played by a test that is there", ({ file, test }) => {
  const path = join(root, "test", file);
  expect(existsSync(path)).toBe(true);
  expect(readFileSync(path, "utf8")).toContain(test === "*" ? "it" : `"${test}"`);
});
