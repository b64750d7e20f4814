/** `impctl rollback [generation]`: an operator goes back to what was committed before. */
import type { Command } from "commander";
import { examples } from "./help.ts";
import { operation } from "./operate.ts";
import type { Terminal } from "./terminal.ts";

export function define(command: Command, terminal: Terminal): void {
  command
    .argument("[generation]", "a generation that was committed here, by its first digits; else the one before")
    .option("--reason <text>", "why; it stands in the agent's log and history");
  operation(command, terminal, "going back", ([generation], { reason }) => ({
    method: "POST",
    path: "/rollback",
    body: { ...(generation !== undefined && { generation }), ...(typeof reason === "string" && { reason }) },
  }));
  examples(
    command,
    ['impctl rollback --reason "customers cannot reach 203.0.113.0/24"', "impctl rollback 3fa9c1"],
    `It needs no repository: the last 20 committed generations are kept on the box. It waits for no window, approval or pause.
What is being proven is given up for it; a rollback is never interrupted. The generation that is left is not tried again, until
a commit asks for something else or impctl retry says so. On a stranded box it tries again to go back.`,
  );
}
