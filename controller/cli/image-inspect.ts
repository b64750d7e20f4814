/** `impctl image inspect`: what a manifest says, for people. It checks no signature. */
import { resolve } from "node:path";
import type { Command } from "commander";
import type { ImageTrial, Manifest } from "../../schemas/manifest.ts";
import { printable, printableJson } from "../../schemas/printable.ts";
import { digestOf, parsed, readManifestFile } from "../images/manifest.ts";
import { sizeText } from "../size.ts";
import { imageCommand } from "./image-command.ts";
import type { Terminal } from "./terminal.ts";

export function defineInspect(parent: Command, terminal: Terminal): void {
  imageCommand(parent, "inspect <manifest>", "show what a manifest says, without believing it", [
    "impctl image inspect imp-v1.4.0.json",
    "impctl image inspect imp-v1.4.0.json --json | jq .versions",
  ]).action(async (file: string, options: { readonly json?: boolean }) => {
    const read = { ...(await readManifestFile(resolve(terminal.folder, file))), location: file };
    const manifest = parsed(read);
    const digest = digestOf(read.bytes);
    if (options.json) {
      // The digests of chunks are for programs that fetch, not for people or scripts.
      const streams = manifest.streams.map(({ chunks, ...stream }) => ({ ...stream, chunks: chunks.length }));
      return terminal.out(printableJson(JSON.stringify({ ...manifest, digest, streams }, undefined, 2)));
    }
    const signed = read.signature === undefined ? "not signed" : "signed; `impctl image verify` says by whom";
    terminal.out([...manifestText(manifest), row("digest", digest), row("signature", signed)].join("\n"));
  });
}

function manifestText(manifest: Manifest): readonly string[] {
  const { name, version, epoch, built, source, description, versions, packages, hardware, journal, streams } = manifest;
  const programs = Object.entries(versions).map(([program, of]) => `${program} ${of}`);
  return [
    row("image", `${name}, version ${version}, epoch ${epoch}`),
    ...(description === undefined ? [] : [row("", description)]),
    row("built", `${built} from ${source}`),
    row("has", programs.join(", ")),
    row("packages", packages),
    row("for", hardware.length === 0 ? "any box" : hardware.join(", ")),
    row("journal", `format ${journal} or newer`),
    row("snapshot", streams[0]?.snapshot ?? ""),
    ...streams.map(({ file, base, size, chunks }) =>
      row(
        base === undefined ? "whole" : "on top of",
        `${base === undefined ? "" : `${base}: `}${file}, ${sizeText(size)} in ${chunks.length} chunks`,
      ),
    ),
    ...(manifest.trial === undefined ? [] : [row("tried", trialText(manifest.trial))]),
  ];
}

/** "2027-01-10T09:30:00Z: 9 passed; failed: nat; not tested: vpp-nat, forwarding" */
function trialText({ at, checks }: ImageTrial): string {
  const names = (wanted: string): string =>
    checks
      .filter(({ result }) => result === wanted)
      .map(({ check }) => check)
      .join(", ");
  const passed = checks.filter(({ result }) => result === "passed").length;
  const rest = [
    ["failed", names("failed")],
    ["not tested", names("not-tested")],
  ].flatMap(([what, which]) => (which === "" ? [] : `; ${what}: ${which}`));
  return `${at}: ${passed} passed${rest.join("")}`;
}

function row(key: string, text: string): string {
  return printable(`${key.padEnd(10)} ${text}`);
}
