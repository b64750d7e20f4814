/** Writes a snapshot (snapshot.ts) out of the git cache, within limits: whoever can push decides what is in a commit. */
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { Problem } from "../../schemas/problem.ts";
import type { TreeEntry } from "../../schemas/tree.ts";
import type { GitTreeEntry, Repository } from "./objects.ts";
import { isOnTheWay, isWanted, largestFile, snapshotPath, type Entry, type Index } from "./snapshot.ts";

/** Bytes of all files that differ, and of all names with their folders. */
const largestSnapshot = 32 << 20;
/** Files and folders, those that are only listed too. */
const mostNames = 50_000;

export interface SnapshotJob {
  readonly commit: string;
  /** See wantedPaths. */
  readonly wanted: readonly string[];
  /** Where snapshots are kept; made when missing. */
  readonly folder: string;
  /** The commit whose snapshot stays, however many came after it. */
  readonly keep: string | undefined;
}

/** What was found so far; grows while a commit is walked. */
interface Found {
  readonly folders: Record<string, Entry[]>;
  /** By id: the same content is read and written once. */
  readonly contents: Map<string, Pick<Entry, "size" | "offset">>;
  readonly chunks: Uint8Array[];
  /** Of the chunks. */
  bytes: number;
  names: number;
  nameBytes: number;
}

/**
 * Writes the snapshot of a commit, whole or not at all, and removes all but the newest three. Rejects with YAML_HOSTILE
 * when the commit is far larger than a sites repository can be meant to be, and when a read does.
 */
export async function writeSnapshot(repository: Repository, job: SnapshotJob): Promise<void> {
  const { commit, wanted, folder } = job;
  const found: Found = { folders: {}, contents: new Map(), chunks: [], bytes: 0, names: 0, nameBytes: 0 };
  await walk(repository, job, found, "", (await repository.commit(commit)).tree);
  const raw = Buffer.from(await repository.raw(commit)).toString("base64");
  const index: Index = { format: 1, wanted, commit: raw, folders: found.folders };
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeWhole(snapshotPath(folder, commit), [Buffer.from(`${JSON.stringify(index)}\n`), ...found.chunks], folder);
  await removeOld(folder, job.keep);
}

async function walk(repository: Repository, job: SnapshotJob, found: Found, path: string, tree: string): Promise<void> {
  const entries: Entry[] = [];
  found.folders[path] = entries;
  for (const entry of await repository.tree(tree)) {
    const child = path === "" ? entry.name : `${path}/${entry.name}`;
    found.names++;
    found.nameBytes += child.length;
    const kind = kindOf(entry.mode);
    if (kind === "folder" && isOnTheWay(child, job.wanted)) await walk(repository, job, found, child, entry.id);
    const isHeld = kind === "file" && isWanted(child, job.wanted);
    entries.push({ name: entry.name, kind, id: entry.id, ...(isHeld && (await content(repository, found, entry))) });
    refuseTooMuch(job.commit, found);
  }
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function content(repository: Repository, found: Found, { id }: GitTreeEntry) {
  const known = found.contents.get(id);
  if (known) return known;
  const bytes = await repository.blob(id);
  const isHeld = bytes.length <= largestFile;
  const place = { size: bytes.length, ...(isHeld && { offset: found.bytes }) };
  found.contents.set(id, place);
  if (isHeld) {
    found.chunks.push(bytes);
    found.bytes += bytes.length;
  }
  return place;
}

function refuseTooMuch(commit: string, found: Found): void {
  const isTooMany = found.names > mostNames;
  if (!isTooMany && found.bytes + found.nameBytes <= largestSnapshot) return;
  const what = isTooMany ? `${mostNames} files and folders` : `${largestSnapshot >> 20} MiB`;
  throw new Problem("YAML_HOSTILE", `commit ${commit.slice(0, 12)} has more than ${what} to read`, {
    remedy: "Find out who wrote it; a sites repository holds a few files of text for each machine.",
  });
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

/** Trees of the last accepted commits may still be in use: three stay, and the accepted one in any case. */
async function removeOld(folder: string, keep: string | undefined): Promise<void> {
  const files = await Promise.all(
    (await readdir(folder)).map(async (name) => ({ name, at: (await stat(`${folder}/${name}`)).mtimeMs })),
  );
  const kept = keep === undefined ? undefined : snapshotPath(folder, keep);
  for (const { name } of files.sort((a, b) => b.at - a.at).slice(3)) {
    const path = `${folder}/${name}`;
    if (path !== kept) await rm(path, { force: true });
  }
}
