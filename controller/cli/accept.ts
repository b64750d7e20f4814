/** `impctl accept <commit>`: an operator vouches for one commit that the trust rules refuse. */
import type { Command } from "commander";
import { Problem } from "../../schemas/problem.ts";
import { examples } from "./help.ts";
import { operation } from "./operate.ts";
import type { Terminal } from "./terminal.ts";

export function define(command: Command, terminal: Terminal): void {
  command.argument("<commit>", "all 40 hex digits");
  operation(command, terminal, "accepted", ([commit = ""]) => {
    // An abbreviation could come to mean another commit; what is vouched for is said in full.
    if (!/^[0-9a-f]{40}$/.test(commit)) {
      throw new Problem("USAGE", `"${commit}" is no full commit.`, {
        remedy: "Give all 40 hex digits: git rev-parse <commit>.",
      });
    }
    return { method: "POST", path: "/accept", body: { commit } };
  });
  examples(
    command,
    ["impctl accept 2f0c1d7e5a9b8c6d4e3f2a1b0c9d8e7f6a5b4c3d"],
    "Only that commit passes without a valid signature; those after it are checked again.",
  );
}
