/** A local folder as a Tree: what the CLI validates, and what the agent follows while somebody develops. */
import { lstat, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { Problem } from "../schemas/problem.ts";
import type { Tree, TreeEntry } from "../schemas/tree.ts";

/** Bytes that are read of any file; whoever needs to refuse a larger one knows its size from `list`. */
const maxRead = 16 * 1024 * 1024;

/** Links are listed as links and never followed, on no part of the way. Rejects with HOST_FILE where a read fails. */
export function folderTree(top: string): Tree {
  return {
    revision: undefined,
    read: (path) => readInside(top, path),
    list: (folder) => listInside(top, folder),
  };
}

async function listInside(top: string, folder: string): Promise<readonly TreeEntry[]> {
  const real = await plainPath(top, folder);
  if (real === undefined) return [];
  const found = await attempt(real, readdir(real, { withFileTypes: true }));
  const entries = (found ?? []).map(async (entry): Promise<TreeEntry> => {
    const { name } = entry;
    if (entry.isSymbolicLink()) return { name, kind: "link" };
    if (entry.isDirectory()) return { name, kind: "folder" };
    if (!entry.isFile()) return { name, kind: "other" };
    const size = (await attempt(join(real, name), lstat(join(real, name))))?.size;
    return size === undefined ? { name, kind: "file" } : { name, kind: "file", size };
  });
  return (await Promise.all(entries)).toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

async function readInside(top: string, path: string): Promise<Uint8Array | undefined> {
  const real = await plainPath(top, path);
  if (real === undefined) return undefined;
  const file = await attempt(real, open(real, "r"));
  if (!file) return undefined;
  try {
    const stat = await file.stat();
    if (!stat.isFile()) return undefined;
    if (stat.size > maxRead)
      throw new Problem("YAML_HOSTILE", `${path} has ${stat.size} bytes`, { remedy: "Split it into several files." });
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** The real path, if it stays inside the top and no part of it below the top is a link or a device. */
async function plainPath(top: string, path: string): Promise<string | undefined> {
  let real = top;
  const parts = path.split("/").filter((part) => part !== "");
  if (parts.some((part) => part === ".." || part === "." || part.includes("\0"))) return undefined;
  for (const [index, part] of parts.entries()) {
    real = join(real, part);
    const found = await attempt(real, lstat(real));
    if (!found || !(found.isDirectory() || (found.isFile() && index === parts.length - 1))) return undefined;
  }
  return real;
}

/** undefined where there is no such file or it is no folder; any other failure is a Problem. */
async function attempt<T>(path: string, work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (thrown) {
    const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new Problem("HOST_FILE", `${path} cannot be read`, {
      cause: thrown,
      remedy: "Check that it exists and may be read by you.",
    });
  }
}
