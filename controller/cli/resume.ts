/** `impctl resume`: ends an operator's pause before its time. */
import type { Command } from "commander";
import { examples } from "./help.ts";
import { operation } from "./operate.ts";
import type { Terminal } from "./terminal.ts";

export function define(command: Command, terminal: Terminal): void {
  operation(command, terminal, "resumed", () => ({ method: "POST", path: "/resume" }));
  examples(command, ["impctl resume"], "A pause of the repository ends where it stands: in policy.pause.");
}
