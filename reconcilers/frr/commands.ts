/** The commands of one step: what is sent to FRR for the lines of an object that change, in which order. */
import { type Difference, groupKey, type Sides } from "./difference.ts";
import { type Entry, entryKey, neighborKey } from "./entries.ts";
import { negation, replacedByRemoval } from "./grammar.ts";
import type { Operation } from "./impact.ts";
import type { FrrCommand, RawBlock } from "./model.ts";

/** The change that a step is part of. */
export interface Around {
  readonly changes: Difference;
  readonly sides: Sides;
  readonly raw: readonly RawBlock[];
  /** Lines that have to go before what takes their place comes (displaced.ts). */
  readonly displaced: ReadonlyMap<string, string>;
}

/** `recreated`: they are a neighbour's that is removed and made anew. */
export function commandsOf(
  operations: readonly Operation[],
  recreated: boolean,
  around: Around,
): readonly FrrCommand[] {
  const commands: FrrCommand[] = [];
  const undone = new Set<RawBlock>();
  if (recreated && operations[0] && !wentWithGroup(operations[0].entry, around)) {
    commands.push(removeNeighbor(operations[0].entry, around));
  }
  for (const { entry, old } of operations.filter((operation) => around.displaced.has(operation.entry.key))) {
    commands.push(removalOf(old ?? entry, around));
  }
  const removals = operations
    .filter(({ kind, entry }) => kind === "remove" && !around.displaced.has(entry.key))
    .toReversed();
  // What stands in a context comes after it, and a peer before what a family says of it.
  const additions = operations
    .filter(({ kind }) => kind !== "remove")
    .toSorted((a, b) => a.entry.path.length - b.entry.path.length);
  for (const { entry, old, kind } of [...additions, ...removals]) {
    const { path, line } = entry;
    if (kind === "remove") {
      const block = around.raw.find((one) => one.undo && isOf(one, entry));
      if (!block) commands.push(removalOf(entry, around), ...againOfMembers(entry, around));
      else if (!undone.has(block)) for (const undo of block.undo ?? []) commands.push({ context: path, line: undo });
      if (block) undone.add(block);
      continue;
    }
    if (old && replacedByRemoval(path, line, old.line))
      commands.push({ context: path, line: negation(path, old.line) });
    commands.push({ context: path, line }, ...(old ? againOfMembers(old, around) : []));
  }
  return activationLast(commands);
}

/**
 * What members are to have themselves from now on, and had by their group until now: FRR took no notice of it while both
 * were the same, and takes it away with the group's.
 */
function againOfMembers({ path, line }: Entry, { sides }: Around): readonly FrrCommand[] {
  const [, group, says = ""] = /^neighbor (\S+) (.*)$/.exec(line) ?? [];
  const key = `${path[0] ?? ""}\n${group ?? ""}`;
  if (sides.liveNeighbors.get(key)?.isGroup !== true) return [];
  const members = [...sides.desiredNeighbors.values()].filter((one) => groupKey(one) === key);
  return members.flatMap(({ name, entries }) =>
    entries
      .filter((own) => own.line === `neighbor ${name} ${says}` && own.path.join("\n") === path.join("\n"))
      .filter((own) => sides.live.get(own.key)?.line !== own.line)
      .map((own) => ({ context: own.path, line: own.line })),
  );
}

function removalOf(entry: Entry, around: Around): FrrCommand {
  if (isWholeNeighbor(entry, around)) return removeNeighbor(entry, around);
  return { context: entry.path, line: negation(entry.path, entry.line) };
}

function isWholeNeighbor(entry: Entry, { sides }: Around): boolean {
  const key = neighborKey(entry);
  return key !== undefined && !sides.desiredNeighbors.has(key) && sides.liveNeighbors.get(key)?.identity[0] === entry;
}

/** Removing a peer-group, to make it anew, has removed its members already. */
function wentWithGroup(entry: Entry, { sides, changes }: Around): boolean {
  const neighbor = sides.liveNeighbors.get(neighborKey(entry) ?? "");
  return neighbor !== undefined && changes.recreated.has(groupKey(neighbor) ?? "");
}

/** One command for a neighbour and all its lines. */
function removeNeighbor(entry: Entry, { sides }: Around): FrrCommand {
  const neighbor = sides.liveNeighbors.get(neighborKey(entry) ?? "");
  const name = neighbor?.name ?? "";
  const form = neighbor?.isGroup === true ? " peer-group" : neighbor?.isUnnumbered === true ? " interface" : "";
  return { context: entry.path.slice(0, 1), line: `no neighbor ${name}${form}` };
}

/** A family opens when all that limits it is there. */
function activationLast(commands: readonly FrrCommand[]): readonly FrrCommand[] {
  const isLast = ({ line }: FrrCommand) => /^neighbor \S+ activate$/.test(line);
  return [...commands.filter((command) => !isLast(command)), ...commands.filter(isLast)];
}

/** FRR may print a line otherwise than it is written: what both set is the same. */
export function isOf({ context, lines }: RawBlock, { path, line, key }: Entry): boolean {
  if (path.length !== context.length || path.join("\n") !== context.join("\n")) return false;
  return lines.includes(line) || lines.some((one) => entryKey(context, one) === key);
}
