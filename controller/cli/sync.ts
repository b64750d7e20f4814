/** `impctl sync`: polls the sites repository now. */
import type { Command } from "commander";
import { examples } from "./help.ts";
import { operation } from "./operate.ts";
import type { Terminal } from "./terminal.ts";

export function define(command: Command, terminal: Terminal): void {
  command
    .option("--now", "an emergency: what is found waits neither for a window nor for a running soak")
    .option("--reason <text>", "why; it stands in the agent's log and history");
  operation(command, terminal, "polled", (_, { now, reason }) => ({
    method: "POST",
    path: "/sync",
    timeoutMs: 120_000,
    body: { ...(now === true && { now }), ...(typeof reason === "string" && { reason }) },
  }));
  examples(
    command,
    ["impctl sync && impctl status", 'impctl sync --now --reason "attack on 203.0.113.7"'],
    `It ends once the poll is done, not once a deployment is. With --now only what disturbs at most as much as a flap goes ahead,
and neither a pause nor a wanted approval is passed.`,
  );
}
