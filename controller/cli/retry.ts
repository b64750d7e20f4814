/** `impctl retry --reason`: lets a generation, or an agent, that failed here be tried once more. */
import type { Command } from "commander";
import { examples } from "./help.ts";
import { operation } from "./operate.ts";
import type { Terminal } from "./terminal.ts";

export function define(command: Command, terminal: Terminal): void {
  command.requiredOption("--reason <text>", "why it should work now; it stands in the agent's log and history");
  operation(command, terminal, "the generation may be tried again", (_, options) => ({
    method: "POST",
    path: "/retry",
    body: { reason: options["reason"] },
  }));
  examples(command, ['impctl retry --reason "the upstream has fixed its filter"']);
}
