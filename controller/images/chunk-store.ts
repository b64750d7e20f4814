/**
 * The chunks of one stream that are here already: a file as long as the stream will be, and beside it a map with a character for each
 * chunk, "1" once it was written. Neither is believed: a chunk is checked whenever it is read, so that a power cut, a bad disk or
 * somebody's hand cost only the chunks that they spoiled.
 */
import { hash } from "node:crypto";
import { mkdir, open, readFile, rm, type FileHandle } from "node:fs/promises";
import type { Host } from "../../reconcilers/core.ts";
import type { ImageStream } from "../../schemas/manifest.ts";
import { Problem } from "../../schemas/problem.ts";

export interface ChunkStore {
  /** A chunk that is here and is what the manifest says, in `room`, which has its length. */
  read(index: number, room: Buffer): Promise<Buffer | undefined>;
  /** Keeps a chunk that was checked. Rejects with HOST_FILE, and keeps nothing at all, when there is no room. */
  write(index: number, chunk: Buffer): Promise<void>;
  /** Bytes that the map says are here. */
  presentBytes(): number;
  close(): Promise<void>;
}

/** Free bytes that are left for everybody else. */
const reserveBytes = 64 * 1024 * 1024;

/** Where the chunks of a stream are, below the cache's folder. */
export function storeFolder(cache: string, { sha256 }: ImageStream): string {
  return `${cache}/images/${sha256.replace("sha256:", "")}`;
}

/** Bytes of a stream that its map does not say to be here; all where there is none. */
export async function missingBytes(folder: string, stream: ImageStream): Promise<number> {
  const map = await readFile(`${folder}/chunks`, "latin1").catch(() => "");
  return [...stream.chunks.keys()].reduce(
    (sum, index) => sum + (map[index] === "1" ? 0 : placeIn(stream, index).bytes),
    0,
  );
}

/** Opens it, or begins it. Rejects with HOST_FILE when it cannot be, or when there is no room for the rest. */
export async function openStore(host: Host, folder: string, stream: ImageStream): Promise<ChunkStore> {
  const { chunks } = stream;
  await onDisk(folder, mkdir(folder, { recursive: true, mode: 0o700 }));
  const [file, map] = [await openOrMake(`${folder}/stream`), await openOrMake(`${folder}/chunks`)];
  const present = await readMap(map, chunks.length);
  const store: ChunkStore = {
    async read(index, room) {
      if (present[index] !== true) return undefined;
      const { from, bytes } = placeIn(stream, index);
      const { bytesRead } = await onDisk(folder, file.read(room, 0, bytes, from));
      const isSound = bytesRead === bytes && isChunk(stream, index, room);
      if (!isSound) present[index] = false;
      return isSound ? room : undefined;
    },
    async write(index, chunk) {
      try {
        await file.write(chunk, 0, chunk.length, placeIn(stream, index).from);
        await map.write("1", index);
        present[index] = true;
      } catch (cause) {
        if (!(cause instanceof Error && "code" in cause && cause.code === "ENOSPC")) throw fileProblem(folder, cause);
        await rm(folder, { recursive: true, force: true });
        throw noRoom(folder, await host.freeBytes(folder), stream.size);
      }
    },
    presentBytes: () => present.reduce((sum, is, index) => sum + (is ? placeIn(stream, index).bytes : 0), 0),
    async close() {
      await Promise.all([file.close(), map.close()]);
    },
  };
  const missing = stream.size - store.presentBytes();
  const free = await host.freeBytes(folder);
  if (missing === 0 || free >= missing + reserveBytes) return store;
  await store.close();
  throw noRoom(folder, free, missing);
}

/** Whether these bytes are the chunk. In one go, where they lie: a copy for another thread costs more than the digest itself. */
export function isChunk({ chunks }: ImageStream, index: number, bytes: Buffer): boolean {
  return chunks[index] === `sha256:${hash("sha256", bytes)}`;
}

/** Where a chunk stands in its stream. */
export function placeIn(
  { size, chunkBytes }: ImageStream,
  index: number,
): { readonly from: number; readonly bytes: number } {
  const from = index * chunkBytes;
  return { from, bytes: Math.min(chunkBytes, size - from) };
}

async function openOrMake(path: string): Promise<FileHandle> {
  return onDisk(
    path,
    open(path, "r+").catch(async () => open(path, "w+", 0o600)),
  );
}

async function readMap(map: FileHandle, count: number): Promise<boolean[]> {
  const text = (await map.readFile("latin1")).padEnd(count, "0");
  return Array.from({ length: count }, (_, index) => text[index] === "1");
}

async function onDisk<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw fileProblem(path, cause);
  }
}

function fileProblem(path: string, cause: unknown): Problem {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new Problem("HOST_FILE", `An image cannot be kept in ${path}: ${why}`, { cause });
}

function noRoom(folder: string, free: number, wanted: number): Problem {
  const mebibytes = (bytes: number): number => Math.floor(bytes / 2 ** 20);
  return new Problem(
    "HOST_FILE",
    `Only ${mebibytes(free)} MiB are free in ${folder}, and the image needs ${mebibytes(wanted)} MiB, with ${mebibytes(reserveBytes)} MiB to spare.`,
    { remedy: "Make room on the persistent data set, for example by removing old images." },
  );
}
