/** What the commands below `impctl image` have in common. */
import { tmpdir } from "node:os";
import { resolve } from "node:path";
import type { Command } from "commander";
import type { Host } from "../../reconcilers/core.ts";
import { Problem } from "../../schemas/problem.ts";
import { linuxHost } from "../host/linux.ts";
import type { Bench } from "../image-build/bench.ts";
import { partsOf } from "../image-build/tools.ts";
import type { Trust, TrustOptions } from "../trust.ts";
import { examples } from "./help.ts";
import { defaultSettingsFile, readSettings } from "./settings.ts";
import type { Terminal } from "./terminal.ts";

/** Whose signatures count. */
export interface SignerOptions {
  readonly allowedSigners?: string;
  readonly settings: string;
}

/** A command below `impctl image`. */
export function imageCommand(parent: Command, usage: string, summary: string, lines: readonly string[]): Command {
  const description = `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`;
  const command = parent.command(usage).summary(summary).description(description).option("--json", "write JSON");
  examples(command, lines);
  return command;
}

/** Adds the options of a command that believes signatures. */
export function signerOptions(command: Command): Command {
  return command
    .option("--settings <file>", "the agent's settings, which name the signers", defaultSettingsFile)
    .option("--allowed-signers <file>", "these signers instead, as ssh-keygen's ALLOWED SIGNERS");
}

/** Whose signatures count: the file that was named, else what the agent's settings say. Rejects as readSettings does. */
export async function trustOptions(
  { allowedSigners, settings }: SignerOptions,
  terminal: Terminal,
): Promise<TrustOptions> {
  const trust: Trust =
    allowedSigners === undefined
      ? (await readSettings(settings, terminal)).trust
      : { signatures: "required", namespace: "git", "allowed-signers": resolve(terminal.folder, allowedSigners) };
  return { trust, host: plainHost(), folder: tmpdir(), signal: terminal.signal };
}

/** This box, for programs that are told no secret. */
export function plainHost(): Host {
  return linuxHost({ seal: () => "", reveal: () => undefined });
}

/** What was made of images before. */
export const defaultCache = "/var/cache/imp/image";

/** Of what apt's configuration, its lists of files and a shell all take as it is. */
const plainPath = /^[A-Za-z0-9./_~+@-]+$/;

/**
 * `sourceDate`: seconds since 1970. Rejects with IMAGE_BUILD where the shell programs that make an image are not beside this one, USAGE
 * where the cache cannot be told to the programs that use it.
 */
export function benchOf(terminal: Terminal, cache: string, sourceDate: number): Bench & { readonly host: Host } {
  const folder = resolve(terminal.folder, cache);
  if (!plainPath.test(folder))
    throw new Problem("USAGE", `The cache ${folder} has other characters than letters, digits and . / _ ~ + @ -.`, {
      remedy: "Name another folder with --cache.",
    });
  return {
    host: plainHost(),
    cache: folder,
    parts: partsOf(process.argv[1] ?? ""),
    sourceDate,
    signal: terminal.signal,
    tell: (text) => terminal.err(`impctl: ${text}`),
  };
}
