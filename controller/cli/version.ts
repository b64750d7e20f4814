/** `impctl version`. */
import process from "node:process";
import type { Command } from "commander";
import { agentVersion } from "../version.ts";
import { examples } from "./help.ts";
import type { Terminal } from "./terminal.ts";

export function define(command: Command, terminal: Terminal): void {
  command.option("--json", "write JSON").action((options: { readonly json?: boolean }) => {
    if (options.json) terminal.out(JSON.stringify({ version: agentVersion, node: process.versions.node }));
    else terminal.out(`impctl ${agentVersion} (node ${process.versions.node})`);
  });
  examples(command, ["impctl version", "impctl version --json"]);
}
