/** `impctl vpp plan`: what would be done to a VPP to make it have what a machine says. Changes nothing. */
import type { Command } from "commander";
import { printableJson } from "../../schemas/printable.ts";
import { examples } from "./help.ts";
import { exitCodes } from "./terminal.ts";
import type { Terminal } from "./terminal.ts";
import { machineOptions, Target, type VppOptions } from "./vpp-target.ts";

export function define(command: Command, terminal: Terminal): void {
  machineOptions(command).action(async (machine: string, options: VppOptions) => {
    const target = new Target(options, terminal);
    const wanted = await target.machine(machine);
    const observed = await target.observe();
    const plan = await target.plan(await target.desired(wanted, observed), observed);
    terminal.out(options.json ? printableJson(JSON.stringify(plan, undefined, 2)) : target.text(plan));
    if (plan.problems.length > 0) terminal.exitCode = exitCodes.problem;
    else if (plan.steps.length > 0) terminal.exitCode = exitCodes.changes;
  });
  examples(
    command,
    [
      "impctl vpp plan r1.yaml",
      "impctl vpp plan r1.yaml --core /run/vpp/api.sock",
      "impctl vpp plan fra1/r1 --prune all",
    ],
    "Exit code 2 when there is something to do, 1 when something is in the way.",
  );
}
