/** `impctl pause --reason --for`: lets nothing be applied for some time. */
import type { Command } from "commander";
import { examples } from "./help.ts";
import { operation } from "./operate.ts";
import type { Terminal } from "./terminal.ts";

export function define(command: Command, terminal: Terminal): void {
  command
    .requiredOption("--reason <text>", "why; it stands in the status, the agent's log and its history")
    .requiredOption("--for <time>", "for how long: 90s, 30m, 4h or 2d, at most 30d");
  operation(command, terminal, "paused", (_, options) => ({
    method: "POST",
    path: "/pause",
    body: { reason: options["reason"], for: options["for"] },
  }));
  examples(
    command,
    ['impctl pause --reason "fibre work at fra1" --for 4h', "impctl resume"],
    `New commits are planned and shown, and drift is measured; nothing is applied, and drift is not corrected. What is in flight
goes on to its end. A second pause replaces the first.`,
  );
}
