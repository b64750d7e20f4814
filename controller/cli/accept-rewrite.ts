/** `impctl accept-rewrite`: an operator vouches for a branch that was rewritten. */
import type { Command } from "commander";
import { examples } from "./help.ts";
import { operation } from "./operate.ts";
import type { Terminal } from "./terminal.ts";

export function define(command: Command, terminal: Terminal): void {
  operation(command, terminal, "the next commit may be one that does not descend from the accepted one", () => ({
    method: "POST",
    path: "/accept-rewrite",
  }));
  examples(
    command,
    ["impctl accept-rewrite && impctl sync"],
    "It holds for the next accepted commit only. Signatures are checked as ever.",
  );
}
