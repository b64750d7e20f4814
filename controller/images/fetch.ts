/**
 * The chunks of a stream, in order and each checked: from disk where they are, else from the first place that has them. What was
 * fetched stays on disk, so that whoever goes on after a cut, a kill or a reboot asks for the rest alone.
 */
import type { Host } from "../../reconcilers/core.ts";
import type { ImageStream } from "../../schemas/manifest.ts";
import { asProblem, Problem } from "../../schemas/problem.ts";
import { isChunk, openStore, placeIn, storeFolder } from "./chunk-store.ts";
import type { Pace } from "./pace.ts";
import type { Place } from "./place.ts";
import { openReader, type Reader } from "./reader.ts";

export interface Fetching {
  readonly host: Host;
  /** The cache's folder: paths.cache. */
  readonly cache: string;
  readonly places: readonly Place[];
  readonly pace: Pace;
  readonly signal: AbortSignal;
  readonly told?: (progress: FetchProgress) => void;
}

/** How far it is: told after each chunk. */
export interface FetchProgress {
  readonly file: string;
  readonly size: number;
  /** Bytes that are here and were checked. */
  readonly bytes: number;
  /** Of them, those that came over the network since it began. */
  readonly fetched: number;
}

/** A place that says nothing for so long is left for the next. */
const idleMs = 60_000;
/** Rounds through all places without a single chunk, after which it is given up for now. */
const mostRounds = 5;
const firstPauseMs = 1000;

/**
 * Yields every chunk once, in order; its bytes are good until the third after it is asked for, since memory is used again. Rejects with IMAGE_UNREACHABLE when no place has the rest (transient where later one may),
 * IMAGE_CORRUPT when what they have is something else, HOST_FILE when it cannot be kept.
 */
export async function* chunksOf(stream: ImageStream, fetching: Fetching): AsyncGenerator<Buffer, void, undefined> {
  const { host, cache, told } = fetching;
  const store = await openStore(host, storeFolder(cache, stream), stream);
  const buffers = [0, 1, 2].map(() => Buffer.allocUnsafe(Math.min(stream.chunkBytes, stream.size)));
  const network = remainder(stream, fetching);
  let [bytes, fetched] = [0, 0];
  // Kept while the next one comes.
  let keeping = Promise.resolve();
  try {
    for (const index of stream.chunks.keys()) {
      fetching.signal.throwIfAborted();
      const room = (buffers[index % buffers.length] ?? Buffer.alloc(0)).subarray(0, placeIn(stream, index).bytes);
      const kept = await store.read(index, room);
      const chunk = kept ?? (await network.chunk(index, room));
      await keeping;
      if (!kept) {
        keeping = store.write(index, chunk);
        // Whoever waits for it hears of it.
        keeping.catch(() => undefined);
      }
      bytes += chunk.length;
      fetched = network.fetched();
      told?.({ file: stream.file, size: stream.size, bytes, fetched });
      yield chunk;
    }
    await keeping;
  } finally {
    await keeping.catch(() => undefined);
    await network.close();
    await store.close();
  }
}

/** Brings the whole stream onto this box; resolves once every chunk of it was checked. Rejects like chunksOf. */
export async function fetchStream(stream: ImageStream, fetching: Fetching): Promise<void> {
  for await (const _chunk of chunksOf(stream, fetching));
}

interface Remainder {
  /** The chunk, checked, in `room`. Rejects like chunksOf. */
  chunk(index: number, room: Buffer): Promise<Buffer>;
  /** Bytes that came of it. */
  fetched(): number;
  close(): Promise<void>;
}

/** Chunks over the network: one connection for as many in a row as it gives. */
function remainder(stream: ImageStream, { host, places, pace, signal }: Fetching): Remainder {
  /** Places that have something else, or nothing: they are not asked again. */
  const useless = new Map<Place, Problem>();
  let open: { readonly reader: Reader; readonly place: Place; next: number } | undefined;
  let fetched = 0;

  async function leave(): Promise<void> {
    const left = open;
    open = undefined;
    await left?.reader.close().catch(() => undefined);
  }

  async function from(place: Place, index: number, room: Buffer): Promise<Buffer> {
    if (open?.place !== place || open.next !== index) {
      await leave();
      const wanted = { file: stream.file, from: placeIn(stream, index).from, size: stream.size };
      open = { reader: await openReader(place, wanted, { signal, idleMs, pace }), place, next: index };
    }
    const chunk = await open.reader.take(room);
    open.next += 1;
    fetched += chunk.length;
    if (isChunk(stream, index, chunk)) return chunk;
    throw new Problem(
      "IMAGE_CORRUPT",
      `${place.label}/${stream.file} is not what its manifest says: chunk ${index} differs.`,
      {
        remedy: "Copy the stream there anew; `impctl image verify` beside it says whether it is whole.",
      },
    );
  }

  return {
    async chunk(index, room) {
      let last: Problem | undefined;
      for (let round = 0; round < mostRounds; round += 1) {
        if (round > 0) await host.sleep(firstPauseMs * 2 ** (round - 1), signal);
        // The one that is open goes on; then the others in their order.
        const order = [...places].toSorted((a, b) => Number(b === open?.place) - Number(a === open?.place));
        for (const place of order.filter((one) => !useless.has(one))) {
          try {
            return await from(place, index, room);
          } catch (thrown) {
            await leave();
            signal.throwIfAborted();
            last = asProblem(thrown);
            if (!last.transient) useless.set(place, last);
          }
        }
        if (useless.size === places.length) break;
      }
      throw useless.size === places.length
        ? ([...useless.values()].at(-1) ?? nowhere(stream))
        : (last ?? nowhere(stream));
    },
    fetched: () => fetched,
    close: leave,
  };
}

function nowhere({ file }: ImageStream): Problem {
  return new Problem("IMAGE_UNREACHABLE", `There is no place to fetch ${file} from.`, { transient: true });
}
