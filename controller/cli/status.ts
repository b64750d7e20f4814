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
    terminal.exitCode = needsSomebody(status) ? exitCodes.attention : status.inSync ? exitCodes.ok : exitCodes.changes;
  });
  examples(
    command,
    ["impctl status", "impctl status --json | jq .committed"],
    "Exit code 2 when it is not in sync, 3 when somebody must look: held, stranded, frozen.",
  );
}

/** Nothing will get better by waiting. */
function needsSomebody({ held, state, frozen }: Status): boolean {
  return held !== undefined || frozen !== undefined || state === "held" || state === "stranded";
}
