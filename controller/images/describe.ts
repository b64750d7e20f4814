/** One pass over the file of a stream: everything that a manifest says of it. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { basename } from "node:path";
import { leastChunkBytes, type ImageStream } from "../../schemas/manifest.ts";
import { Problem } from "../../schemas/problem.ts";
import { beginningOf } from "./decompress.ts";
import { headerBytes, parseHeader, type StreamHeader } from "./stream-header.ts";

/** Bytes of a chunk in a manifest that is made here, for streams of up to 16 GiB. */
export const usualChunkBytes = 4 * 1024 * 1024;
/** A stream with more chunks has larger ones, so that the manifest stays small. */
const mostChunks = 4096;
/** zstd gives its first block after at most 128 KiB. */
const beginBytes = 1 << 20;
const never = new AbortController().signal;

/** Reads the file whole, in little memory. Rejects with IMAGE_CORRUPT when it is no ZFS stream, HOST_FILE when it cannot be read. */
export async function describeStream(file: string, size: number, signal: AbortSignal): Promise<ImageStream> {
  let chunkBytes = Math.max(leastChunkBytes, usualChunkBytes);
  while (size / chunkBytes > mostChunks) chunkBytes *= 2;
  const { base, snapshot } = await headerOf(file);
  const digests = await digestsOf(file, chunkBytes, signal);
  return { file: basename(file), ...(base !== undefined && { base }), snapshot, chunkBytes, ...digests };
}

/** What a file of `chunkBytes` a chunk really holds. Rejects with HOST_FILE. */
export async function digestsOf(
  file: string,
  chunkBytes: number,
  signal: AbortSignal,
): Promise<Pick<ImageStream, "size" | "sha256" | "chunks">> {
  const whole = createHash("sha256");
  const chunks: string[] = [];
  let [size, inChunk, chunk] = [0, 0, createHash("sha256")];
  const end = (): void => {
    chunks.push(`sha256:${chunk.digest("hex")}`);
    [inChunk, chunk] = [0, createHash("sha256")];
  };
  try {
    // A piece never reaches over the end of a chunk: both are powers of two, or the piece is cut.
    for await (const piece of createReadStream(file, { highWaterMark: 1 << 20, signal }) as AsyncIterable<Buffer>) {
      whole.update(piece);
      size += piece.length;
      for (let rest = piece; rest.length > 0;) {
        const part = rest.subarray(0, chunkBytes - inChunk);
        chunk.update(part);
        inChunk += part.length;
        rest = rest.subarray(part.length);
        if (inChunk === chunkBytes) end();
      }
    }
  } catch (cause) {
    throw unreadable(file, cause, signal);
  }
  if (inChunk > 0) end();
  return { size, sha256: `sha256:${whole.digest("hex")}`, chunks };
}

/** Which snapshot the stream in a file makes. */
async function headerOf(file: string): Promise<StreamHeader> {
  try {
    const handle = await open(file);
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(beginBytes), 0, beginBytes, 0);
      return parseHeader(await beginningOf(buffer.subarray(0, bytesRead), headerBytes, file), file);
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw cause instanceof Problem ? cause : unreadable(file, cause, never);
  }
}

function unreadable(file: string, cause: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new Problem("HOST_FILE", `${file} cannot be read: ${why}`, { cause });
}
