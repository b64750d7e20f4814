/** `impctl vpp …`: the plane of VPP by itself, for a VPP that no agent looks after. */
import type { Command } from "commander";
import type { Terminal } from "./terminal.ts";
import * as apply from "./vpp-apply.ts";
import * as dump from "./vpp-dump.ts";
import * as plan from "./vpp-plan.ts";

export function define(command: Command, terminal: Terminal): void {
  plan.define(add(command, "plan", "show what would be done to make VPP have what a machine says"), terminal);
  apply.define(add(command, "apply", "make VPP have what a machine says, and read it back"), terminal);
  dump.define(add(command, "dump", "show what VPP has"), terminal);
}

function add(parent: Command, name: string, text: string): Command {
  return parent
    .command(name)
    .summary(text)
    .description(`${text.charAt(0).toUpperCase()}${text.slice(1)}.`);
}
