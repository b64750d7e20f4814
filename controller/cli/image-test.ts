/** `impctl image test`: tries an image in a virtual machine, and writes into its manifest what came of it. */
import { resolve } from "node:path";
import type { Command } from "commander";
import type { ImageTrial } from "../../schemas/manifest.ts";
import { printable, printableJson } from "../../schemas/printable.ts";
import { mustHaveTools } from "../image-build/tools.ts";
import { digestOf, parsed, readManifestFile } from "../images/manifest.ts";
import { sign, signatureOf } from "../images/signature.ts";
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
  const path = resolve(terminal.folder, file);
  const manifest = parsed({ ...(await readManifestFile(path)), location: file });
  mustHaveTools(["qemu-system-x86_64", "ssh"]);
  const bench = benchOf(terminal, options.cache, Math.floor(Date.parse(manifest.built) / 1000));
  const { tryImage } = await import("../image-trial/trial.ts");
  const tried = { manifest, path, console: options.console && resolve(terminal.folder, options.console) };
  const checks = await tryImage(bench, tried, (line) => {
    if (!options.json) terminal.out(lineOf(line));
  });
  const at = new Date().toISOString().replace(/\.\d+Z$/, "Z");
  const digest = options.key === undefined ? undefined : await record(path, { at, checks }, options.key, terminal);
  if (options.json)
    terminal.out(printableJson(JSON.stringify({ name: manifest.name, at, checks, digest }, undefined, 2)));
  else if (digest !== undefined) terminal.out(`${manifest.name}:\n  manifest: ${path}\n  digest: ${digest}`);
  if (checks.some(({ result }) => result === "failed")) terminal.exitCode = exitCodes.problem;
}

/** Gives the digest of the manifest that has it, signed. */
async function record(path: string, trial: ImageTrial, key: string, terminal: Terminal): Promise<string> {
  const host = plainHost();
  const manifest = parsed({ ...(await readManifestFile(path)), location: path });
  const text = checkedText(path, { ...manifest, trial });
  const signature = await sign(Buffer.from(text), resolve(terminal.folder, key), host, terminal.signal);
  await host.remove(signatureOf(path));
  await host.writeFile(path, text, { mode: 0o644 });
  await host.writeFile(signatureOf(path), signature, { mode: 0o644 });
  return digestOf(Buffer.from(text));
}

function lineOf({ check, result, why }: ImageTrial["checks"][number]): string {
  return printable(`${result.replace("-", " ").padEnd(10)} ${check}${why === undefined ? "" : `: ${why}`}`);
}
