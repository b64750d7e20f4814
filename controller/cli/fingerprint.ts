/** `impctl fingerprint`: the line by which the sites repository lets other appliances know this one. */
import type { Command } from "commander";
import { printableJson } from "../../schemas/printable.ts";
import { linuxHost } from "../host/linux.ts";
import { fingerprintOf, openStatusKey, statusKeyFile } from "../report/tls.ts";
import { examples } from "./help.ts";
import { readSettings, settingsOptions, type SettingsOptions } from "./settings.ts";
import type { Terminal } from "./terminal.ts";

export function define(command: Command, terminal: Terminal): void {
  settingsOptions(command).action(async (options: SettingsOptions) => fingerprint(options, terminal));
  examples(
    command,
    ["impctl fingerprint", "impctl fingerprint --json | jq -r .fingerprint"],
    "Its line belongs into the file of this appliance, so that those that go after it can ask it. It makes the key unless it\nis there already.",
  );
}

async function fingerprint({ settings: file, json }: SettingsOptions, terminal: Terminal): Promise<void> {
  const settings = await readSettings(file, terminal);
  // Nothing but openssl is run, which is told no secret.
  const host = linuxHost({ seal: () => "", reveal: () => undefined });
  const { cert } = await openStatusKey(host, statusKeyFile(settings.paths), terminal.signal);
  const shown = fingerprintOf(cert);
  const address = settings["listen-tls"];
  if (json)
    terminal.out(printableJson(JSON.stringify({ fingerprint: shown, ...(address && { address }) }, undefined, 2)));
  else terminal.out(`status: { address: "${address ?? "<address>:<port>"}", fingerprint: "${shown}" }`);
  if (address === undefined) terminal.err(`impctl: nobody can ask it yet: set "listen-tls" in ${file}.`);
}
