import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { folderTree } from "../../../controller/folder.ts";

describe("a folder as a tree", () => {
  let top = "";
  beforeAll(() => {
    top = mkdtempSync(join(tmpdir(), "imp-folder-"));
    mkdirSync(join(top, "sites"));
    mkdirSync(join(top, "sites/fra1"));
    writeFileSync(join(top, "sites/fra1/r1.yaml"), "a: 1\n");
    writeFileSync(join(top, "outside.yaml"), "secret: 1\n");
    symlinkSync("../../outside.yaml", join(top, "sites/fra1/link.yaml"));
    symlinkSync("fra1", join(top, "sites/ber1"));
  });
  afterAll(() => rmSync(top, { recursive: true }));

  it("lists entries by name, with sizes, links as links", async () => {
    const tree = folderTree(join(top, "sites"));
    expect(await tree.list("")).toEqual([
      { name: "ber1", kind: "link" },
      { name: "fra1", kind: "folder" },
    ]);
    expect(await tree.list("fra1")).toEqual([
      { name: "link.yaml", kind: "link" },
      { name: "r1.yaml", kind: "file", size: 5 },
    ]);
    expect(await tree.list("nothing")).toEqual([]);
  });

  it("reads files, and neither follows links nor leaves the top", async () => {
    const tree = folderTree(join(top, "sites"));
    expect(new TextDecoder().decode(await tree.read("fra1/r1.yaml"))).toBe("a: 1\n");
    const refused = ["fra1/link.yaml", "ber1/r1.yaml", "../outside.yaml", "fra1/../../outside.yaml", "fra1", "none"];
    expect(await Promise.all(refused.map((path) => tree.read(path)))).toEqual(refused.map(() => undefined));
    expect(await tree.list("ber1")).toEqual([]);
  });
});
