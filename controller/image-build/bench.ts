/** Where images are built: the programs of this machine, the folder of what was made already, and what is told meanwhile. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, mkdtemp, open, readFile, readdir, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Host, RunOptions } from "../../reconcilers/core.ts";
import { Problem } from "../../schemas/problem.ts";
import { takeInstance } from "../hold.ts";

export interface Bench {
  readonly host: Pick<Host, "run">;
  /** Absolute. What is in it can be made again. */
  readonly cache: string;
  /** Folder of the shell programs that run in an image or make one: deploy/image. */
  readonly parts: string;
  /** Seconds since 1970: no file of an image is younger. */
  readonly sourceDate: number;
  readonly signal: AbortSignal;
  /** Says to people what is being done. */
  readonly tell: (text: string) => void;
}

/** Six hours: compiling where every instruction is emulated is slow, but ends. */
const mostMs = 6 * 3600 * 1000;

/** PATH with the folders of programs for root, which not every shell of root has. */
export function searched(): string {
  return `${process.env["PATH"] ?? ""}:/usr/local/sbin:/usr/sbin:/sbin`;
}

/** Runs a program to its end and gives what it printed. Rejects with IMAGE_BUILD, and the last of what it said, unless it ends well. */
export async function run(
  bench: Bench,
  argv: readonly [string, ...string[]],
  options: Partial<RunOptions> = {},
): Promise<string> {
  const env = { LC_ALL: "C", PATH: searched(), SOURCE_DATE_EPOCH: String(bench.sourceDate), ...options.env };
  const { host, signal } = bench;
  const { exitCode, stdout, stderr } = await host.run(argv, { timeoutMs: mostMs, signal, ...options, env });
  if (exitCode === 0) return stdout;
  throw new Problem("IMAGE_BUILD", `${argv[0]} failed (exit code ${exitCode}): ${lastOf(`${stdout}\n${stderr}`)}`);
}

/** The last lines of what a program said, as one that a problem can say. */
export function lastOf(said: string): string {
  const lines = said.split("\n").map((line) => line.trim());
  return lines
    .filter((line) => line !== "")
    .slice(-15)
    .join(" | ");
}

/** Folders in the cache that are there only while something is made: what an image is made of, and what is needed for that. */
const passing = ["making-", "scratch-"];

/** Nobody else makes or tries images in the cache until it is disposed of; what a killed one left there goes. Rejects with IMAGE_BUILD. */
export async function holdCache(cache: string): Promise<AsyncDisposable> {
  await mkdir(cache, { recursive: true });
  const held = await takeInstance("image", cache, "command");
  const left = (await readdir(cache)).filter((name) => passing.some((begin) => name.startsWith(begin)));
  for (const name of left) await rm(join(cache, name), { recursive: true, force: true });
  return held;
}

/** How many of a kind stay: what is built in turns of two or three names is not built again and again. */
const kept = 3;

/** In each folder of the cache: the size of every other file in it. */
const sizesFile = "sizes.json";

/**
 * The folder of this kind that was made of the same things, or a new one, made whole or not at all, also when the power goes; the oldest
 * others go. `of` is told apart by its JSON. What `make` leaves is files, in no folders.
 */
export async function once(
  bench: Bench,
  kind: string,
  of: readonly unknown[],
  make: (folder: string) => Promise<void>,
): Promise<string> {
  const digest = createHash("sha256").update(JSON.stringify(of)).digest("hex").slice(0, 16);
  const folder = join(bench.cache, `${kind}-${digest}`);
  const now = new Date();
  if (await stat(folder).catch(() => undefined)) {
    if (await isWhole(folder)) {
      await utimes(folder, now, now);
      bench.tell(`${kind}: nothing changed`);
      return folder;
    }
    bench.tell(`${kind}: what was made before is damaged`);
    await rm(folder, { recursive: true });
  }
  bench.tell(`${kind}: being made`);
  const began = performance.now();
  const making = await mkdtemp(join(bench.cache, "making-"));
  try {
    await make(making);
    await writeFile(join(making, sizesFile), JSON.stringify(await sizesIn(making)));
    for (const name of await readdir(making)) await synced(join(making, name));
    await synced(making);
    await rename(making, folder);
    await synced(bench.cache);
  } finally {
    await rm(making, { recursive: true, force: true });
  }
  await utimes(folder, now, now);
  bench.tell(`${kind}: made in ${Math.round((performance.now() - began) / 1000)} s`);
  await forgetOldest(bench.cache, kind);
  return folder;
}

async function isWhole(folder: string): Promise<boolean> {
  const written = await readFile(join(folder, sizesFile), "utf8").catch(() => "");
  return written === JSON.stringify(await sizesIn(folder));
}

async function sizesIn(folder: string): Promise<Readonly<Record<string, number>>> {
  const names = (await readdir(folder)).filter((name) => name !== sizesFile).toSorted();
  const sizes = await Promise.all(names.map(async (name) => [name, (await stat(join(folder, name))).size] as const));
  return Object.fromEntries(sizes);
}

/** What is in a file or a folder outlasts a power cut. */
export async function synced(path: string): Promise<void> {
  await using file = await open(path);
  await file.sync();
}

async function forgetOldest(cache: string, kind: string): Promise<void> {
  const isOne = (name: string): boolean => name.slice(0, -17) === kind && name.at(-17) === "-";
  const names = (await readdir(cache)).filter(isOne).map((name) => join(cache, name));
  const ages = await Promise.all(names.map(async (path) => ({ path, at: (await stat(path)).mtimeMs })));
  const old = ages.toSorted((a, b) => b.at - a.at).slice(kept);
  for (const { path } of old) await rm(path, { recursive: true, force: true });
}

/** Digest of a file. Rejects with IMAGE_BUILD where it cannot be read. */
export async function fileDigest(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash).catch((cause: unknown) => {
    throw new Problem("IMAGE_BUILD", `${path} cannot be read.`, {
      remedy: "Correct its path in the build file, which counts from the folder of that.",
      cause,
    });
  });
  return hash.digest("hex");
}

/** The shell program of that name. */
export function part(bench: Bench, name: string): string {
  return join(bench.parts, name);
}
