/** `impctl why`: why nothing is happening. */
import type { Command } from "commander";
import { printableJson } from "../../schemas/printable.ts";
import { needSomebody, type Cause } from "../report/causes.ts";
import { agentOptions, askAgent } from "./agent-client.ts";
import type { AgentOptions } from "./agent-client.ts";
import { examples } from "./help.ts";
import { exitCodes } from "./terminal.ts";
import type { Terminal } from "./terminal.ts";
import { whyText } from "./why-text.ts";

/** As controller/operations/why.ts answers it. */
interface Answer {
  readonly inSync: boolean;
  readonly causes: readonly Cause[];
}

export function define(command: Command, terminal: Terminal): void {
  agentOptions(command, terminal).action(async (options: AgentOptions) => {
    const answer = (await askAgent(options.socket, { method: "GET", path: "/why" }, terminal.signal)) as Answer;
    if (options.json) terminal.out(printableJson(JSON.stringify(answer, undefined, 2)));
    else terminal.out(whyText(answer.causes, Date.now(), terminal));
    terminal.exitCode = exitCodeOf(answer);
  });
  examples(
    command,
    ["impctl why", "impctl why --json | jq -r .causes[0].why"],
    `What has to go first is shown first. The codes are those of docs/reasons.md and of the agent's state. Exit codes as of
"impctl status": 0 in sync, 2 not, 3 when somebody must look.`,
  );
}

function exitCodeOf({ inSync, causes }: Answer): number {
  if (causes.some(({ why }) => needSomebody.includes(why))) return exitCodes.attention;
  return inSync ? exitCodes.ok : exitCodes.changes;
}
