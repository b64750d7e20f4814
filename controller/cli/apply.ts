/** `impctl apply --local`: changes this box alone for a while, through the same gate, proof and failsafe as a commit. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Command } from "commander";
import { printableJson, printableLines } from "../../schemas/printable.ts";
import { Problem, reviveProblem, type ProblemReport } from "../../schemas/problem.ts";
import { agentOptions, askAgent } from "./agent-client.ts";
import type { AgentOptions } from "./agent-client.ts";
import { examples } from "./help.ts";
import { problemText } from "./problem-text.ts";
import { exitCodes, type Terminal } from "./terminal.ts";

interface Options extends AgentOptions {
  /** true: without a file, to end it. */
  readonly local?: string | true;
  readonly end?: boolean;
  readonly for?: string;
  readonly reason?: string;
}

/** As controller/operations/apply-local.ts answers it. */
interface Applied {
  readonly applied: boolean;
  readonly id?: string;
  readonly until?: string;
  readonly state?: string;
  readonly reason?: string;
  readonly problems: readonly ProblemReport[];
}

export function define(command: Command, terminal: Terminal): void {
  agentOptions(command, terminal)
    .option("--local [file]", "YAML as an appliance's file has it; it stands above that file")
    .option("--for <duration>", "how long, as in 90s, 30m, 4h or 2d; at most 30d")
    .option("--reason <text>", "why; it stands in the agent's status, log and history")
    .option("--end", "end what was changed like this now")
    .action(async (options: Options) => {
      if (options.end) await end(options, terminal);
      else await apply(options, terminal);
    });
  examples(
    command,
    [
      'impctl apply --local fix.yaml --for 4h --reason "the git server is down, transit-a floods us"',
      "impctl apply --local --end",
    ],
    `It works while the git server is down, from the commit that was accepted last, and survives a restart and a reboot. When its
time is over the box goes back to what the repository says. What is to stay belongs there. Exit code 1 when the file does not fit.`,
  );
}

async function apply(options: Options, terminal: Terminal): Promise<void> {
  const { local: file } = options;
  if (typeof file !== "string" || options.for === undefined || options.reason === undefined) {
    throw new Problem("USAGE", "a local change needs a file, how long it is to last, and a reason.", {
      remedy: 'impctl apply --local FILE --for 4h --reason "…"',
    });
  }
  const text = await readFile(resolve(terminal.folder, file), "utf8").catch((cause: unknown) => {
    throw new Problem("USAGE", `${file} cannot be read.`, { cause });
  });
  const body = { name: file, text, for: options.for, reason: options.reason };
  const question = { method: "POST", path: "/apply-local", body, timeoutMs: 130_000 } as const;
  const answer = (await askAgent(options.socket, question, terminal.signal)) as Applied;
  if (!answer.applied) terminal.exitCode = exitCodes.problem;
  if (options.json) return terminal.out(printableJson(JSON.stringify(answer, undefined, 2)));
  for (const report of answer.problems) terminal.err(problemText(reviveProblem(report), terminal));
  if (!answer.applied) return terminal.err("impctl: nothing was changed.");
  const state = `${answer.state ?? ""}${answer.reason === undefined ? "" : `: ${answer.reason}`}`;
  terminal.out(printableLines(`${answer.id} until ${answer.until}; the agent is ${state}`));
}

async function end(options: Options, terminal: Terminal): Promise<void> {
  if (options.local !== true) throw new Problem("USAGE", "say `impctl apply --local --end`.");
  const answer = await askAgent(options.socket, { method: "POST", path: "/end-local" }, terminal.signal);
  if (options.json) terminal.out(printableJson(JSON.stringify(answer, undefined, 2)));
  else terminal.out("ended: the box goes back to what the repository says");
}
