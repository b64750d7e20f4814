/**
 * How far an image may fill the pool: what runs writes into the same one, its logs and its state, so that what policy keeps free is left
 * to it whatever the image turns out to be.
 */
import { zfs } from "../../reconcilers/bootenv/zfs.ts";
import type { Host } from "../../reconcilers/core.ts";
import type { ImageStream } from "../../schemas/manifest.ts";
import { Problem } from "../../schemas/problem.ts";

export interface Needed {
  /** Of the image. */
  readonly name: string;
  readonly stream: ImageStream;
  /** Bytes of the stream that are still to be fetched, into what may be the same pool. */
  readonly missing: number;
  /** Bytes that stay free: policy.min-free-pool-mebibytes. */
  readonly floorBytes: number;
}

/** Unpacked it takes more than its stream does, and nobody can tell how much: no less than this. */
const leastRatio = 1.1;

/** How many bytes it may take below `root`. Rejects with IMAGE_ROOM where that is certainly too little for it, and with POOL. */
export async function roomFor(host: Host, root: string, needed: Needed, signal: AbortSignal): Promise<number> {
  const { name, stream, missing, floorBytes } = needed;
  const available = Number(await zfs(host, ["get", "-Hp", "-o", "value", "available", root], signal));
  const room = available - floorBytes - missing;
  const least = Math.ceil(leastRatio * stream.size);
  if (room >= least) return room;
  const [free, needs, stays] = [available, least + missing, floorBytes].map((bytes) => Math.floor(bytes / 2 ** 20));
  throw noRoom(`The pool has ${free} MiB free, and ${name} needs ${needs} MiB at least, with ${stays} MiB to spare.`);
}

/** Tried again once there is more: see stage.ts. */
export function noRoom(message: string): Problem {
  return new Problem("IMAGE_ROOM", message, {
    remedy:
      "Remove boot environments that are not needed: `impctl be list`, `impctl be rm`. How much stays free: policy.min-free-pool-mebibytes.",
  });
}
