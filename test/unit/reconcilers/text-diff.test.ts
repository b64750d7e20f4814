import { array, assert, constantFrom, property } from "fast-check";
import { describe, expect, it } from "vitest";
import { diffLines, unifiedDiff } from "../../../reconcilers/text-diff.ts";

const text = array(constantFrom("a", "b", "c", "d", "", "router bgp 64500", "exit"), { maxLength: 30 });

describe("the line diff", () => {
  it("says nothing about equal texts", () => {
    expect(unifiedDiff("a\nb\n", "a\nb\n")).toBe("");
  });

  it("shows a change with three lines around it", () => {
    const before = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";

    expect(unifiedDiff(before, before.replace("5", "five"))).toBe(
      ["@@ -2,7 +2,7 @@", " 2", " 3", " 4", "-5", "+five", " 6", " 7", " 8"].join("\n"),
    );
  });

  it("keeps far changes in hunks of their own", () => {
    const lines = Array.from({ length: 40 }, (_, index) => `line ${index}`);
    const after = lines.with(3, "x").with(30, "y");

    const diff = unifiedDiff(lines.join("\n"), after.join("\n"));

    expect(diff.match(/^@@.*/gm)).toEqual(["@@ -1,7 +1,7 @@", "@@ -28,7 +28,7 @@"]);
  });

  it("numbers a text that appears from nothing as the unified format wants", () => {
    expect(unifiedDiff("", "a\nb\n")).toBe("@@ -0,0 +1,2 @@\n+a\n+b");
    expect(unifiedDiff("a\nb\n", "")).toBe("@@ -1,2 +0,0 @@\n-a\n-b");
  });

  it("keeps both texts whole, whatever they are", () => {
    assert(
      property(text, text, (before, after) => {
        const lines = diffLines(before, after);

        expect(lines.filter((line) => line.sign !== "+").map((line) => line.text)).toEqual(before);
        expect(lines.filter((line) => line.sign !== "-").map((line) => line.text)).toEqual(after);
      }),
    );
  });

  it("marks nothing when both sides are the same", () => {
    assert(
      property(text, (same) => {
        expect(diffLines(same, same).every((line) => line.sign === " ")).toBe(true);
      }),
    );
  });

  it("changes one line in fifty thousand by one removal and one addition", () => {
    const before = Array.from({ length: 50_000 }, (_, index) => `ip prefix-list p seq ${index} permit any`);
    const after = before.map((line, index) => (index % 10 === 0 ? `${line} le 32` : line));

    const lines = diffLines(before, after);

    expect(lines.filter((line) => line.sign === "-")).toHaveLength(5000);
    expect(lines.filter((line) => line.sign === "+")).toHaveLength(5000);
  });
});
