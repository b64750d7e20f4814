/** Stage 2: the tar file of a root as the streams of a snapshot, by this machine's ZFS or in a virtual machine with the image's own. */
import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { constants, createZstdCompress } from "node:zlib";
import type { RunResult } from "../../reconcilers/core.ts";
import { snapshotOf, type ImageStream, type Manifest } from "../../schemas/manifest.ts";
import { Problem } from "../../schemas/problem.ts";
import { unpack } from "../images/decompress.ts";
import { describeStream } from "../images/describe.ts";
import { parsed } from "../images/manifest.ts";
import { streamLevel } from "../images/send.ts";
import { fileDigest, lastOf, once, part, run, searched, type Bench } from "./bench.ts";
import { rootFiles } from "./root.ts";
import { hasZfs } from "./tools.ts";
import { emptyDrive, partition, work } from "./virtual-machine.ts";

export interface Asked {
  /** Folder of the root. */
  readonly root: string;
  readonly name: string;
  readonly version: string;
  /** An image before. */
  readonly base: Base | undefined;
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
  const { root, version, base } = asked;
  const files = [
    `${asked.name}.zfs.zst`,
    ...(base === undefined ? [] : [`${asked.name}.from-${base.manifest.name}.zfs.zst`]),
  ];
  const script = await fileDigest(part(bench, "streams"));
  const of = [root, asked.name, version, base && [base.manifest.name, snapshotOf(base.manifest)], script, recipe];
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
      if (base !== undefined && streams[1]?.base !== snapshotOf(base.manifest))
        throw new Problem("IMAGE_BUILD", `${base.stream} makes another snapshot than its manifest says.`, {
          remedy: "Copy it anew from where it was built, or name no base.",
        });
      await writeFile(join(made, described), JSON.stringify(streams));
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  });
  const streams = JSON.parse(await readFile(join(folder, described), "utf8")) as readonly ImageStream[];
  return { folder, streams };
}

export interface Base {
  readonly manifest: Manifest;
  /** Path of its whole stream. */
  readonly stream: string;
}

/** By the path of its manifest. Rejects with IMAGE_BUILD, or with what is wrong with the manifest. */
export async function readBase(path: string): Promise<Base> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new Problem("IMAGE_BUILD", `The manifest ${path}, which the build file names as base, cannot be read.`, {
      remedy: "Name one, or none: then there is only a whole stream.",
      cause,
    });
  });
  const manifest = parsed({ location: path, bytes });
  return { manifest, stream: await wholeBeside(path, manifest) };
}

/** Path of the whole stream of a manifest at a path. Rejects with IMAGE_BUILD where it is not there, or has another size. */
export async function wholeBeside(path: string, manifest: Manifest): Promise<string> {
  const whole = manifest.streams.find(({ base }) => base === undefined);
  const stream = join(dirname(path), whole?.file ?? "");
  const found = await stat(stream).catch(() => undefined);
  if (found?.size === whole?.size) return stream;
  throw new Problem("IMAGE_BUILD", `${stream} is not there, or is not what its manifest says.`, {
    remedy: "`impctl image verify` says what is wrong; copy it there.",
  });
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
  if (base !== undefined) await unpack(base, before, bench.signal);
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
        pool: `impbuild-${basename(scratch)}`,
      })
    : await elsewhere(bench, { root, scratch, tar, disk, out, room, name, version, before: base && before });
  const found = [...said.matchAll(/^stream (\S+) (\d+) (\d+)\r?$/gm)];
  const places = found.map(([, , at, bytes]) => ({ at: Number(at), bytes: Number(bytes) }));
  if (places.length !== (base === undefined ? 1 : 2))
    throw new Problem("IMAGE_BUILD", `Streams were not made: ${lastOf(said)}`);
  return { file: out, places };
}

/** By the ZFS of this machine: in a pool of its own, on a file. However it ends, the pool is gone, or it is told that it is not. */
export async function here(
  bench: Bench,
  env: Readonly<Record<string, string>> & { readonly pool: string },
): Promise<string> {
  try {
    // Whoever ends timeout(1) ends all that the program runs too.
    return await run(bench, ["timeout", "6h", "sh", "-eu", part(bench, "streams")], { env });
  } finally {
    const { stderr, exitCode } = await destroyed(bench.host, env.pool);
    if (exitCode !== 0 && !stderr.includes("no such pool"))
      bench.tell(`the pool ${env.pool} is still there (${lastOf(stderr)}): zpool destroy -f ${env.pool}`);
  }
}

/** Whoever wants no more waits for this all the same. */
async function destroyed(host: Bench["host"], pool: string): Promise<RunResult> {
  const options = { timeoutMs: 60_000, signal: AbortSignal.timeout(60_000), env: { LC_ALL: "C", PATH: searched() } };
  return host
    .run(["zpool", "destroy", "-f", pool], options)
    .catch((thrown: unknown) => ({ exitCode: 1, stdout: "", stderr: String(thrown) }));
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
    pool: "impbuild",
  };
  const drives = [disk, tar, out, ...(before === undefined ? [] : [before])];
  return (await work(bench, { root, scratch, drives, program: "streams", variables })).said;
}

async function compress({ file, places }: Raw, index: number, to: string, signal: AbortSignal): Promise<void> {
  const { at, bytes } = places[index] ?? { at: 0, bytes: 0 };
  const from = createReadStream(file, { start: at, end: at + bytes - 1, highWaterMark: 1 << 20 });
  const packer = createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: streamLevel } });
  await pipeline(from, packer, createWriteStream(to), { signal });
}
