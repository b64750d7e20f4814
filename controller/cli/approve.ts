/** `impctl approve`: lets the newest generation be applied, whatever it disturbs or removes. */
import type { Command } from "commander";
import { printableJson, printableLines } from "../../schemas/printable.ts";
import { Problem } from "../../schemas/problem.ts";
import type { Status } from "../report/status.ts";
import { agentOptions, askAgent } from "./agent-client.ts";
import type { AgentOptions } from "./agent-client.ts";
import { examples } from "./help.ts";
import type { Terminal } from "./terminal.ts";

interface Options extends AgentOptions {
  readonly reason?: string;
}

export function define(command: Command, terminal: Terminal): void {
  command
    .argument("[generation]", "its first 12 digits or more, as `impctl status` shows it; without it, the newest")
    .option("--reason <text>", "why; it stands in the agent's log and history");
  agentOptions(command, terminal).action(async (generation: string | undefined, options: Options) => {
    const { socket, reason, json } = options;
    const shown = generation ?? (await newest(socket, terminal, json ?? false));
    const body = { generation: shown, ...(reason !== undefined && { reason }) };
    const answer = await askAgent(socket, { method: "POST", path: "/approve", body }, terminal.signal);
    if (json) terminal.out(printableJson(JSON.stringify(answer, undefined, 2)));
    else terminal.out(`approved ${shown.slice(0, 12)}: see "impctl why" for what it still waits for`);
  });
  examples(
    command,
    ["impctl plan", 'impctl approve --reason "agreed in the change meeting"'],
    `It is for this one generation: another commit that asks for something else needs its own. It stands for the window too,
except for impacts that policy.approval names.`,
  );
}

/** What is approved is what is shown here: the agent refuses when another generation is wanted by then. */
async function newest(socket: string, terminal: Terminal, quiet: boolean): Promise<string> {
  const { desired, waiting } = (await askAgent(socket, { method: "GET", path: "/status" }, terminal.signal)) as Status;
  if (desired?.generation === undefined) {
    throw new Problem("USAGE", "No generation is wanted that could be approved.", {
      remedy: "`impctl why` says what is wrong with the newest commit.",
    });
  }
  if (!quiet) {
    const { commit, generation } = desired;
    const reason = waiting ? `: ${waiting.reason}` : "";
    terminal.out(printableLines(`commit ${commit.slice(0, 12)}, generation ${generation.slice(0, 12)}${reason}`));
  }
  return desired.generation;
}
