/** `impctl __complete -- <words>`: one candidate a line for the last word. Called by the completion scripts only. */
import type { Command } from "commander";
import { listMachines } from "../../schemas/load.ts";
import { folderTree } from "../folder.ts";
import { findSites } from "./sites.ts";
import { buildProgram, commandNames } from "./program.ts";
import type { Terminal } from "./terminal.ts";

export function define(command: Command, terminal: Terminal): void {
  command.argument("[words...]").action(async (words: readonly string[]) => {
    const found = await candidates(words, terminal);
    if (found.length > 0) terminal.out(found.join("\n"));
  });
}

/** What could stand where the last of `words` stands; empty where a file name may. */
async function candidates(words: readonly string[], terminal: Terminal): Promise<readonly string[]> {
  const last = words.at(-1) ?? "";
  const [name] = words;
  if (words.length <= 1) return startingWith(last, [...commandNames, "help"]);
  if (name === "help" && words.length === 2) return startingWith(last, commandNames);
  if (name === undefined || !commandNames.includes(name)) return [];
  const program = await buildProgram([name], terminal);
  const command = program.commands.find((one) => one.name() === name);
  return command ? startingWith(last, await ofCommand(command, words.slice(1), terminal)) : [];
}

async function ofCommand(command: Command, words: readonly string[], terminal: Terminal): Promise<readonly string[]> {
  const last = words.at(-1) ?? "";
  const before = words.at(-2) ?? "";
  const valued = command.options.find((option) => option.long === before && (option.required || option.optional));
  if (valued) return valued.long === "--machine" ? machines(terminal) : (valued.argChoices ?? []);
  if (last.startsWith("-")) return [...command.options.flatMap((option) => option.long ?? []), "--help"];
  const nested = command.commands.map((one) => one.name());
  const position = words.slice(0, -1).filter((word) => !word.startsWith("-")).length;
  if (nested.length > 0) return position === 0 ? nested : [];
  const argument = command.registeredArguments[position];
  if (argument?.argChoices) return argument.argChoices;
  return argument?.name() === "machine" ? machines(terminal) : [];
}

/** No sites repository here: nothing to offer, and nothing to complain about while somebody types. */
async function machines(terminal: Terminal): Promise<readonly string[]> {
  return findSites(undefined, terminal.folder)
    .then(async (sites) => listMachines(folderTree(sites.path)))
    .catch(() => []);
}

function startingWith(start: string, words: readonly string[]): readonly string[] {
  return words.filter((word) => word.startsWith(start));
}
