/** What is typed into one daemon: commands with the words that lead into and out of their contexts. */
import { headKind } from "./grammar.ts";
import type { Daemon, FrrCommand } from "./model.ts";
import { daemonsOf } from "./route.ts";

/** A line to send; `command` is the one that it carries out, if it is not only a way to it. */
export interface ScriptLine<C extends FrrCommand = FrrCommand> {
  readonly text: string;
  readonly command?: C;
}

/**
 * The lines for a daemon, without those that are not for it, between the markers of a batch. Between two route-maps there
 * is no `exit`: it would end a group of commands that the daemon carries out as one (four times the time on 10,000 lines).
 */
export function scriptFor(daemon: Daemon, commands: readonly FrrCommand[]): readonly ScriptLine[] {
  const lines = wholeScript(commands.filter(({ context, line }) => daemonsOf(context, line).includes(daemon)));
  if (lines.length === 0) return [];
  return [{ text: "XFRR_start_configuration" }, ...lines, { text: "XFRR_end_configuration" }];
}

/** The lines for whoever takes all of them, at the top again at their end. */
export function wholeScript<C extends FrrCommand>(commands: readonly C[]): readonly ScriptLine<C>[] {
  const lines: ScriptLine<C>[] = [];
  let current: readonly string[] = [];
  for (const command of commands) {
    lines.push(...way(current, command.context), { text: command.line, command });
    const opens = !command.line.startsWith("no ") && headKind(command.context, command.line) !== undefined;
    current = opens ? [...command.context, command.line] : command.context;
  }
  return [...lines, ...leave(current, 0)];
}

function way(from: readonly string[], to: readonly string[]): readonly ScriptLine<never>[] {
  let common = 0;
  while (common < from.length && common < to.length && from[common] === to[common]) common += 1;
  const stays = common === 0 && from[0]?.startsWith("route-map ") === true;
  const out = stays ? [] : leave(from, common);
  return [...out, ...to.slice(common).map((text) => ({ text }))];
}

function leave(from: readonly string[], depth: number): readonly ScriptLine<never>[] {
  return from
    .slice(depth)
    .toReversed()
    .map((head) => ({ text: head.startsWith("address-family ") ? "exit-address-family" : "exit" }));
}
