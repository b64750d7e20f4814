/** `impctl image verify`: whether a manifest is signed by somebody who counts, and the streams beside it are what it says. */
import { stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { Command } from "commander";
import type { ImageStream } from "../../schemas/manifest.ts";
import { printable, printableJson } from "../../schemas/printable.ts";
import { Problem } from "../../schemas/problem.ts";
import { describeStream, digestsOf } from "../images/describe.ts";
import { checkManifest, readManifestFile } from "../images/manifest.ts";
import { plural } from "../plural.ts";
import { imageCommand, signerOptions, trustOptions, type SignerOptions } from "./image-command.ts";
import type { Terminal } from "./terminal.ts";

interface Options extends SignerOptions {
  readonly json?: boolean;
}

export function defineVerify(parent: Command, terminal: Terminal): void {
  const command = imageCommand(parent, "verify <manifest>", "check a manifest's signature, and the streams beside it", [
    "impctl image verify imp-v1.4.0.json",
    "impctl image verify imp-v1.4.0.json --allowed-signers allowed_signers",
  ]);
  signerOptions(command).action((file: string, options: Options) => verify(file, options, terminal));
}

async function verify(file: string, options: Options, terminal: Terminal): Promise<void> {
  const path = resolve(terminal.folder, file);
  const trust = await trustOptions(options, terminal);
  const read = { ...(await readManifestFile(path)), location: file };
  const { manifest, digest, signer } = await checkManifest(read, undefined, trust);
  const checked: string[] = [];
  for (const stream of manifest.streams) {
    if (await checkStream(join(dirname(path), stream.file), stream, terminal.signal)) checked.push(stream.file);
  }
  const absent = manifest.streams.map((stream) => stream.file).filter((name) => !checked.includes(name));
  if (options.json) {
    return terminal.out(
      printableJson(JSON.stringify({ name: manifest.name, digest, signer, checked, absent }, undefined, 2)),
    );
  }
  terminal.out(printable(`${manifest.name}: signed by ${signer}, ${digest}`));
  for (const name of checked) terminal.out(`${name}: every chunk is what the manifest says`);
  for (const name of absent) terminal.out(`${name}: is not here`);
}

/** Says whether the stream is there. Rejects with IMAGE_CORRUPT where it is another one. */
async function checkStream(path: string, stream: ImageStream, signal: AbortSignal): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  if (!found) return false;
  const wrong = (what: string): Problem =>
    new Problem("IMAGE_CORRUPT", `${path} ${what}.`, {
      remedy: "Copy it anew from where it was built, or make its manifest anew.",
    });
  if (found.size !== stream.size) throw wrong(`has ${found.size} bytes, and its manifest says ${stream.size}`);
  const { chunks, sha256 } = await digestsOf(path, stream.chunkBytes, signal);
  const bad = stream.chunks.flatMap((digest, index) => (chunks[index] === digest ? [] : [index]));
  if (bad.length > 0) {
    throw wrong(`differs from its manifest in ${plural(bad.length, "chunk")} of ${chunks.length}, first in ${bad[0]}`);
  }
  if (sha256 !== stream.sha256) throw wrong("has each chunk that its manifest names, but not its digest");
  const { base, snapshot } = await describeStream(path, found.size, signal);
  if (base !== stream.base || snapshot !== stream.snapshot)
    throw wrong("makes another snapshot than its manifest says");
  return true;
}
