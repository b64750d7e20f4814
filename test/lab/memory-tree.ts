/** A sites repository in memory: path → text (or bytes, or a link), as a Tree. Counts what is read of it. */
import type { Tree, TreeEntry } from "../../schemas/tree.ts";

export interface MemoryTree extends Tree {
  /** Paths in the order in which they were read. */
  readonly reads: readonly string[];
}

export function memoryTree(
  files: Readonly<Record<string, string | Uint8Array | { readonly link: string }>>,
): MemoryTree {
  const reads: string[] = [];
  const bytesOf = (path: string): Uint8Array | undefined => {
    const file = Object.hasOwn(files, path) ? files[path] : undefined;
    if (typeof file === "string") return new TextEncoder().encode(file);
    return file instanceof Uint8Array ? file : undefined;
  };
  return {
    revision: undefined,
    reads,
    read: async (path) => {
      reads.push(path);
      return bytesOf(path);
    },
    list: async (folder) => {
      const prefix = folder === "" ? "" : `${folder}/`;
      const entries = new Map<string, TreeEntry>();
      for (const path of Object.keys(files).filter((one) => one.startsWith(prefix))) {
        const [name = "", ...rest] = path.slice(prefix.length).split("/");
        const size = bytesOf(path)?.length;
        if (rest.length > 0) entries.set(name, { name, kind: "folder" });
        else entries.set(name, size === undefined ? { name, kind: "link" } : { name, kind: "file", size });
      }
      return [...entries.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
    },
  };
}
