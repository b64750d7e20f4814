/**
 * From the chunks of a stream to a boot environment that may be tried: one pass through `zstd` into `zfs receive`, then a look at what
 * came, and only then its name. Until the last command it has no mount point, and nothing boots or mounts it; whatever goes wrong
 * before leaves nothing.
 */
import { imageHold, type OwnProperty } from "../../reconcilers/bootenv/model.ts";
import { zfs } from "../../reconcilers/bootenv/zfs.ts";
import type { Host, RunResult } from "../../reconcilers/core.ts";
import { snapshotOf, type ImageStream, type Manifest } from "../../schemas/manifest.ts";
import { Problem } from "../../schemas/problem.ts";
import type { SignedManifest } from "./manifest.ts";
import { checkContents } from "./contents.ts";
import { ahead, beginningOf } from "./decompress.ts";
import { lastLine, whileMounted } from "./mounted.ts";
import { noRoom, roomFor } from "./room.ts";
import { removeLeftovers, removeStaging, stagingName, standing, type Standing } from "./staging.ts";
import { headerBytes, parseHeader } from "./stream-header.ts";

export interface Receiving {
  readonly host: Host;
  /** The dataset above the boot environments: "tank/ROOT". */
  readonly root: string;
  /** A folder that is there only while a dataset is looked at. */
  readonly folder: string;
  /** Bytes of the pool that stay free. */
  readonly floorBytes: number;
  /** Bytes of a stream that come over the network yet. */
  readonly missing: (stream: ImageStream) => Promise<number>;
  /** Done once there is room for it, before any of it is received. */
  readonly first?: (stream: ImageStream) => Promise<void>;
  /** The chunks of a stream, checked: see fetch.ts. */
  readonly chunks: (stream: ImageStream) => AsyncGenerator<Buffer, void>;
  readonly signal: AbortSignal;
}

export interface Received {
  /** "tank/ROOT/imp-v1.4.0" */
  readonly dataset: string;
  /** It was here already. */
  readonly isOld: boolean;
}

/** For receiving: a slow disk and a large image. The chunks' own limits end one that gets nothing any more. */
const receiveMs = 4 * 3600_000;
const mountMs = 60_000;

/**
 * Receives `stream` of the image, unless the pool has the image already. Rejects with IMAGE_RECEIVE, IMAGE_ROOM, IMAGE_CORRUPT,
 * POOL, or with what `first` or `chunks` rejects with, and leaves nothing then.
 */
export async function receiveImage(
  image: Pick<SignedManifest, "manifest" | "digest">,
  stream: ImageStream,
  receiving: Receiving,
): Promise<Received> {
  const { host, root, folder, signal } = receiving;
  const { manifest } = image;
  const dataset = `${root}/${manifest.name}`;
  const staging = stagingName(root, manifest.name);
  const before = await removeLeftovers(host, root, folder, signal);
  const found = whatIsThere(before, manifest, dataset);
  if (found === "whole") return { dataset, isOld: true };
  if (typeof found === "object") {
    await finish(receiving, image, dataset, found.named);
    return { dataset, isOld: false };
  }
  const needed = { name: manifest.name, stream, missing: await receiving.missing(stream) };
  const quota = await roomFor(host, root, { ...needed, floorBytes: receiving.floorBytes }, signal);
  await receiving.first?.(stream);
  let snapshot: string;
  try {
    await pass(receiving, image, stream, staging, before, quota);
    snapshot = await mustHave(receiving, staging, manifest);
    await lookInside(receiving, staging, manifest);
  } catch (thrown) {
    // What it was that went wrong is what counts, and the next one tries again to remove it.
    await removeStaging(host, staging, AbortSignal.timeout(mountMs)).catch(() => undefined);
    throw thrown;
  }
  await zfs(host, ["rename", "-u", staging, dataset], signal);
  await finish(receiving, image, dataset, snapshot);
  return { dataset, isOld: false };
}

/** Of the name: nothing; the image, whole; the image, all but its last properties, with its snapshot. Throws where it is something else's. */
function whatIsThere(
  { datasets, snapshots }: Standing,
  manifest: Manifest,
  dataset: string,
): "nothing" | "whole" | { readonly named: string } {
  const there = datasets.find(({ name }) => name === dataset);
  if (!there) return "nothing";
  const snapshot = snapshots.get(snapshotOf(manifest));
  if (snapshot?.startsWith(`${dataset}@`))
    return there.state === "receiving" ? { named: snapshot.slice(dataset.length + 1) } : "whole";
  throw new Problem("IMAGE_RECEIVE", `${dataset} is there already, and is not the image ${manifest.name}.`, {
    remedy: `Remove it where it is not needed (\`impctl be rm ${manifest.name}\`), or give the image another name.`,
  });
}

async function pass(
  { host, chunks, signal }: Receiving,
  { manifest }: Pick<SignedManifest, "manifest">,
  stream: ImageStream,
  staging: string,
  before: Standing,
  quota: number,
): Promise<void> {
  const origin = originOf(before, stream);
  const own: Partial<Record<OwnProperty, string>> = { "imp:state": "receiving", "imp:image": manifest.name };
  // Set by us with the dataset itself: neither the stream nor what stands above it has a say.
  const forced = {
    canmount: "off",
    mountpoint: "none",
    readonly: "off",
    exec: "on",
    setuid: "on",
    devices: "on",
    // Not refquota, which ZFS sets only once everything is there.
    quota: String(quota),
    ...own,
  };
  const options = Object.entries({ ...forced, ...origin }).flatMap(([key, value]) => ["-o", `${key}=${value}`]);
  const what = `The stream ${stream.file}`;
  const argv = ["zstd", "-dcq", "--memory=128MB"] as const;
  // Programs of their own beside each other: what zstd gives goes to ZFS without a way through here. Its exit code says nothing that
  // the chunks, of which each is the one that the manifest names, and ZFS, which must see the end of its stream, do not.
  const script = `${argv.join(" ")} | exec zfs receive -u "$@"`;
  const result = await host.run(["sh", "-c", script, "sh", ...options, staging], {
    timeoutMs: receiveMs,
    signal,
    inputPieces: withHeader(ahead(chunks(stream)), stream, what),
  });
  if (result.exitCode !== 0) throw refusedBy(result, manifest.name, what);
}

/** The snapshot on top of which an incremental stream is received: as a clone of it. */
function originOf({ snapshots }: Standing, { base, file }: ImageStream): { readonly origin?: string } {
  if (base === undefined) return {};
  const origin = snapshots.get(base);
  if (origin !== undefined) return { origin };
  throw new Problem("IMAGE_RECEIVE", `${file} builds on the snapshot ${base}, which is not here any more.`, {
    transient: true,
    remedy: "The next look takes another stream.",
  });
}

/** Nothing reaches ZFS before the stream says that it is the one of the manifest. */
async function* withHeader(chunks: AsyncIterable<Buffer>, stream: ImageStream, what: string): AsyncGenerator<Buffer> {
  const { base, snapshot } = stream;
  let isKnown = false;
  for await (const chunk of chunks) {
    const header = isKnown ? undefined : parseHeader(await beginningOf(chunk, headerBytes, what), what);
    if (header && (header.base !== base || header.snapshot !== snapshot)) {
      throw new Problem("IMAGE_CORRUPT", `${what} makes another snapshot than its manifest says.`, {
        remedy: "Make the manifest anew.",
      });
    }
    isKnown = true;
    yield chunk;
  }
}

/** One snapshot, and the right one: nothing else came with it. Gives its name, without the dataset. */
async function mustHave({ host, signal }: Receiving, staging: string, manifest: Manifest): Promise<string> {
  const { snapshots } = await standing(host, staging, signal);
  const [came, ...more] = [...snapshots].filter(([, name]) => name.startsWith(`${staging}@`));
  if (came && more.length === 0 && came[0] === snapshotOf(manifest)) return came[1].slice(staging.length + 1);
  throw new Problem("IMAGE_CORRUPT", `What came of ${manifest.name} is not the snapshot that its manifest names.`, {
    remedy: "Make the stream and its manifest anew.",
  });
}

async function lookInside({ host, folder, signal }: Receiving, staging: string, manifest: Manifest): Promise<void> {
  await whileMounted(host, { dataset: staging, folder, name: manifest.name }, signal, () =>
    checkContents(folder, manifest),
  );
}

/** It has its name: from here on it can only be finished, now or by the next look. The last command makes it bootable. */
async function finish(
  { host, signal }: Receiving,
  { manifest, digest }: Pick<SignedManifest, "manifest" | "digest">,
  dataset: string,
  name: string,
): Promise<void> {
  const snapshot = `${dataset}@${name}`;
  const held = await host.run(["zfs", "hold", imageHold, snapshot], { timeoutMs: mountMs, signal });
  if (held.exitCode !== 0 && !/already exists/.test(held.stderr)) {
    throw new Problem("POOL", `${snapshot} cannot be held: ${lastLine(held.stderr)}`, { transient: true });
  }
  const own: Partial<Record<OwnProperty, string>> = {
    "imp:version": manifest.version,
    "imp:epoch": String(manifest.epoch),
    "imp:manifest": digest,
    "imp:state": "staged",
  };
  // What limited its receiving would limit what runs in it.
  const set = Object.entries({ quota: "none", ...own, canmount: "noauto", mountpoint: "/" }).map(
    ([key, value]) => `${key}=${value}`,
  );
  await zfs(host, ["set", ...set, dataset], signal);
}

/** What `zfs receive` says, for people. */
function refusedBy({ stderr, exitCode }: RunResult, name: string, what: string): Problem {
  const said = lastLine(stderr) || `exit code ${exitCode}`;
  if (/checksum mismatch|incomplete stream|invalid (?:backup )?stream|failed to read/.test(stderr)) {
    return new Problem("IMAGE_CORRUPT", `${what} is no whole ZFS stream: ${said}`, {
      remedy: "Make it with `zfs send SNAPSHOT | zstd`, and its manifest anew.",
    });
  }
  if (/out of space|quota exceeded/.test(stderr)) return noRoom(`The pool has no room for ${name}: ${said}`);
  if (/key must be loaded/.test(stderr)) {
    return new Problem("IMAGE_RECEIVE", `${name} cannot be received: ${said}`, {
      remedy: "Load the key of the dataset above the boot environments: `zfs load-key`.",
    });
  }
  return new Problem("IMAGE_RECEIVE", `${name} cannot be received: ${said}`, {
    transient: true,
    remedy: "`zpool status` says how the pool is.",
  });
}
