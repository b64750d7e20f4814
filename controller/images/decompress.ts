/** What a stream begins with, the next chunk under way while one is used, and a stream as the drive of a virtual machine. */
import { createReadStream, createWriteStream } from "node:fs";
import { stat, truncate } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { createZstdDecompress } from "node:zlib";
import { Problem } from "../../schemas/problem.ts";

/** The first so many bytes of what `compressed` begins, or all where it has fewer. Rejects with IMAGE_CORRUPT when that is no zstd. */
export async function beginningOf(compressed: Buffer, bytes: number, what: string): Promise<Buffer> {
  const zstd = createZstdDecompress();
  // It may end in the middle, which is only told when there is nothing before.
  zstd.end(compressed);
  let begin: Buffer = Buffer.alloc(0);
  try {
    for await (const piece of zstd as AsyncIterable<Buffer>) {
      begin = Buffer.concat([begin, piece]);
      if (begin.length >= bytes) break;
    }
  } catch (cause) {
    if (begin.length >= bytes) return begin;
    throw new Problem("IMAGE_CORRUPT", `${what} is not compressed by zstd, or broken.`, {
      remedy: "Make it with `zfs send SNAPSHOT | zstd`.",
      cause,
    });
  }
  return begin.subarray(0, bytes);
}

/** Writes what is compressed in a file into another one, of whole MiB, as a drive has them: what is behind the end of a stream is not read. */
export async function unpack(from: string, to: string, signal: AbortSignal): Promise<void> {
  await pipeline(createReadStream(from), createZstdDecompress(), createWriteStream(to), { signal });
  await truncate(to, Math.ceil((await stat(to)).size / 2 ** 20) * 2 ** 20);
}

/** The same, with the next one under way while one is used. */
export async function* ahead<T>(source: AsyncGenerator<T, void>): AsyncGenerator<T, void> {
  let next = source.next();
  try {
    for (;;) {
      const found = await next;
      if (found.done === true) return;
      next = source.next();
      // Whoever asks for it hears of it.
      next.catch(() => undefined);
      yield found.value;
    }
  } finally {
    await next.catch(() => undefined);
    await source.return();
  }
}
