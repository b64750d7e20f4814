/** `impctl status`: what the agent on this box says of itself. */
import type { Command } from "commander";
import type { Status } from "../report/status.ts";
import { printableJson } from "../../schemas/printable.ts";
import { agentOptions, askAgent } from "./agent-client.ts";
import type { AgentOptions } from "./agent-client.ts";
import { examples } from "./help.ts";
import { statusText } from "./status-text.ts";
import { exitCodes } from "./terminal.ts";
import type { Terminal } from "./terminal.ts";

export function define(command: Command, terminal: Terminal): void {
  agentOptions(command, terminal).action(async (options: AgentOptions) => {
    const status = (await askAgent(options.socket, { method: "GET", path: "/status" }, terminal.signal)) as Status;
    if (options.json) terminal.out(printableJson(JSON.stringify(status, undefined, 2)));
    else terminal.out(statusText(status, Date.now(), terminal));
    if (!status.inSync) terminal.exitCode = exitCodes.changes;
  });
  examples(command, ["impctl status", "impctl status --json | jq .committed"], "Exit code 2 when it is not in sync.");
}
