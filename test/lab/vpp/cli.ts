/** The CLI of the simulated VPP: lines to the same objects as the messages. Routes that it makes have source CLI. */
import { aclCommands } from "./cli-filters.ts";
import { interfaceCommands } from "./cli-interfaces.ts";
import { Refused, type Commands } from "./cli-words.ts";
import { layer3Commands } from "./cli-layer3.ts";
import { natCommands } from "./cli-nat.ts";
import { showCommands } from "./cli-show.ts";
import { hearLinux } from "./interfaces.ts";
import type { State } from "./state.ts";

export interface CliResult {
  readonly isFailed: boolean;
  readonly text: string;
}

const commands: Commands = {
  ...showCommands,
  ...interfaceCommands,
  ...layer3Commands,
  ...aclCommands,
  ...natCommands,
  comment: () => "",
  // Of what an operator may say raw.
  "set ip neighbor-config": () => "",
};

/** Longest first: "set interface ip address" before "set interface". */
const heads = Object.keys(commands)
  .map((head) => head.split(" "))
  .sort((a, b) => b.length - a.length);

/** One command. Throws Died. */
export function runCommand(vpp: State, line: string): CliResult {
  // What stands in braces is one word.
  const words = (line.match(/\{[^}]*\}|\S+/g) ?? []).map((word) => word.replace(/^\{(.*)\}$/, "$1"));
  const head = heads.find((one) => one.every((word, i) => words[i] === word));
  const command = head && commands[head.join(" ")];
  if (!head || !command) return { isFailed: true, text: `unknown input \`${line.trim()}'\n` };
  try {
    return { isFailed: false, text: command(vpp, words.slice(head.length)) };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { isFailed: true, text: `${head.join(" ")}: ${error.message}\n` };
  }
}

/** Commands of one cli_inband: the first that fails ends them. */
export function runLines(vpp: State, text: string): CliResult {
  const printed: string[] = [];
  for (const line of text.split("\n").filter((one) => one.trim() !== "")) {
    const result = runCommand(vpp, line);
    printed.push(result.text);
    if (result.isFailed) return { isFailed: true, text: printed.join("") };
  }
  return { isFailed: false, text: printed.join("") };
}

/** A file of commands, fed line by line: those that failed, with what VPP printed. */
export function runCommands(vpp: State, lines: readonly string[]): readonly string[] {
  const failed: string[] = [];
  for (const line of lines) {
    if (line === "#pause") hearLinux(vpp, vpp.linuxNews.splice(0));
    if (line.trim() === "" || line.startsWith("#")) continue;
    const { isFailed, text } = runCommand(vpp, line);
    if (isFailed) failed.push(`${line}: ${text.trim()}`);
  }
  return failed;
}
