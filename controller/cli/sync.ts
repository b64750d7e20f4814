/** `impctl sync`: polls the sites repository now. */
import type { Command } from "commander";
import { examples } from "./help.ts";
import { operation } from "./operate.ts";
import type { Terminal } from "./terminal.ts";

export function define(command: Command, terminal: Terminal): void {
  operation(command, terminal, "polled", () => ({ method: "POST", path: "/sync", timeoutMs: 120_000 }));
  examples(command, ["impctl sync && impctl status"], "It ends once the poll is done, not once a deployment is.");
}
