/** Development: a local folder as a Source. Every state of its files counts as a commit; nothing is signed or ordered. */
import { createHash } from "node:crypto";
import { Problem } from "../schemas/problem.ts";
import type { Tree } from "../schemas/tree.ts";
import { folderTree } from "./folder.ts";
import type { Source } from "./source.ts";

/** Follows `folder`. What stands in it when it is read is what is taken, also while somebody is saving files. */
export function folderSource(folder: string): Source {
  const tree = folderTree(folder);
  return {
    async head() {
      if (!(await tree.list("")).some((entry) => entry.name === "fleet.yaml")) {
        throw new Problem("GIT_UNREACHABLE", `${folder} has no fleet.yaml.`, {
          transient: true,
          remedy: 'See "repository: folder" in the agent\'s settings.',
        });
      }
      const hash = createHash("sha1");
      await addFolder(hash, tree, "");
      return { commit: hash.digest("hex"), remote: folder, failed: [] };
    },
    accept: async (commit) => ({
      ...tree,
      revision: { commit, signedBy: undefined, subject: `the files in ${folder}`, author: "", committedAt: 0 },
    }),
  };
}

async function addFolder(hash: ReturnType<typeof createHash>, tree: Tree, folder: string): Promise<void> {
  for (const { name, kind } of await tree.list(folder)) {
    if (name.startsWith(".")) continue;
    const path = folder === "" ? name : `${folder}/${name}`;
    hash.update(`${kind}\0${path}\0`);
    if (kind === "folder") await addFolder(hash, tree, path);
    if (kind !== "file") continue;
    const bytes = (await tree.read(path)) ?? new Uint8Array();
    hash.update(`${bytes.length}\0`).update(bytes);
  }
}
