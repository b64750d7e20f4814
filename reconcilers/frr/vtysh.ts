/** FRR by way of vtysh: a program that knows of its own version which daemon takes which command. Slower, and says less. */
import { Problem } from "../../schemas/problem.ts";
import type { Host, RunResult } from "../core.ts";
import { culpritOf } from "./culprit.ts";
import type { FrrCommand } from "./model.ts";
import { rejected } from "./rejected.ts";
import { wholeScript } from "./script.ts";
import { maskText, revealLine } from "./seal.ts";
import { rejection } from "./vty.ts";

/** It may take as long as the daemons do. */
const limitMs = 300_000;

/** What all daemons run, as one text. Rejects with FRR_UNREACHABLE when vtysh does not tell. */
export async function configByVtysh(host: Host, sockets: string, signal: AbortSignal): Promise<string> {
  const argv = ["vtysh", "--vty_socket", sockets, "-c", "show running-config no-header"] as const;
  const ran = await host.run(argv, { timeoutMs: limitMs, signal });
  if (ran.exitCode === 0) return ran.stdout;
  throw unreachable(ran, []);
}

/**
 * From 9 on vtysh has a child for each daemon, which would share what is piped in, and daemons would hear of it in no order:
 * it is told to have none. Not from a file: secrets are in it. It opens its input by name, which must be a pipe for that.
 */
const typing =
  'case $(vtysh --help) in *--no-fork*) set -- "$1" --no-fork;; esac; cat | vtysh --vty_socket "$@" -f /dev/stdin';

/** Gives vtysh a batch. Rejects with FRR_REJECTED and the command that was not taken; others of it may have been. */
export async function sendByVtysh(
  commands: readonly FrrCommand[],
  host: Host,
  sockets: string,
  signal: AbortSignal,
): Promise<void> {
  const failed = await refusedByVtysh(commands, host, sockets, signal);
  if (failed) throw rejected("FRR", failed.command, failed.why, failed.plain);
}

/** The same, for who wants to know what was not taken; undefined: all of it was. */
export async function refusedByVtysh<C extends FrrCommand>(
  commands: readonly C[],
  host: Host,
  sockets: string,
  signal: AbortSignal,
): Promise<Failed<C> | undefined> {
  const failed = await send(commands);
  if (failed === undefined || failed.command) return failed;
  // Lists and route-maps are rejected as a group, of which nothing has an effect then, and vtysh ends well.
  const group = commands.filter(({ context, line }) => failed.why.includes(`- ${[...context, line].join(" ").trim()}`));
  const suspects = group.length > 0 ? group : commands;
  const culprit = await culpritOf(suspects, async (some) => (await send(some))?.why);
  return culprit ? { ...failed, ...culprit } : failed;

  async function send(some: readonly C[]): Promise<Failed<C> | undefined> {
    const script = wholeScript(some);
    const revealed = script.map(({ text }) => revealLine(text, host.secrets));
    const input = `${revealed.map(({ line }) => line).join("\n")}\n`;
    const argv = ["sh", "-c", typing, "sh", sockets] as const;
    const ran = await host.run(argv, { timeoutMs: limitMs, signal, input });
    const plain = revealed.flatMap((one) => one.plain);
    const [, number, said = ""] = /^line (\d+): (.*)/m.exec(ran.stderr) ?? [];
    if (number !== undefined) {
      // Of a line that only leads to a command, that command.
      const command = script.slice(Number(number) - 1).find((one) => one.command)?.command;
      return { why: `${ran.stdout.trim()} ${said}`.trim(), command, plain };
    }
    const why = rejection({ text: ran.stdout, status: 0 });
    if (why !== undefined) return { why, command: undefined, plain };
    if (ran.exitCode !== 0) throw unreachable(ran, plain);
    return undefined;
  }
}

interface Failed<C extends FrrCommand> {
  readonly why: string;
  /** undefined: one of them all. */
  readonly command: C | undefined;
  /** Secrets that may stand in what it says. */
  readonly plain: readonly string[];
}

function unreachable({ exitCode, stderr, stdout }: RunResult, plain: readonly string[]): Problem {
  const said = maskText(`${stderr} ${stdout}`, plain).trim().replaceAll(/\s+/g, " ").slice(0, 300);
  return new Problem("FRR_UNREACHABLE", `vtysh ended with ${exitCode}: ${said}`, {
    remedy: "Check `systemctl status frr`, and that vtysh is of the same version.",
    transient: true,
  });
}
