/** `impctl drain`: asks traffic to go elsewhere, for a while, on this box alone. */
import type { Command } from "commander";
import { examples } from "./help.ts";
import { operation } from "./operate.ts";
import type { Terminal } from "./terminal.ts";

export function define(command: Command, terminal: Terminal): void {
  drainable(command)
    .requiredOption("--for <duration>", "how long, as in 30m, 4h or 2d; at most 30d")
    .requiredOption("--reason <text>", "why; it stands in the agent's status, log and history");
  operation(command, terminal, "it is drained as soon as the gate lets it", (_, options) => ({
    method: "POST",
    path: "/drain",
    body: { ...what(options), for: options["for"], reason: options["reason"] },
    timeoutMs: 130_000,
  }));
  examples(
    command,
    [
      'impctl drain --peer transit-a --for 2h --reason "their maintenance, ticket 4711"',
      'impctl drain --all --for 4h --reason "new power supply"',
    ],
    "Sessions stay up. When the time is over, or by `impctl undrain`, it goes back into service.",
  );
}

/** Adds the options that say what is meant. */
export function drainable(command: Command): Command {
  return command
    .option("--peer <name>", "a BGP peer, by its name in the machine file")
    .option("--interface <name>", "an OSPF interface, by its name in the machine file")
    .option("--all", "the whole appliance");
}

export function what(options: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return { peer: options["peer"], interface: options["interface"], all: options["all"] };
}
