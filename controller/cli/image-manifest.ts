/** `impctl image manifest`: describes an image on the machine that built it. */
import { stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { Command } from "commander";
import type { ImageStream, Manifest } from "../../schemas/manifest.ts";
import { Problem } from "../../schemas/problem.ts";
import { readContents } from "../images/contents.ts";
import { describeStream } from "../images/describe.ts";
import { digestOf } from "../images/manifest.ts";
import { sendSnapshot } from "../images/send.ts";
import { built, checkedText } from "../images/written.ts";
import { journalFormat } from "../journal.ts";
import { imageCommand, plainHost } from "./image-command.ts";
import type { Terminal } from "./terminal.ts";

interface Options {
  readonly name: string;
  readonly imageVersion: string;
  readonly epoch: string;
  readonly source: string;
  readonly root: string;
  readonly snapshot?: string;
  readonly base?: readonly string[];
  readonly hardware?: readonly string[];
  readonly journal: string;
  readonly description?: string;
  readonly output?: string;
  readonly json?: boolean;
}

export function defineManifest(parent: Command, terminal: Terminal): void {
  imageCommand(parent, "manifest [stream...]", "describe an image by its streams, or make them of a snapshot", [
    "impctl image manifest imp-v1.4.0.zfs.zst --name imp-v1.4.0 --image-version 1.4.0 --epoch 3 --source 9fceb02 --root /mnt",
    "impctl image manifest --snapshot tank/build/v1.4.0@img --base tank/build/v1.3.0@img \\\n      --name imp-v1.4.0 --image-version 1.4.0 --epoch 3 --source 9fceb02 --root /mnt --output /srv/images/imp-v1.4.0.json",
  ])
    .requiredOption("-n, --name <name>", "its name in images.yaml")
    .requiredOption("--image-version <version>", "its version")
    .requiredOption("--epoch <number>", "grows with each image that must not be gone back from")
    .requiredOption("--source <revision>", "the revision that it was built from, in hex")
    .requiredOption("--root <folder>", "its files, mounted: versions and packages are read there")
    .option("--snapshot <snapshot>", "make the streams of this snapshot, by zfs send")
    .option("--base <snapshot...>", "with --snapshot: also a stream on top of each of these")
    .option("--hardware <tag...>", "boxes that it runs on; by default every box")
    .option("--journal <format>", "oldest format of the journal that its agent goes on from", String(journalFormat))
    .option("--description <text>", "a line for people")
    .option("-o, --output <file>", "where it goes, beside the streams; by default <name>.json")
    .addHelpText("after", "\nThe time is SOURCE_DATE_EPOCH where that is set.\n")
    .action((streams: readonly string[], options: Options) => make(streams, options, terminal));
}

async function make(files: readonly string[], options: Options, terminal: Terminal): Promise<void> {
  const at = (path: string): string => resolve(terminal.folder, path);
  if ((files.length === 0) === (options.snapshot === undefined)) {
    throw new Problem("USAGE", "Name either streams or --snapshot.", { remedy: "See `impctl help image`." });
  }
  const output = at(options.output ?? `${options.name}.json`);
  const contents = await readContents(at(options.root), options.root);
  const paths =
    options.snapshot === undefined
      ? files.map(at)
      : await send(options.snapshot, options.base ?? [], join(dirname(output), options.name), terminal.signal);
  const streams = await describeAll(paths, dirname(output), terminal.signal);
  const manifest: Manifest = {
    format: 1,
    name: options.name,
    version: options.imageVersion,
    epoch: Number(options.epoch),
    built: built(terminal.environment),
    source: options.source,
    ...(options.description !== undefined && { description: options.description }),
    ...contents,
    hardware: [...(options.hardware ?? [])],
    journal: Number(options.journal),
    streams: [...streams],
  };
  const text = checkedText(output, manifest);
  await plainHost().writeFile(output, text, { mode: 0o644, folderMode: 0o755 });
  const digest = digestOf(Buffer.from(text));
  if (options.json) return terminal.out(JSON.stringify({ manifest: output, digest }, undefined, 2));
  terminal.out(`${options.name}:\n  manifest: ${output}\n  digest: ${digest}`);
  terminal.err("impctl: sign it with `impctl image sign`, then put these lines into images.yaml with its address.");
}

async function send(
  snapshot: string,
  bases: readonly string[],
  stem: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const wanted = [{ snapshot, file: `${stem}.zfs.zst` }].concat(
    bases.map((base) => ({ snapshot, base, file: `${stem}.from-${base.replace(/^.*\/|@.*$/g, "")}.zfs.zst` })),
  );
  for (const one of wanted) await sendSnapshot(one, signal);
  return wanted.map(({ file }) => file);
}

async function describeAll(
  paths: readonly string[],
  folder: string,
  signal: AbortSignal,
): Promise<readonly ImageStream[]> {
  const streams: ImageStream[] = [];
  for (const path of paths) {
    if (dirname(path) !== folder) {
      throw new Problem("USAGE", `${path} is not beside the manifest, which goes into ${folder}.`, {
        remedy: "Appliances look for streams where the manifest is: name --output.",
      });
    }
    const { size } = await stat(path).catch((cause: unknown) => {
      throw new Problem("USAGE", `There is no stream ${path}.`, { remedy: "Name a file of zfs send | zstd.", cause });
    });
    streams.push(await describeStream(path, size, signal));
  }
  return streams;
}
