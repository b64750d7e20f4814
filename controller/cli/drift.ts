/** `impctl drift …`: what somebody changed by hand on this box, and what is to become of it. */
import type { Command } from "commander";
import { printable, printableData, printableJson, printableLines } from "../../schemas/printable.ts";
import type { PlaneDrift } from "../drift.ts";
import { agentOptions, askAgent } from "./agent-client.ts";
import type { AgentOptions } from "./agent-client.ts";
import { examples } from "./help.ts";
import { operation } from "./operate.ts";
import { exitCodes } from "./terminal.ts";
import type { Terminal } from "./terminal.ts";

/** As controller/operations/drift.ts answers it. */
interface ShownDrift {
  readonly commit: string;
  readonly planes: Readonly<Record<string, ShownPlane>>;
}

interface ShownPlane extends Partial<Omit<PlaneDrift, "steps">> {
  readonly steps: readonly string[];
  readonly decision?: { readonly reason: string; readonly at: number };
  readonly foreign: number;
  readonly difference: readonly string[];
}

export function define(command: Command, terminal: Terminal): void {
  const show = add(command, "show", "show what differs from what is committed, and what is foreign");
  agentOptions(show, terminal).action(async (options: AgentOptions) => {
    const question = { method: "GET", path: "/drift", timeoutMs: 130_000 } as const;
    const answer = (await askAgent(options.socket, question, terminal.signal)) as ShownDrift;
    terminal.out(options.json ? printableJson(JSON.stringify(answer, undefined, 2)) : driftText(answer, terminal));
    if (Object.values(answer.planes).some(({ steps }) => steps.length > 0)) terminal.exitCode = exitCodes.changes;
  });
  examples(show, ["impctl drift show"], "Exit code 2 when something differs.");
  const accept = add(
    command,
    "accept",
    "keep what somebody changed by hand, and print how to bring it into the repository",
  );
  agentOptions(accept, terminal)
    .requiredOption("--reason <text>", "why it stays; it stands in the agent's log and history, and in raw blocks")
    .option("--foreign", "bring in what nobody here ever made as well")
    .action(async (options: AgentOptions & { readonly reason: string; readonly foreign?: boolean }) => {
      const body = { reason: options.reason, foreign: options.foreign === true };
      const question = { method: "POST", path: "/accept-drift", body, timeoutMs: 130_000 } as const;
      const answer = (await askAgent(options.socket, question, terminal.signal)) as Accepted;
      if (options.json) terminal.out(printableJson(JSON.stringify(answer, undefined, 2)));
      else showAccepted(answer, terminal);
      if (answer.left.length > 0) terminal.exitCode = exitCodes.changes;
    });
  examples(
    accept,
    [
      'impctl drift accept --reason "transit-a floods us, ticket 4711"',
      'impctl drift accept --reason "…" > patch.yaml',
    ],
    `It stays, and is not told as drift any more, until the repository has it or something else changes; a deployment that would
take it back still waits. Each file's lines go over what stands there; null takes away. Lines that the machine file has no word
for become a raw block. Exit code 2 when something has to be brought in by hand.`,
  );
  const discard = add(command, "discard", "take back what somebody changed by hand, now");
  discard.requiredOption("--reason <text>", "why it may go; it stands in the agent's log and history");
  operation(discard, terminal, "what was changed by hand is taken back", (_, options) => ({
    method: "POST",
    path: "/discard-drift",
    body: { reason: options["reason"] },
  }));
  examples(discard, ['impctl drift discard --reason "left over from the outage on Monday"']);
}

function add(parent: Command, name: string, text: string): Command {
  const description = `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
  return parent.command(name).summary(text).description(description);
}

/** As controller/operations/accept-drift.ts answers it. */
interface Accepted {
  readonly files: readonly { readonly file: string; readonly yaml: string }[];
  readonly left: readonly string[];
  readonly foreign: number;
}

function showAccepted({ files, left, foreign }: Accepted, terminal: Terminal): void {
  for (const { file, yaml } of files) {
    terminal.out(printableLines(`# ${file}: put this over what stands there; null takes away\n${yaml}`));
  }
  const lines = left.map((line) => `  ${line}`).join("\n");
  if (lines !== "") terminal.err(printableLines(`These have to be brought in by hand:\n${lines}`));
  if (foreign > 0) terminal.err(`${foreign} foreign objects are not in it: --foreign brings them in.`);
}

const fates = {
  correct: "it is brought back",
  report: "nobody decided about it yet: bring it into the repository, or `impctl drift discard`",
  accepted: "accepted: it stays until the repository has it",
} as const;

/** "+ " is only live, "- " only in what is committed, "? " foreign. */
function driftText(document: ShownDrift, terminal: Terminal): string {
  const { commit, planes } = printableData(document);
  const blocks = Object.entries(planes).map(([name, plane]) => {
    const who = plane.cause === "restart" ? "it started anew, and lost something" : "somebody changed it";
    const fate = plane.fate ? `${who}; ${fates[plane.fate]}` : "no drift";
    const why = plane.decision ? ` (${plane.decision.reason})` : "";
    return [
      `${terminal.style("bold", name)}: ${fate}${why}${plane.foreign > 0 ? `; ${plane.foreign} foreign` : ""}`,
      ...plane.difference.map((line) => `  ${colored(printable(line), terminal)}`),
      ...plane.steps.map((step) => `  back: ${step}`),
    ].join("\n");
  });
  return [`against commit ${commit.slice(0, 12)}`, ...blocks].join("\n");
}

function colored(line: string, terminal: Terminal): string {
  if (line.startsWith("+")) return terminal.style("green", line);
  return line.startsWith("-") ? terminal.style("red", line) : line;
}
