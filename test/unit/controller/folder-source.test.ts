import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { folderSource } from "../../../controller/folder-source.ts";
import { noOverrides } from "../../../controller/source.ts";

it("offers a new commit whenever a file of the folder changes, and the same one while none does", async () => {
  const folder = await mkdtemp(join(tmpdir(), "imp-folder-"));
  try {
    const { signal } = new AbortController();
    const source = folderSource(folder);
    await expect(source.head(signal)).rejects.toMatchObject({ code: "GIT_UNREACHABLE" });

    await writeFile(join(folder, "fleet.yaml"), "defaults: 1\n");
    const first = await source.head(signal);
    const again = await source.head(signal);
    await writeFile(join(folder, "fleet.yaml"), "defaults: 2\n");
    const second = await source.head(signal);
    const tree = await source.accept(second.commit, first.commit, noOverrides, signal);

    expect(first.commit).toMatch(/^[0-9a-f]{40}$/);
    expect(again.commit).toBe(first.commit);
    expect(second.commit).not.toBe(first.commit);
    expect(Buffer.from((await tree.read("fleet.yaml")) ?? []).toString()).toBe("defaults: 2\n");
    expect(tree.revision?.commit).toBe(second.commit);
  } finally {
    await rm(folder, { recursive: true });
  }
});
