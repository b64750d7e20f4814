/** What was built, where appliances look for it: streams, list of packages, manifest and signature, in that order. */
import { constants, copyFile, mkdir, readFile, rename, rm, stat, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Host } from "../../reconcilers/core.ts";
import { parseManifest } from "../../schemas/manifest-file.ts";
import type { Manifest } from "../../schemas/manifest.ts";
import { Problem } from "../../schemas/problem.ts";
import { digestOf } from "../images/manifest.ts";
import { isSigned, sign, signatureOf } from "../images/signature.ts";
import { checkedText } from "../images/written.ts";
import { synced, type Bench } from "./bench.ts";

export interface Wares {
  readonly manifest: Manifest;
  /** A line for each package. */
  readonly packages: string;
  /** Folder of its streams. */
  readonly from: string;
  /** Folder that all goes into. */
  readonly output: string;
  /** Path of the key that signs it; undefined: nobody does. */
  readonly key: string | undefined;
  /** Another image of that name goes, whoever has it already. */
  readonly replace: boolean;
}

export interface Published {
  /** Path of the manifest. */
  readonly manifest: string;
  readonly digest: string;
  readonly signed: boolean;
}

/**
 * A manifest that is there and says the same, but for when it was built and what came of trying it, stays, with its digest. Where it says
 * anything else, it rejects with IMAGE_BUILD, unless that is to be replaced: it goes first then, and never stands beside streams that are
 * not its own.
 */
export async function publish(
  bench: Pick<Bench, "signal"> & { readonly host: Host },
  { manifest, packages, from, output, key, replace }: Wares,
): Promise<Published> {
  const path = join(output, `${manifest.name}.json`);
  const text = checkedText(path, manifest);
  const there = await readFile(path, "utf8").catch(() => undefined);
  const stays = there !== undefined && lasting(path, there) === lasting(path, text);
  if (there !== undefined && !stays && !replace) throw isThere(path);
  await mkdir(output, { recursive: true });
  for (const old of stays ? [] : [signatureOf(path), path]) await bench.host.remove(old);
  for (const { file } of manifest.streams) {
    const [source, to] = [join(from, file), join(output, file)];
    if (!stays || !(await isCopy(source, to))) await copied(source, to);
  }
  await bench.host.writeFile(join(output, `${manifest.name}.packages`), packages, { mode: 0o644 });
  if (!stays) await bench.host.writeFile(path, text, { mode: 0o644 });
  const bytes = Buffer.from(stays ? there : text);
  return { manifest: path, digest: digestOf(bytes), signed: await signedBy(bench, key, path, bytes) };
}

function isThere(path: string): Problem {
  return new Problem("IMAGE_BUILD", `${path} is the manifest of another image of that name.`, {
    remedy:
      "Build it under another name. With --replace that one goes: boxes that are told its digest take it no more, and streams on top of " +
      "its snapshot fit on none of the new one.",
  });
}

function lasting(path: string, text: string): string | undefined {
  const { manifest } = parseManifest(path, Buffer.from(text));
  return manifest && JSON.stringify({ ...manifest, built: "", trial: undefined });
}

/** Whether a file is the other one's copy, as far as size and time tell. */
async function isCopy(from: string, to: string): Promise<boolean> {
  const [source, there] = [await stat(from), await stat(to).catch(() => undefined)];
  return there?.size === source.size && Math.round(there.mtimeMs / 1000) === Math.round(source.mtimeMs / 1000);
}

/** Copies a file whole or not at all. */
async function copied(from: string, to: string): Promise<void> {
  const source = await stat(from);
  const half = `${to}.part`;
  try {
    await copyFile(from, half, constants.COPYFILE_FICLONE);
    await utimes(half, source.atime, source.mtime);
    await synced(half);
    await rename(half, to);
    await synced(dirname(to));
  } finally {
    await rm(half, { force: true });
  }
}

/** A signature of other bytes, or by another key than the one that is named, is made anew; one that fits nothing goes. */
async function signedBy(
  { host, signal }: Pick<Bench, "signal"> & { readonly host: Host },
  key: string | undefined,
  path: string,
  bytes: Buffer,
): Promise<boolean> {
  const at = signatureOf(path);
  const isThere = (await stat(at).catch(() => undefined)) !== undefined;
  if (isThere && (await isSigned(bytes, at, key, host, signal))) return true;
  if (key !== undefined) await host.writeFile(at, await sign(bytes, key, host, signal), { mode: 0o644 });
  else if (isThere) await host.remove(at);
  return key !== undefined;
}
