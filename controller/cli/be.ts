/** `impctl be …`: the boot environments of this box. Works without an agent, as an operator needs it who is in trouble. */
import { dirname, resolve } from "node:path";
import type { Command } from "commander";
import { printableJson, printableLines } from "../../schemas/printable.ts";
import { Problem } from "../../schemas/problem.ts";
import {
  changeEnvironment,
  noPool,
  shownPool,
  standingOf,
  type EnvironmentVerb,
  type ShownPool,
} from "../boot-environments.ts";
import { linuxHost } from "../host/linux.ts";
import { orderIn } from "../operations/boot-environment.ts";
import { agentOptions, askAgent, type AgentOptions, type Question } from "./agent-client.ts";
import { poolText } from "./be-text.ts";
import { settingsOption } from "./disk.ts";
import { examples } from "./help.ts";
import { findSettings } from "./settings.ts";
import type { Terminal } from "./terminal.ts";

interface Options extends AgentOptions {
  readonly settings: string;
  readonly reason?: string;
  readonly watchdog?: boolean;
}

/** Removing may take ZFS a while. */
const timeoutMs = 600_000;

export function define(command: Command, terminal: Terminal): void {
  const list = add(command, "list", "show every boot environment, which runs, and which boots next");
  agentOptions(list, terminal)
    .option(...settingsOption)
    .action(async (options: Options) => {
      const question = { method: "GET", path: "/boot-environments" } as const;
      const answer = (await asked(options, question, terminal, async (box) => {
        const standing = await standingOf(box, terminal.signal);
        if (!standing) throw noPool();
        return shownPool(standing);
      })) as ShownPool;
      terminal.out(options.json ? printableJson(JSON.stringify(answer, undefined, 2)) : poolText(answer, terminal));
    });
  examples(
    list,
    ["impctl be list", "impctl be list --json | jq -r '.environments[] | select(.committed) | .name'"],
    "docs/boot-environments.md says what the roles mean. Without a running agent root asks the pool itself.",
  );
  change(command, terminal, "pin", "keep a boot environment, whatever policy says", [
    'impctl be pin imp-v1.1.0 --reason "last one with the old NIC driver"',
  ]);
  change(command, terminal, "unpin", "let a boot environment go when newer ones take its place", [
    "impctl be unpin imp-v1.1.0",
  ]);
  change(command, terminal, "rm", "remove a boot environment for good", ["impctl be rm imp-v1.0.0"]);
  change(command, terminal, "activate", "let another boot environment that proved itself here boot next", [
    "impctl be activate imp-v1.1.0",
  ]);
  drill(command, terminal);
}

/** Only the agent can: traffic is drained, and the box reboots. */
function drill(command: Command, terminal: Terminal): void {
  const one = add(command, "drill", "boot what runs for a trial, and come back, to see that this box can");
  agentOptions(one, terminal)
    .requiredOption("--reason <text>", "why; it stands in the agent's log and history")
    .option("--watchdog", "let the hardware watchdog end it, to see that it resets this box")
    .action(async ({ socket, json, reason, watchdog }: Options) => {
      const body = { reason, ...(watchdog === true && { watchdog }) };
      const question = { method: "POST", path: "/drill", body } as const;
      const answer = (await askAgent(socket, question, terminal.signal)) as { readonly message: string };
      terminal.out(json ? printableJson(JSON.stringify(answer, undefined, 2)) : printableLines(answer.message));
    });
  examples(
    one,
    [
      'impctl be drill --reason "before the first image"',
      'impctl be drill --watchdog --reason "new board, new watchdog"',
    ],
    `Traffic is drained, and the box reboots twice: once into a clone of the boot environment that runs, where what is committed is
applied and proven, and back by a reset. Nothing is committed, and what boots next stays the same. It is one of the reboots that
are counted (docs/trial-boot.md), and waits for no window.
With --watchdog nobody feeds the hardware watchdog at its end: the box is out for as long as that waits, three minutes as we set it, and
a minute longer where it does nothing, which is what is to be seen before a kernel hangs.`,
  );
}

const more: Readonly<Record<EnvironmentVerb, string>> = {
  pin: "The reason stands in the pool, and in the history.",
  unpin: "It is removed after the next commit, if it has no other role and is not among the newest.",
  rm: "Refused for what runs, boots next, is to be gone back to, is on trial or pinned. What was cloned from it stays whole.",
  activate: `What committed a generation here boots next; it reboots nothing: until somebody does, the one that runs stays, and nothing is
deployed. Any other is tried by the agent, in one trial boot at once, and boots next once it proved itself: docs/trial-boot.md.`,
};

function change(command: Command, terminal: Terminal, verb: EnvironmentVerb, text: string, shown: string[]): void {
  const one = add(command, verb, text).argument("<name>", "as `impctl be list` shows it, or its GUID");
  const words = ["--reason <text>", "why; it stands in the agent's log and history"] as const;
  if (verb === "pin") one.requiredOption(...words);
  else one.option(...words);
  agentOptions(one, terminal)
    .option(...settingsOption)
    .action(async (name: string, options: Options) => {
      const body = { verb, name, ...(options.reason !== undefined && { reason: options.reason }) };
      const question = { method: "POST", path: "/boot-environment", body, timeoutMs } as const;
      const answer = (await asked(options, question, terminal, async (box) => ({
        message: await changeEnvironment(box, orderIn(body), terminal.signal),
      }))) as { readonly message: string };
      terminal.out(options.json ? printableJson(JSON.stringify(answer, undefined, 2)) : printableLines(answer.message));
    });
  examples(one, shown, more[verb]);
}

function add(parent: Command, name: string, text: string): Command {
  return parent
    .command(name)
    .summary(text)
    .description(`${text.charAt(0).toUpperCase()}${text.slice(1)}.`);
}

/** The agent's answer; where none runs the same without it, which is said on standard error. */
async function asked(
  { socket, settings, json }: Options,
  question: Question,
  terminal: Terminal,
  itself: (box: Parameters<typeof standingOf>[0]) => Promise<unknown>,
): Promise<unknown> {
  try {
    return await askAgent(socket, question, terminal.signal);
  } catch (thrown) {
    const isDead = thrown instanceof Problem && thrown.code === "AGENT_UNREACHABLE" && thrown.transient;
    const state = isDead ? await stateFolder(settings, terminal).catch(() => undefined) : undefined;
    if (state === undefined) throw thrown;
    const host = linuxHost({ seal: () => "", reveal: () => undefined });
    const answer = await itself({ host, state });
    const how =
      question.method === "GET" ? "this is how the pool stands" : "it was done without it, and stands in no history";
    if (!json) terminal.err(`No agent runs here: ${how}.`);
    return answer;
  }
}

/** The agent's folder: before a bootstrap there are no settings, and nothing but the pool to look at. */
async function stateFolder(settings: string, terminal: Terminal): Promise<string> {
  return (await findSettings(settings, terminal))?.paths.state ?? dirname(resolve(terminal.folder, settings));
}
