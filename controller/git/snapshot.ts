/**
 * A snapshot: the part of one commit that one machine reads, as one file beside the git cache. The child writes it, the
 * agent reads single files out of it, so that no pack is ever in the agent's memory.
 *
 * The first line is JSON (Index); the files' bytes follow it.
 */
import { open, readFile, readdir, rename, rm, stat } from "node:fs/promises";
import { Problem } from "../../schemas/problem.ts";
import type { Tree, TreeEntry } from "../../schemas/tree.ts";
import { objectId, parseCommit } from "./commit.ts";
import type { Repository } from "./objects.ts";

/** Files above this are listed with their size and never handed out. */
export const largestFile = 1 << 20;

interface Index {
  readonly format: 1;
  readonly wanted: readonly string[];
  /** The commit object, base64. */
  readonly commit: string;
  /** By folder ("" is the top). */
  readonly folders: Readonly<Record<string, readonly Entry[]>>;
}

interface Entry extends TreeEntry {
  readonly id: string;
  /** Bytes after the first line; absent when the file was not wanted or is too large. */
  readonly offset?: number;
}

/** What one machine's configuration can depend on: exact files, and folders (with a slash at the end) whole. */
export function wantedPaths(machine: string): readonly string[] {
  const site = machine.slice(0, machine.indexOf("/"));
  return [
    "fleet.yaml",
    "images.yaml",
    "policies/",
    "customers/",
    "secrets/",
    `${site}/site.yaml`,
    `${machine}.yaml`,
    `${machine}/`,
  ];
}

export function snapshotPath(folder: string, commit: string): string {
  return `${folder}/${commit}.snapshot`;
}

/** Writes the snapshot of a commit, whole or not at all, and removes all but the newest three. Rejects when a read does. */
export async function writeSnapshot(repository: Repository, commit: string, wanted: readonly string[], folder: string) {
  const folders: Record<string, Entry[]> = {};
  const chunks: Uint8Array[] = [];
  let offset = 0;
  const isOnTheWay = (path: string) => wanted.some((one) => one.startsWith(`${path}/`) || isInside(path, one));
  const walk = async (path: string, tree: string): Promise<void> => {
    const entries: Entry[] = [];
    folders[path] = entries;
    for (const { name, mode, id } of await repository.tree(tree)) {
      const child = path === "" ? name : `${path}/${name}`;
      const kind = kindOf(mode);
      if (kind === "folder" && isOnTheWay(child)) await walk(child, id);
      if (kind !== "file" || !wanted.some((one) => child === one || isInside(child, one))) {
        entries.push({ name, kind, id });
        continue;
      }
      const bytes = await repository.blob(id);
      const isHeld = bytes.length <= largestFile;
      entries.push({ name, kind, id, size: bytes.length, ...(isHeld && { offset }) });
      if (!isHeld) continue;
      chunks.push(bytes);
      offset += bytes.length;
    }
    entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  };
  await walk("", (await repository.commit(commit)).tree);
  const raw = Buffer.from(await repository.raw(commit)).toString("base64");
  const index: Index = { format: 1, wanted, commit: raw, folders };
  await writeWhole(snapshotPath(folder, commit), [Buffer.from(`${JSON.stringify(index)}\n`), ...chunks], folder);
  await removeOld(folder);
}

function isInside(path: string, wanted: string): boolean {
  return wanted.endsWith("/") && `${path}/`.startsWith(wanted);
}

function kindOf(mode: string): TreeEntry["kind"] {
  if (mode === "040000") return "folder";
  if (mode === "120000") return "link";
  return mode.startsWith("100") ? "file" : "other";
}

async function writeWhole(path: string, chunks: readonly Uint8Array[], folder: string): Promise<void> {
  const file = await open(`${path}.new`, "w", 0o600);
  try {
    for (const chunk of chunks) await file.writeFile(chunk);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
  await syncFolder(folder);
}

/** Makes renames inside a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Trees of the last accepted commits may still be in use: three stay. */
async function removeOld(folder: string): Promise<void> {
  const files = await Promise.all(
    (await readdir(folder)).map(async (name) => ({ name, at: (await stat(`${folder}/${name}`)).mtimeMs })),
  );
  for (const { name } of files.sort((a, b) => b.at - a.at).slice(3)) await rm(`${folder}/${name}`, { force: true });
}

/** A snapshot opened for reading. */
export interface Snapshot {
  /** Reads reject with GIT_CACHE when the file was damaged, YAML_HOSTILE when a file is too large to be meant. */
  tree(signedBy: string | undefined): Tree;
}

/** undefined when there is none of this commit with these paths, or it is damaged: then it has to be written anew. */
export async function openSnapshot(
  folder: string,
  commit: string,
  wanted: readonly string[],
): Promise<Snapshot | undefined> {
  const path = snapshotPath(folder, commit);
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw new Problem("GIT_CACHE", `${path} cannot be read: ${error.code ?? error.message}`, { cause: error });
  });
  const start = (bytes?.indexOf("\n") ?? -1) + 1;
  if (bytes === undefined || start === 0) return undefined;
  const index = parseIndex(bytes.toString("utf8", 0, start));
  if (index === undefined || JSON.stringify(index.wanted) !== JSON.stringify(wanted)) return undefined;
  const rawCommit = Buffer.from(index.commit, "base64");
  if (objectId("commit", rawCommit) !== commit || !isWhole(index, bytes.subarray(start))) return undefined;
  return { tree: (signedBy) => snapshotTree(path, start, index, signedBy) };
}

function parseIndex(line: string): Index | undefined {
  try {
    const index = JSON.parse(line) as Index;
    return index.format === 1 ? index : undefined;
  } catch {
    // Torn by a power cut: the same as none.
    return undefined;
  }
}

function isWhole(index: Index, bytes: Uint8Array): boolean {
  return Object.values(index.folders)
    .flat()
    .every(({ id, offset, size }) => {
      if (offset === undefined || size === undefined) return true;
      return objectId("blob", bytes.subarray(offset, offset + size)) === id;
    });
}

function snapshotTree(path: string, start: number, index: Index, signedBy: string | undefined): Tree {
  const commit = parseCommit(Buffer.from(index.commit, "base64"));
  const { author, subject, committedAt } = commit;
  // Names come from the repository: maps, since an object would also find what is on its prototype.
  const folders = new Map(Object.entries(index.folders));
  const byPath = new Map(
    [...folders].flatMap(([folder, entries]) =>
      entries.map((entry) => [folder === "" ? entry.name : `${folder}/${entry.name}`, entry] as const),
    ),
  );
  return {
    revision: { commit: commit.id, signedBy, subject, author, committedAt },
    list: (folder) =>
      Promise.resolve(
        (folders.get(folder) ?? []).map(({ name, kind, size }) => ({
          name,
          kind,
          ...(size !== undefined && { size }),
        })),
      ),
    read(file) {
      const entry = byPath.get(file);
      if (entry?.kind !== "file") return Promise.resolve(undefined);
      return readEntry(path, start, file, entry);
    },
  };
}

async function readEntry(path: string, start: number, file: string, entry: Entry): Promise<Uint8Array> {
  if (entry.offset === undefined || entry.size === undefined) {
    if (entry.size === undefined) throw new Problem("INTERNAL", `${file} is not in this machine's snapshot`);
    throw new Problem("YAML_HOSTILE", `has ${entry.size} bytes; at most ${largestFile} are read`, {
      at: { file, line: 1, column: 1 },
      remedy: "Sites files are text; split it, or keep it elsewhere.",
    });
  }
  const bytes = Buffer.alloc(entry.size);
  try {
    const snapshot = await open(path, "r");
    try {
      await snapshot.read(bytes, 0, entry.size, start + entry.offset);
    } finally {
      await snapshot.close();
    }
  } catch (cause) {
    throw new Problem("GIT_CACHE", `${path} cannot be read`, { transient: true, cause });
  }
  if (objectId("blob", bytes) !== entry.id) throw new Problem("GIT_CACHE", `${path} is damaged`, { transient: true });
  return bytes;
}
