/** `impctl undrain`: puts back into service what `impctl drain` drained. */
import type { Command } from "commander";
import { drainable, what } from "./drain.ts";
import { examples } from "./help.ts";
import { operation } from "./operate.ts";
import type { Terminal } from "./terminal.ts";

export function define(command: Command, terminal: Terminal): void {
  drainable(command);
  operation(command, terminal, "it goes back into service", (_, options) => ({
    method: "POST",
    path: "/undrain",
    body: what(options),
    timeoutMs: 130_000,
  }));
  examples(
    command,
    ["impctl undrain --peer transit-a", "impctl undrain --all"],
    "--all ends every drain of this box that `impctl drain` began.",
  );
}
