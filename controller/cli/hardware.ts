/** `impctl hardware`: the NICs of this box as what a machine file says of them. Needs no settings and no agent. */
import type { Command } from "commander";
import { printableJson, printableLines } from "../../schemas/printable.ts";
import { nicsPatch, readNics } from "../hardware.ts";
import { linuxHost } from "../host/linux.ts";
import { readBox } from "../identity.ts";
import { examples } from "./help.ts";
import { defaultSettingsFile, readSettings } from "./settings.ts";
import type { Terminal } from "./terminal.ts";

interface Options {
  readonly settings: string;
  readonly json?: boolean;
}

export function define(command: Command, terminal: Terminal): void {
  command
    .option(
      "--settings <file>",
      "the agent's settings, for the dataplane's namespace, if they are there",
      defaultSettingsFile,
    )
    .option("--json", "write JSON")
    .action(async (options: Options) => hardware(options, terminal));
  examples(
    command,
    ["impctl hardware", "impctl hardware > patch.yaml", "impctl hardware --json | jq -r '.nics[].mac'"],
    `It finds NICs of the kernel, those in the dataplane's namespace, and those that VPP holds by vfio or uio, whose MAC address
nobody can read. Management's is the one that the default route goes through.`,
  );
}

async function hardware({ settings: file, json }: Options, terminal: Terminal): Promise<void> {
  const settings = await readSettings(file, terminal).catch(() => undefined);
  const host = linuxHost({ seal: () => "", reveal: () => undefined });
  const nics = await readNics(host, settings?.dataplane ?? "dataplane", terminal.signal);
  const box = await readBox(host);
  if (json) terminal.out(printableJson(JSON.stringify({ nics, "dmi-uuid": box.uuid }, undefined, 2)));
  else terminal.out(printableLines(nicsPatch(nics, box)));
}
