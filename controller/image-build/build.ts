/** An image, from its build file to a signed manifest beside its streams: each part is made only where what it is made of changed. */
import { constants, copyFile, mkdir, readFile, rename, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import type { Build } from "../../schemas/build.ts";
import { parseManifest } from "../../schemas/manifest-file.ts";
import { digestOf } from "../images/manifest.ts";
import { sign, signatureOf } from "../images/signature.ts";
import { checkedText } from "../images/written.ts";
import { journalFormat } from "../journal.ts";
import type { Host } from "../../reconcilers/core.ts";
import { openApt } from "./apt.ts";
import type { Bench } from "./bench.ts";
import { zfsModules } from "./modules.ts";
import { imageRoot } from "./root.ts";
import { imageStreams } from "./streams.ts";

export interface Order {
  readonly build: Build;
  /** The absolute path of one in the build file. */
  readonly at: (path: string) => string;
  readonly name: string;
  readonly version: string;
  /** Revision, in hex. */
  readonly source: string;
  /** As a manifest says it. */
  readonly built: string;
  /** Folder for streams, manifest, signature and list of packages. */
  readonly output: string;
}

export interface Built {
  /** Path of the manifest. */
  readonly manifest: string;
  readonly digest: string;
  readonly signed: boolean;
}

/** Rejects with IMAGE_BUILD, and what is made of it is not there then. */
export async function buildImage(bench: Bench & { readonly host: Host }, order: Order): Promise<Built> {
  const { build, at, name, version, output } = order;
  const apt = await openApt(bench, build, at);
  const modules = await zfsModules(bench, apt);
  const root = await imageRoot(bench, apt, build, at, modules);
  const base = build.base === undefined ? undefined : at(build.base);
  const { folder, streams } = await imageStreams(bench, { root: root.folder, name, version, base });
  await mkdir(output, { recursive: true });
  for (const { file } of streams) await publish(join(folder, file), join(output, file));
  const manifest = join(output, `${name}.json`);
  const text = checkedText(manifest, {
    format: 1,
    name,
    version,
    epoch: build.epoch,
    built: order.built,
    source: order.source,
    ...(build.description !== undefined && { description: build.description }),
    ...root.contents,
    hardware: build.hardware,
    journal: journalFormat,
    streams: [...streams],
  });
  await bench.host.writeFile(join(output, `${name}.packages`), root.packages, { mode: 0o644 });
  const bytes = Buffer.from(await settled(bench, manifest, text));
  const signed = await signedBy(bench, build["sign-key"] && at(build["sign-key"]), manifest, bytes);
  return { manifest, digest: digestOf(bytes), signed };
}

/** Copies a file whole or not at all, unless it is there. */
async function publish(from: string, to: string): Promise<void> {
  const [source, there] = [await stat(from), await stat(to).catch(() => undefined)];
  if (there?.size === source.size && Math.round(there.mtimeMs / 1000) === Math.round(source.mtimeMs / 1000)) return;
  await copyFile(from, `${to}.part`, constants.COPYFILE_FICLONE);
  await utimes(`${to}.part`, source.atime, source.mtime);
  await rename(`${to}.part`, to);
}

/**
 * Writes the manifest, unless the one that is there says the same, but for when it was built and what came of trying it: that one stays,
 * with its digest.
 */
async function settled(bench: Bench & { readonly host: Host }, path: string, text: string): Promise<string> {
  const there = await readFile(path, "utf8").catch(() => "");
  if (lasting(path, there) === lasting(path, text)) return there;
  await bench.host.remove(signatureOf(path));
  await bench.host.writeFile(path, text, { mode: 0o644 });
  return text;
}

function lasting(path: string, text: string): string | undefined {
  const { manifest } = parseManifest(path, Buffer.from(text));
  return manifest && JSON.stringify({ ...manifest, built: "", trial: undefined });
}

async function signedBy(
  bench: Bench & { readonly host: Host },
  key: string | undefined,
  path: string,
  bytes: Buffer,
): Promise<boolean> {
  const there = await stat(signatureOf(path)).catch(() => undefined);
  if (there || key === undefined) return there !== undefined;
  const signature = await sign(bytes, key, bench.host, bench.signal);
  await bench.host.writeFile(signatureOf(path), signature, { mode: 0o644 });
  return true;
}
