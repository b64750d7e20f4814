/**
 * A snapshot: the part of one commit that agents read, as one file beside the git cache. The child writes it
 * (snapshot-writer.ts), the agent reads single files out of it, so that no pack is ever in the agent's memory.
 *
 * The first line is JSON (Index); the files' bytes follow it.
 */
import { open, stat, type FileHandle } from "node:fs/promises";
import { Problem } from "../../schemas/problem.ts";
import type { Tree, TreeEntry } from "../../schemas/tree.ts";
import { objectId, parseCommit } from "./commit.ts";

/** Files above this are listed with their size and never handed out. */
export const largestFile = 1 << 20;

/** What the first line says. */
export interface Index {
  readonly format: 1;
  readonly wanted: readonly string[];
  /** The commit object, base64. */
  readonly commit: string;
  /** By folder ("" is the top). */
  readonly folders: Readonly<Record<string, readonly Entry[]>>;
}

export interface Entry extends TreeEntry {
  readonly id: string;
  /** Bytes after the first line, the same for the same content; absent when the file was not wanted or is too large. */
  readonly offset?: number;
}

/**
 * What a configuration can depend on: exact files, folders (with a slash at the end) whole, and, as a shell reads it, all
 * sites and appliances, since what a commit asks of the others decides who takes it first.
 */
export const wantedPaths: readonly string[] = [
  "fleet.yaml",
  "images.yaml",
  "policies/",
  "customers/",
  "secrets/",
  "*/*.yaml",
  "*/*/*.yaml",
];

/** Whether a file is among `wanted`. */
export function isWanted(file: string, wanted: readonly string[]): boolean {
  return wanted.some((one) => (one.includes("*") ? fits(file, one) : file === one || isInside(file, one)));
}

/** Whether a folder holds what is wanted, or leads to it. */
export function isOnTheWay(folder: string, wanted: readonly string[]): boolean {
  const depth = folder.split("/").length;
  return wanted.some((one) => {
    if (!one.includes("*")) return one.startsWith(`${folder}/`) || isInside(folder, one);
    return depth < one.split("/").length && fits(folder, one.split("/").slice(0, depth).join("/"));
  });
}

function isInside(path: string, wanted: string): boolean {
  return wanted.endsWith("/") && `${path}/`.startsWith(wanted);
}

/** A star stands for a name or the first part of one, which does not begin with a dot. */
function fits(path: string, pattern: string): boolean {
  const [names, parts] = [path.split("/"), pattern.split("/")];
  return (
    names.length === parts.length &&
    names.every((name, index) => !name.startsWith(".") && name.endsWith(parts[index]?.replace("*", "") ?? ""))
  );
}

export function snapshotPath(folder: string, commit: string): string {
  return `${folder}/${commit}.snapshot`;
}

/** A snapshot opened for reading. */
export interface Snapshot {
  /** Reads reject with GIT_CACHE when the file was damaged, YAML_HOSTILE when a file is too large to be meant. */
  tree(signedBy: string | undefined): Tree;
  /** Whether the file is still the one that was opened: as long as it is, opening it again tells nothing new. */
  isUnchanged(): Promise<boolean>;
}

/** undefined when there is none of this commit with these paths, or it is damaged: then it has to be written anew. */
export async function openSnapshot(
  folder: string,
  commit: string,
  wanted: readonly string[],
): Promise<Snapshot | undefined> {
  const path = snapshotPath(folder, commit);
  const stamp = await stampOf(path);
  if (stamp === undefined) return undefined;
  try {
    const file = await open(path, "r");
    try {
      const line = await firstLine(file);
      const index = line && parseIndex(line.toString("utf8"));
      if (!index || JSON.stringify(index.wanted) !== JSON.stringify(wanted)) return undefined;
      if (objectId("commit", Buffer.from(index.commit, "base64")) !== commit) return undefined;
      if (!(await isWhole(index, file, line.length))) return undefined;
      const start = line.length;
      return {
        tree: (signedBy) => snapshotTree(path, start, index, signedBy),
        isUnchanged: async () => (await stampOf(path)) === stamp,
      };
    } finally {
      await file.close();
    }
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** Changes whenever the file is replaced or written to; undefined when there is none. */
async function stampOf(path: string): Promise<string | undefined> {
  try {
    const { ino, size, mtimeNs } = await stat(path, { bigint: true });
    return `${ino} ${size} ${mtimeNs}`;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): Problem {
  const { code, message } = error as NodeJS.ErrnoException;
  return new Problem("GIT_CACHE", `${path} cannot be read: ${code ?? message}`, { cause: error });
}

/** With the line feed at its end; undefined when there is none. */
async function firstLine(file: FileHandle): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  for (let at = 0; ;) {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(1 << 16), 0, 1 << 16, at);
    if (bytesRead === 0) return undefined;
    const chunk = buffer.subarray(0, bytesRead);
    const end = chunk.indexOf("\n");
    chunks.push(end === -1 ? chunk : chunk.subarray(0, end + 1));
    if (end !== -1) return Buffer.concat(chunks);
    at += bytesRead;
  }
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

/** Checks one file after the other, so that the agent never holds them all. */
async function isWhole(index: Index, file: FileHandle, start: number): Promise<boolean> {
  const held = new Map(
    Object.values(index.folders)
      .flat()
      .map((entry) => [entry.offset, entry] as const),
  );
  held.delete(undefined);
  for (const { id, offset = 0, size = 0 } of held.values()) {
    const bytes = Buffer.alloc(size);
    await file.read(bytes, 0, size, start + offset);
    if (objectId("blob", bytes) !== id) return false;
  }
  return true;
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
    if (entry.size === undefined) throw new Problem("INTERNAL", `${file} is not in the snapshot`);
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
