/** `impctl image test`: tries an image in a virtual machine, and writes into its manifest what came of it. */
import { resolve } from "node:path";
import type { Command } from "commander";
import type { Host } from "../../reconcilers/core.ts";
import type { ImageTrial } from "../../schemas/manifest.ts";
import { printable, printableJson } from "../../schemas/printable.ts";
import { Problem } from "../../schemas/problem.ts";
import { holdCache } from "../image-build/bench.ts";
import { mustHaveTools } from "../image-build/tools.ts";
import { digestOf, parsed, readManifestFile, type ReadManifest } from "../images/manifest.ts";
import { mustHaveKey, sign, signatureOf } from "../images/signature.ts";
import { checkedText } from "../images/written.ts";
import { benchOf, defaultCache, imageCommand, plainHost } from "./image-command.ts";
import { exitCodes, type Terminal } from "./terminal.ts";

interface Options {
  readonly key?: string;
  readonly cache: string;
  readonly console?: string;
  readonly json?: boolean;
}

export function defineTest(parent: Command, terminal: Terminal): void {
  imageCommand(parent, "test <manifest>", "try an image in a virtual machine: it boots, and is looked at", [
    "impctl image test imp-v1.4.0.json",
    "impctl image test imp-v1.4.0.json --key ~/.ssh/id_ed25519",
  ])
    .option("-k, --key <file>", "write what came of it into the manifest, and sign that with this SSH key")
    .option("--cache <folder>", "where the image was built", defaultCache)
    .option("--console <file>", "keep what its console showed")
    .addHelpText(
      "after",
      "\nNeeds root, QEMU and the cache in which the image was built. What cannot be tested here is said to be not tested.\n" +
        "Exit code 1: a check failed.\n",
    )
    .action((file: string, options: Options) => test(file, options, terminal));
}

async function test(file: string, options: Options, terminal: Terminal): Promise<void> {
  const at = (of: string): string => resolve(terminal.folder, of);
  const read = await readManifestFile(at(file));
  const manifest = parsed({ ...read, location: file });
  const [key, console] = [options.key && at(options.key), options.console && at(options.console)];
  if (key !== undefined) await mustHaveKey(key);
  // Not after all is done: what came of it would be lost.
  if (console !== undefined) await plainHost().writeFile(console, "", { mode: 0o644, folderMode: 0o755 });
  mustHaveTools(["qemu-system-x86_64", "ssh", "tar"]);
  const bench = benchOf(terminal, options.cache, Math.floor(Date.parse(manifest.built) / 1000));
  await using _ = await holdCache(bench.cache);
  const { tryImage } = await import("../image-trial/trial.ts");
  const checks = await tryImage(bench, { manifest, path: at(file), console }, (line) => {
    if (!options.json) terminal.out(lineOf(line));
  });
  const when = new Date().toISOString().replace(/\.\d+Z$/, "Z");
  const trial = { at: when, checks };
  const [recorded] = await Promise.allSettled([key && record(read, trial, key, plainHost(), terminal.signal)]);
  const digest = recorded.status === "fulfilled" ? recorded.value : undefined;
  if (options.json)
    terminal.out(printableJson(JSON.stringify({ name: manifest.name, ...trial, digest }, undefined, 2)));
  else if (digest !== undefined) terminal.out(`${manifest.name}:\n  manifest: ${at(file)}\n  digest: ${digest}`);
  if (recorded.status === "rejected") throw recorded.reason;
  if (checks.some(({ result }) => result === "failed")) terminal.exitCode = exitCodes.problem;
}

/**
 * Writes what came of trying it into a manifest, signed, and gives the digest of that. Rejects with IMAGE_MANIFEST where another one
 * stands there than was tried.
 */
export async function record(
  { location, bytes }: ReadManifest,
  trial: ImageTrial,
  key: string,
  host: Host,
  signal: AbortSignal,
): Promise<string> {
  const text = checkedText(location, { ...parsed({ location, bytes }), trial });
  const signature = await sign(Buffer.from(text), key, host, signal);
  if (digestOf((await readManifestFile(location)).bytes) !== digestOf(bytes))
    throw new Problem("IMAGE_MANIFEST", `${location} is another one than when the image began to be tried.`, {
      remedy: "Try that one.",
    });
  await host.remove(signatureOf(location));
  await host.writeFile(location, text, { mode: 0o644 });
  await host.writeFile(signatureOf(location), signature, { mode: 0o644 });
  return digestOf(Buffer.from(text));
}

function lineOf({ check, result, why }: ImageTrial["checks"][number]): string {
  return printable(`${result.replace("-", " ").padEnd(10)} ${check}${why === undefined ? "" : `: ${why}`}`);
}
