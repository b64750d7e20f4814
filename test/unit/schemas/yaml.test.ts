import { describe, expect, it } from "vitest";
import { maxFileBytes, parseYaml } from "../../../schemas/yaml.ts";

function problems(text: string | Uint8Array): readonly string[] {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  return parseYaml("a.yaml", bytes).problems.map(String);
}

function read(text: string): unknown {
  return parseYaml("a.yaml", new TextEncoder().encode(text)).document?.value;
}

describe("a YAML file", () => {
  it("is read as YAML 1.2 core: no is text, keys that are numbers become text", () => {
    expect(read("answer: no\nvlans: {25: upstream}\nmtu: 0x10\nmac: 02:00:5e:00:53:01\nday: 2026-01-01\n")).toEqual({
      answer: "no",
      vlans: { "25": "upstream" },
      mtu: 16,
      mac: "02:00:5e:00:53:01",
      day: "2026-01-01",
    });
  });

  it("that is empty or only comments is an empty map", () => {
    expect(read("")).toEqual({});
    expect(read("# nothing yet\n")).toEqual({});
  });

  it("tells where each value and each key stands", () => {
    const text = 'a:\n  "b c": [1, "two"]\r\n  d:\n# comment\ne: {f: g}\n';
    const { document } = parseYaml("a.yaml", new TextEncoder().encode(text));
    const at = (path: readonly (string | number)[], part: "key" | "value" = "value"): string => {
      const position = document?.locate(path, part);
      return `${position?.line}:${position?.column}`;
    };
    expect(at(["a"], "key")).toBe("1:1");
    expect(at(["a", "b c"], "key")).toBe("2:3");
    expect(at(["a", "b c", 0])).toBe("2:11");
    expect(at(["a", "b c", 1])).toBe("2:14");
    expect(at(["a", "d"])).toBe("3:3");
    expect(at(["e", "f"])).toBe("5:8");
    expect(document?.locate(["a", "nothing"], "key")).toBeUndefined();
  });

  it("names both places of a key that stands twice, and every other fault of the file at once", () => {
    expect(problems("a: 1\nb: {c: 1, c: 2}\na: 2\n")).toEqual([
      "a.yaml:2:11: b.c stands here a second time; the first is at line 2. Remove one of the two.",
      "a.yaml:3:1: a stands here a second time; the first is at line 1. Remove one of the two.",
    ]);
  });

  it.each([
    [
      "aliases",
      "a: &x 1\nb: *x\n",
      "a.yaml:1:4: anchors (&name) are not supported. Remove it: what is shared belongs into fleet.yaml or site.yaml.",
    ],
    [
      "merge keys",
      "a:\n  <<: {b: 1}\n",
      "a.yaml:2:3: merge keys (<<) are not supported. Write the values out, or set them once in fleet.yaml or site.yaml.",
    ],
    [
      "tags",
      "a: !!binary aGk=\n",
      "a.yaml:1:4: tags (!name) are not supported. Remove it, and quote the value if it is text.",
    ],
    [
      "depth",
      `a: ${"[".repeat(40)}${"]".repeat(40)}\n`,
      "a.yaml:1:35: maps and lists are nested deeper than 32. Flatten it.",
    ],
    ["tabs", "a:\n\tb: 1\n", "a.yaml:2:1: a tab is used as indentation. Indent with spaces."],
    [
      "a second document",
      "a: 1\n---\nb: 2\n",
      "a.yaml:3:1: a second document begins. One file holds one document: remove the --- line, or use two files.",
    ],
    [
      "keys of every object",
      "__proto__: {a: 1}\n",
      "a.yaml:1:1: the key __proto__ is not allowed. Choose another name.",
    ],
    ["complex keys", "[a]: 1\n", "a.yaml:1:1: a key is a list, a map or an alias. Keys are plain words."],
    ["empty keys", ": 1\n", "a.yaml:1:1: a key is empty. Write its name before the colon."],
    ["infinity", "a: .inf\n", "a.yaml:1:4: .inf is not a number that can be used. Write a finite number."],
    [
      "numbers that would be rounded",
      "a: 12345678901234567890\n",
      "a.yaml:1:4: the number 12345678901234567890 is too large. Quote it if it is text.",
    ],
    [
      "a list at the top",
      "- a\n",
      "a.yaml:1:1: the file is a list or a single value. A sites file is a map: lines of `key: value`.",
    ],
    [
      "a NUL byte",
      "a: \0\n",
      "a.yaml:1:1: the file is binary: it holds a NUL byte. Sites files are YAML as UTF-8 text.",
    ],
    [
      "a syntax error",
      "a: [1, 2\nb: 3\n",
      "a.yaml:2:1: deficient indentation. Align it with its neighbours, and quote text that holds `: `.",
    ],
  ])("refuses %s", (_name, text, expected) => {
    expect(problems(text)[0]).toBe(expected);
  });

  it("refuses bytes that are not UTF-8, and more than 1 MiB", () => {
    expect(problems(new Uint8Array([0x61, 0xff]))).toEqual([
      "a.yaml:1:1: the file is not valid UTF-8. Sites files are YAML as UTF-8 text.",
    ]);
    expect(problems(new Uint8Array(maxFileBytes + 1).fill(0x61))).toEqual([
      "a.yaml:1:1: the file has 1048577 bytes, more than 1048576. Split it into several files.",
    ]);
  });

  it("lists at most 20 faults, of however many there are", () => {
    expect(problems("- &a 1\n".repeat(1000))).toHaveLength(20);
    expect(problems("a: 1\n".repeat(50_000))).toHaveLength(20);
  });
});
