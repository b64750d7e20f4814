/** `impctl breakglass`: tells the agent that somebody works on the box by hand, for a while. */
import type { Command } from "commander";
import { Problem } from "../../schemas/problem.ts";
import { examples } from "./help.ts";
import { operation } from "./operate.ts";
import type { Terminal } from "./terminal.ts";

export function define(command: Command, terminal: Terminal): void {
  command
    .option("--for <time>", "for how long: 90s, 30m, 4h or 2d, at most 30d")
    .option("--reason <text>", "why; it stands in the status, the agent's log and its history")
    .option("--end", "the work is done");
  operation(command, terminal, "noted", (_, { end, for: time, reason }) => {
    if (end === true) return { method: "POST", path: "/end-breakglass", timeoutMs: 130_000 };
    if (time === undefined || reason === undefined) {
      throw new Problem("USAGE", "it must be said for how long, and why.", {
        remedy: 'impctl breakglass --for 2h --reason "…", or --end.',
      });
    }
    return { method: "POST", path: "/breakglass", body: { for: time, reason }, timeoutMs: 130_000 };
  });
  examples(
    command,
    ['impctl breakglass --for 2h --reason "transit-a is flooding us"', "impctl drift show", "impctl breakglass --end"],
    `While it lasts nothing is applied and nothing is corrected. What differs from the repository is recorded in the history
whenever it changes, and shown by status and \`impctl drift show\`. It ends by itself; what differs then is drift like any other.`,
  );
}
