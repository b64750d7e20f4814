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
    `It holds for the next accepted commit only; impctl status shows it until then. Where signatures are required, they
are checked back to where both histories meet; where these do not meet, or the box no longer knows the accepted
one, only the newest commit must be signed. Look at all that is between before.`,
  );
}
