/** `impctl adopt`: a machine file of a box that somebody configured by hand, and, with `--accept`, taking that box over. */
import type { Command } from "commander";
import { usualSockets } from "../../reconcilers/vpp/instances.ts";
import { printableJson, printableLines } from "../../schemas/printable.ts";
import { type Adopted, adoptFound } from "../adoption/adopt.ts";
import { adoptedText } from "../adoption/adopted-text.ts";
import { look } from "../adoption/look.ts";
import { linuxHost } from "../host/linux.ts";
import { passingSecrets } from "../passing-secrets.ts";
import { type AgentOptions, agentOptions } from "./agent-client.ts";
import { examples } from "./help.ts";
import { tell } from "./operate.ts";
import { problemText } from "./problem-text.ts";
import { exitCodes, type Terminal } from "./terminal.ts";

interface Options extends AgentOptions {
  readonly accept?: boolean;
  readonly allow?: readonly string[];
  readonly vtyDir: string;
  readonly core: string;
  readonly nat: string;
  readonly apiDir?: string;
  readonly startup: string;
  readonly incus: string;
  readonly run: string;
  readonly out?: string;
}

export function define(command: Command, terminal: Terminal): void {
  command
    .option("--accept", "take the box over: the plan was read, and may be carried out")
    .option("--allow <id...>", "with --accept: steps that may remove or disturb something")
    .option("--out <file>", "write the machine file there instead of to standard output")
    .option("--vty-dir <folder>", "the folder of FRR's vty sockets", "/var/run/frr")
    .option("--core <socket>", "the API socket of the VPP that has the NICs", usualSockets.core)
    .option("--nat <socket>", "the API socket of the VPP that translates", usualSockets.nat)
    .option(
      "--startup <file>",
      "what that VPP started with: where its NICs have their names",
      "/etc/vpp/startup-core.conf",
    )
    .option("--incus <socket>", "the socket of Incus's REST API", "/var/lib/incus/unix.socket")
    .option("--api-dir <folder>", "where VPP's *.api.json are, for a VPP before 24.06")
    .option("--run <folder>", "where is remembered what VPP does not show", "/run/imp");
  agentOptions(command, terminal).action((options: Options) =>
    options.accept ? accept(options, terminal) : adopt(options, terminal),
  );
  examples(
    command,
    ["impctl adopt --out sites/fra1/r1.yaml", "impctl plan --live", "impctl adopt --accept"],
    `Without --accept it reads VPP, FRR, Incus, files below /etc and the pool, changes nothing, and writes a machine file of which the
plan is empty but for such files: what cannot be said in it is listed line by line in front, and stays as it is. What the agent
has other names or files for stands at the end, as comments. Exit code 1 when such a file cannot be made.
With --accept the agent takes over what the machine file in the repository asks for. That is refused while the plan removes
anything or is more than hitless, unless each such step is allowed by its id. Everything else that is configured is
foreign: it is left alone, also in the file that FRR starts from. The file as it was is kept as frr.conf.before-impctl.`,
  );
}

function accept(options: Options, terminal: Terminal): Promise<void> {
  const body = options.allow && { allow: options.allow };
  const question = { method: "POST", path: "/adopt", timeoutMs: 130_000, ...(body && { body }) } as const;
  return tell(options, question, terminal, "adopted: the plan may now be carried out");
}

async function adopt(options: Options, terminal: Terminal): Promise<void> {
  const { core, nat, apiDir, ...rest } = options;
  const places = { ...rest, sockets: { core, nat }, ...(apiDir !== undefined && { apiFolder: apiDir }) };
  const found = await look(linuxHost(passingSecrets()), places, terminal.signal);
  const adopted = await adoptFound(found);
  const text = adoptedText(adopted);
  if (options.json) terminal.out(printableJson(JSON.stringify(adopted, undefined, 2)));
  else if (options.out === undefined) terminal.out(printableLines(text));
  else await linuxHost(passingSecrets()).writeFile(options.out, text, { mode: 0o644 });
  report(adopted, terminal);
}

/** What is in the way, and whether the file is what it is to be. */
function report({ steps, problems }: Adopted, terminal: Terminal): void {
  for (const problem of problems) terminal.err(problemText(problem, terminal));
  if (steps.length > 0) {
    const list = steps.map(({ id }) => `  ${id}`).join("\n");
    terminal.err(printableLines(`The file would still change these, so it is not to be used as it is:\n${list}`));
  }
  if (steps.length > 0 || problems.some(({ severity }) => severity === "error")) {
    terminal.exitCode = exitCodes.problem;
  }
}
