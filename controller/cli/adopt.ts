/** `impctl adopt --accept`: takes over a box on which nothing was ever committed. */
import type { Command } from "commander";
import { Problem } from "../../schemas/problem.ts";
import { examples } from "./help.ts";
import { operation } from "./operate.ts";
import type { Terminal } from "./terminal.ts";

export function define(command: Command, terminal: Terminal): void {
  command.option("--accept", "yes: the plan was read, and may be carried out");
  operation(command, terminal, "adopted: the plan may now be carried out", (_, options) => {
    if (options["accept"] !== true) {
      throw new Problem("USAGE", "Adopting lets the agent change a box that it never configured.", {
        remedy: 'Read "impctl plan" first, then say "impctl adopt --accept".',
      });
    }
    return { method: "POST", path: "/adopt" };
  });
  examples(
    command,
    ["impctl plan", "impctl adopt --accept"],
    `What the machine file asks for is taken over. Everything else that is configured is foreign: it is left alone, also in the
file that FRR starts from. The file as it was is kept as frr.conf.before-impctl.`,
  );
}
