/** Stage 2: the tar file of a root as the streams of a snapshot, by this machine's ZFS or in a virtual machine with the image's own. */
import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { constants, createZstdCompress, createZstdDecompress } from "node:zlib";
import { parseManifest } from "../../schemas/manifest-file.ts";
import { snapshotOf, type ImageStream, type Manifest } from "../../schemas/manifest.ts";
import { Problem } from "../../schemas/problem.ts";
import { describeStream } from "../images/describe.ts";
import { streamLevel } from "../images/send.ts";
import { fileDigest, lastOf, once, part, run, type Bench } from "./bench.ts";
import { rootFiles } from "./root.ts";
import { hasZfs } from "./tools.ts";
import { emptyDrive, partition, work } from "./virtual-machine.ts";

export interface Asked {
  /** Folder of the root. */
  readonly root: string;
  readonly name: string;
  readonly version: string;
  /** Path of the manifest of an image before. */
  readonly base: string | undefined;
}

export interface Streams {
  /** Where they are. */
  readonly folder: string;
  /** The whole one first. */
  readonly streams: readonly ImageStream[];
}

/** In the folder: what the manifest says of each. */
const described = "streams.json";

/** Counted up when streams are made in another way than before. */
const recipe = 1;

/** The streams of an image, made anew only where the root, its name or its base changed. */
export async function imageStreams(bench: Bench, asked: Asked): Promise<Streams> {
  const { root, version, base: at } = asked;
  const base = at === undefined ? undefined : await readBase(at);
  const files = [
    `${asked.name}.zfs.zst`,
    ...(base === undefined ? [] : [`${asked.name}.from-${base.manifest.name}.zfs.zst`]),
  ];
  const script = await fileDigest(part(bench, "streams"));
  const of = [root, asked.name, version, base && snapshotOf(base.manifest), script, recipe];
  const folder = await once(bench, "streams", of, async (made) => {
    const scratch = await mkdtemp(join(bench.cache, "scratch-"));
    try {
      const raw = await rawStreams(bench, { ...asked, base: base?.stream, scratch });
      const streams: ImageStream[] = [];
      for (const [index, name] of files.entries()) {
        const file = join(made, name);
        await compress(raw, index, file, bench.signal);
        streams.push(await describeStream(file, (await stat(file)).size, bench.signal));
      }
      await writeFile(join(made, described), JSON.stringify(streams));
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  });
  const streams = JSON.parse(await readFile(join(folder, described), "utf8")) as readonly ImageStream[];
  return { folder, streams };
}

interface Base {
  readonly manifest: Manifest;
  /** Path of its whole stream. */
  readonly stream: string;
}

/** Rejects with IMAGE_BUILD, or with what is wrong with the manifest. */
async function readBase(path: string): Promise<Base> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new Problem("IMAGE_BUILD", `The manifest ${path}, which the build file names as base, cannot be read.`, {
      remedy: "Name one, or none: then there is only a whole stream.",
      cause,
    });
  });
  const { manifest, problems } = parseManifest(path, bytes);
  if (!manifest) throw new AggregateError(problems, `${path} is wrong`);
  const whole = manifest.streams.find(({ base }) => base === undefined);
  const stream = join(dirname(path), whole?.file ?? "");
  if (!(await stat(stream).catch(() => undefined)))
    throw new Problem("IMAGE_BUILD", `${stream}, the whole stream of the base, is not beside its manifest.`, {
      remedy: "Copy it there, or name no base.",
    });
  return { manifest, stream };
}

interface Raw {
  /** A file with the streams in it. */
  readonly file: string;
  readonly places: readonly { readonly at: number; readonly bytes: number }[];
}

interface Making {
  readonly root: string;
  readonly name: string;
  readonly version: string;
  readonly base: string | undefined;
  readonly scratch: string;
}

async function rawStreams(bench: Bench, { root, name, version, base, scratch }: Making): Promise<Raw> {
  const file = (of: string): string => join(scratch, of);
  const tar = join(root, rootFiles.tar);
  const [disk, out, before] = [file("disk"), file("out"), file("base")];
  if (base !== undefined) await decompress(base, before, bench.signal);
  const room = (await stat(tar)).size * 3 + (base === undefined ? 0 : (await stat(before)).size * 2) + 2 ** 32;
  await emptyDrive(disk, room);
  await emptyDrive(out, room);
  const said = hasZfs()
    ? await here(bench, {
        disk,
        root: tar,
        out,
        base: base === undefined ? "" : before,
        name,
        version,
        folder: file("mnt"),
      })
    : await elsewhere(bench, { root, scratch, tar, disk, out, room, name, version, before: base && before });
  const found = [...said.matchAll(/^stream (\S+) (\d+) (\d+)\r?$/gm)];
  const places = found.map(([, , at, bytes]) => ({ at: Number(at), bytes: Number(bytes) }));
  if (places.length !== (base === undefined ? 1 : 2))
    throw new Problem("IMAGE_BUILD", `Streams were not made: ${lastOf(said)}`);
  return { file: out, places };
}

/** By the ZFS of this machine: in a pool of its own, on a file. */
function here(bench: Bench, env: Readonly<Record<string, string>>): Promise<string> {
  return run(bench, ["sh", "-eu", part(bench, "streams")], { env });
}

interface Elsewhere {
  readonly root: string;
  readonly scratch: string;
  readonly tar: string;
  readonly disk: string;
  readonly out: string;
  readonly room: number;
  readonly name: string;
  readonly version: string;
  readonly before: string | undefined;
}

async function elsewhere(
  bench: Bench,
  { root, scratch, tar, disk, out, room, name, version, before }: Elsewhere,
): Promise<string> {
  await partition(disk, room);
  const variables = {
    disk: "/dev/vda1",
    root: "/dev/vdb",
    out: "/dev/vdc",
    base: before === undefined ? "" : "/dev/vdd",
    name,
    version,
    folder: "/mnt/work",
  };
  const drives = [disk, tar, out, ...(before === undefined ? [] : [before])];
  return (await work(bench, { root, scratch, drives, program: "streams", variables })).said;
}

async function decompress(from: string, to: string, signal: AbortSignal): Promise<void> {
  await pipeline(createReadStream(from), createZstdDecompress(), createWriteStream(to), { signal });
  const { size } = await stat(to);
  // A drive has whole sectors; what is behind the end of a stream is not read.
  await truncate(to, Math.ceil(size / 2 ** 20) * 2 ** 20);
}

async function compress({ file, places }: Raw, index: number, to: string, signal: AbortSignal): Promise<void> {
  const { at, bytes } = places[index] ?? { at: 0, bytes: 0 };
  const from = createReadStream(file, { start: at, end: at + bytes - 1, highWaterMark: 1 << 20 });
  const packer = createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: streamLevel } });
  await pipeline(from, packer, createWriteStream(to), { signal });
}
