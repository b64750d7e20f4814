/** zstd, piece by piece, in memory that does not grow with the stream. */
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { constants, createZstdDecompress, type ZstdDecompress } from "node:zlib";
import { Problem } from "../../schemas/problem.ts";

const pieceBytes = 1 << 20;
/** 128 MiB: what zstd itself decompresses without being asked for more. */
const largestWindowLog = 27;

export function decompressor(): ZstdDecompress {
  return createZstdDecompress({
    chunkSize: pieceBytes,
    params: { [constants.ZSTD_d_windowLogMax]: largestWindowLog },
  });
}

/** What is in it. Rejects with IMAGE_CORRUPT where that is not zstd or not whole, and with whatever `compressed` rejects with. */
export async function* decompressed(compressed: AsyncIterable<Buffer>, what: string): AsyncGenerator<Buffer> {
  const zstd = decompressor();
  // One chunk at most waits: there is another in whoever fetches.
  const source = Readable.from(compressed, { highWaterMark: 1 });
  const feeding = pipeline(source, zstd).then(
    () => undefined,
    (thrown: unknown) => ({ thrown }),
  );
  try {
    for await (const piece of zstd as AsyncIterable<Buffer>) yield piece;
  } catch (thrown) {
    if (!isOfZstd(thrown)) throw thrown;
    throw new Problem("IMAGE_CORRUPT", `${what} is not compressed by zstd, or broken.`, {
      remedy: "Make it with `zfs send SNAPSHOT | zstd`.",
      cause: thrown,
    });
  } finally {
    zstd.destroy();
    source.destroy();
    await feeding;
  }
}

function isOfZstd(thrown: unknown): boolean {
  return thrown instanceof Error && "code" in thrown && /^(?:ZSTD_|Z_)/.test(String(thrown.code));
}

/** The same, with the next one under way while one is looked at. */
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
