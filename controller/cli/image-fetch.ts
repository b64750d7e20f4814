/** `impctl image fetch`: brings an image's stream onto this box, where the agent finds it. */
import { resolve } from "node:path";
import type { Command } from "commander";
import { printable, printableJson } from "../../schemas/printable.ts";
import { findImage } from "../images/catalogue.ts";
import { storeFolder } from "../images/chunk-store.ts";
import { fetchStream, type FetchProgress } from "../images/fetch.ts";
import { architectureTag, refusal, smallestStream } from "../images/fitting.ts";
import { paced } from "../images/pace.ts";
import { journalFormat } from "../journal.ts";
import { sizeText } from "../size.ts";
import { imageCommand, plainHost } from "./image-command.ts";
import { defaultSettingsFile, readSettings } from "./settings.ts";
import type { Terminal } from "./terminal.ts";

interface Options {
  readonly settings: string;
  readonly base?: readonly string[];
  readonly json?: boolean;
}

export function defineFetch(parent: Command, terminal: Terminal): void {
  imageCommand(parent, "fetch <manifest>", "bring an image onto this box, from an address or a folder", [
    "impctl image fetch https://images.example.net/imp-v1.4.0.json",
    "impctl image fetch /media/usb/imp-v1.4.0.json",
  ])
    .option("--settings <file>", "the agent's settings: signers, mirrors, rate, cache", defaultSettingsFile)
    .option("--base <guid...>", "snapshots that are here: a stream on top of one of them may do")
    .action((location: string, options: Options) => fetch(location, options, terminal));
}

async function fetch(location: string, options: Options, terminal: Terminal): Promise<void> {
  const settings = await readSettings(options.settings, terminal);
  const { images, paths, trust } = settings;
  const { signal } = terminal;
  const host = plainHost();
  const manifestAt = /^https?:\/\//.test(location) ? location : resolve(terminal.folder, location);
  const pace = paced(host, images["bytes-per-second"]);
  const checking = { trust, host, folder: `${paths.cache}/images`, signal, pace };
  const { manifest, places, signer } = await findImage({ manifest: manifestAt }, images, checking);
  const hardware = [architectureTag(), ...images.hardware];
  const refused = refusal(manifest, { hardware, journal: journalFormat });
  if (refused) throw refused;
  const stream = smallestStream(manifest, new Set(options.base));
  const bar = progressBar(terminal, () => host.uptime());
  await fetchStream(stream, { host, cache: paths.cache, places, pace, signal, told: bar });
  const { name, version } = manifest;
  const file = `${storeFolder(paths.cache, stream)}/stream`;
  if (options.json) {
    return terminal.out(
      printableJson(JSON.stringify({ name, version, signer, file, size: stream.size }, undefined, 2)),
    );
  }
  terminal.out(
    printable(`${name}, version ${version}, signed by ${signer}: ${sizeText(stream.size)} are here, checked`),
  );
}

/** A line that is drawn again on a terminal; elsewhere one for every tenth. */
function progressBar(terminal: Terminal, now: () => number): (progress: FetchProgress) => void {
  const begun = now();
  let tenth = 0;
  return (progress) => {
    const text = progressText(progress, (now() - begun) / 1000);
    const isEnd = progress.bytes === progress.size;
    if (terminal.redraw) return terminal.redraw(isEnd ? `${text}\n` : text);
    const reached = Math.floor((10 * progress.bytes) / progress.size);
    if (reached > tenth) terminal.err(text);
    tenth = Math.max(tenth, reached);
  };
}

/** "imp.zfs.zst  43 % [########            ] 115.3 MiB of 268.1 MiB, 12.3 MiB/s, 13 s left" */
export function progressText({ file, size, bytes, fetched }: FetchProgress, seconds: number): string {
  const width = 20;
  const share = bytes / size;
  const bar = "#".repeat(Math.floor(share * width)).padEnd(width);
  const rate = seconds > 0 ? fetched / seconds : 0;
  const left = rate > 0 ? `, ${sizeText(Math.round(rate))}/s, ${Math.ceil((size - bytes) / rate)} s left` : "";
  const percent = String(Math.floor(100 * share)).padStart(3);
  return `${file} ${percent} % [${bar}] ${sizeText(bytes)} of ${sizeText(size)}${left}`;
}
