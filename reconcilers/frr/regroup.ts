/**
 * Sees that a neighbour gets nothing in the middle of a change that it got neither before nor will get after it: what its
 * filters permit is evaluated after each command. Where an order of small changes would permit more, the filters are built
 * whole under another name ("CUSTOMERS~"), neighbours are switched over, the filters are changed, and they are switched back.
 */
import { regrouped } from "./copies.ts";
import type { FilterName } from "./filter-lists.ts";
import {
  type Filters,
  LiveFilters,
  chainOf,
  exportersIn,
  filterTouched,
  isThere,
  reach,
  reference,
} from "./filters.ts";
import { neighborOf } from "./grammar.ts";
import type { FrrCommand, FrrStep } from "./model.ts";
import type { Context } from "./outline.ts";
import { kindsOf, permits } from "./policy.ts";
import { groupLines } from "./relevant.ts";
import { contextsOf } from "./unlike.ts";
import { widened } from "./widening.ts";

/**
 * The steps, in another order and with more of them where that is needed, and whom they announce more to than before.
 * `live`: what is there before them. Pure.
 */
export function withoutLeaks(
  steps: readonly FrrStep[],
  live: Context,
  desired: Context,
): { readonly steps: readonly FrrStep[]; readonly notes: readonly string[] } {
  const commands = steps.flatMap((step) => step.commands);
  const touched = new Set(commands.flatMap((command) => filterTouched(command) ?? []));
  const isExport = ({ context, line }: FrrCommand) => reference(context, line.replace(/^no /, "")) !== undefined;
  if (touched.size === 0 && !commands.some(isExport)) return { steps, notes: [] };
  const before = new LiveFilters(live);
  const after = new LiveFilters(live);
  for (const command of commands) after.take(command);
  keepWanted(after, new LiveFilters(desired), new Set([...named(commands), ...takenAlong(commands, live)]));
  const notes = widened(before, after, touched);
  const isInPlace = (name: FilterName) => touched.has(name) && isThere(before, name) && isThere(after, name);
  const inPlace = (names: Iterable<FilterName>) => new Set([...reach([before, after], names)].filter(isInPlace));
  const exporters = [before, after].flatMap((one) => exportersIn(one).flatMap((exporter) => chainOf(one, exporter)));
  const exported = inPlace(exporters);
  const maps = [before, after].flatMap(({ uses }) =>
    [...uses.values()].filter((name) => name.startsWith("route-map ")),
  );
  const forgotten = new Set(
    [...inPlace(maps)].filter(
      (name) => name.includes(" prefix-list ") && isForgotten(before.lists.get(name), after.lists.get(name)),
    ),
  );
  const isLeaking = (some: readonly FrrStep[]) => {
    const all = some.flatMap((step) => step.commands);
    return exported.size > 0 && leaks(all, live, before, after, exported);
  };
  const arranged = (first: ReadonlySet<FilterName>): readonly FrrStep[] => {
    // Maps that ask one of them and change themselves wait until these are done, too.
    const asking = [...after.maps.keys()].filter(
      (name) => isInPlace(name) && !reach([after], [name]).isDisjointFrom(first),
    );
    const changing = first.union(new Set(asking));
    return changing.size === 0 ? steps : regrouped(steps, before, after, changing, forgotten);
  };
  // As few copies as do: a copied map may ask a list that is still to change.
  const few = isLeaking(steps) ? undefined : arranged(forgotten);
  const isEnough = few !== undefined && (few === steps || !isLeaking(few));
  return { steps: isEnough ? few : arranged(exported.union(forgotten)), notes };
}

/**
 * Whether FRR 8.4.4 forgets entries of a prefix-list that stay: a route-map finds its lists by a table of prefixes, and an
 * entry that goes takes along what that table has of all entries with the same prefix. Only a map made anew is right then.
 */
function isForgotten(before: ReadonlyMap<number, string> = new Map(), after: ReadonlyMap<number, string> = new Map()) {
  const numbers = Map.groupBy([...before, ...after], ([, entry]) => entry.split(" ")[1]);
  return [...before].some(([number, entry]) => {
    const isGoing = after.get(number) !== entry;
    return isGoing && numbers.get(entry.split(" ")[1])?.some(([other]) => other !== number);
  });
}

function named(commands: readonly FrrCommand[]): readonly string[] {
  return commands.flatMap(({ context, line }) => neighborOf(context, line) ?? []);
}

/** Members go with their group: no command speaks of them. */
function takenAlong(commands: readonly FrrCommand[], live: Context): readonly string[] {
  const gone = new Set(named(commands.filter(({ line }) => line.startsWith("no neighbor "))));
  const instances = gone.size === 0 ? [] : [...contextsOf(live)].filter(([line]) => line.startsWith("router bgp "));
  const lines = instances.flatMap(([, instance]) => groupLines(instance));
  return lines.flatMap((line) => {
    const [, member, group] = /^neighbor (\S+) (?:interface )?peer-group (\S+)$/.exec(line) ?? [];
    return member !== undefined && group !== undefined && gone.has(group) ? [member] : [];
  });
}

/** Of somebody else's neighbours no command speaks, and nothing takes them along. */
function keepWanted({ uses }: LiveFilters, desired: Filters, concerned: ReadonlySet<string>): void {
  for (const [key, name] of uses) {
    const isForeign = !desired.uses.has(key) && !concerned.has(/\nneighbor (\S+) /.exec(key)?.[1] ?? "");
    if (desired.uses.get(key) !== name && !isForeign) uses.delete(key);
  }
}

/** Whether any neighbour is permitted in between what it is permitted neither before nor after; also when nobody can tell. */
function leaks(
  commands: readonly FrrCommand[],
  live: Context,
  before: Filters,
  after: Filters,
  inPlace: ReadonlySet<FilterName>,
): boolean {
  const chains = (neighbor: string) => [chainOf(before, neighbor), chainOf(after, neighbor)] as const;
  const concerned = [...new Set([...exportersIn(before), ...exportersIn(after)])].flatMap((neighbor) => {
    const names = reach([before, after], chains(neighbor).flat());
    return [...names].some((name) => inPlace.has(name)) ? [{ neighbor, names }] : [];
  });
  const alike = Map.groupBy(concerned, ({ neighbor }) => JSON.stringify(chains(neighbor)));
  for (const group of alike.values()) {
    const [one] = group;
    if (!one) continue;
    const [first, last] = chains(one.neighbor);
    const relevant = commands.filter((command) => one.names.has(filterTouched(command) ?? ""));
    if (relevant.length <= 1 && first.join("\n") === last.join("\n")) continue;
    const kinds = kindsOf(
      [before, after],
      one.names,
      new Set(relevant.flatMap((command) => filterTouched(command) ?? [])),
    );
    if (kinds === undefined) return true;
    const ends = [
      [before, first],
      [after, last],
    ] as const;
    // Without any filter nothing goes out (RFC 8212), or everything: then it is more careful than it had to be.
    const forbidden = kinds.filter((route) =>
      ends.every(([filters, chain]) => chain.length === 0 || !permits(filters, chain, route)),
    );
    if (forbidden.length * relevant.length > mostEvaluated) return true;
    const moving = new LiveFilters(live);
    for (const command of commands) {
      moving.take(command);
      const own = command.context[0]?.startsWith("router bgp ") ? neighborOf(command.context, command.line) : undefined;
      if (own === undefined && !one.names.has(filterTouched(command) ?? "")) continue;
      const looked = group.filter(({ neighbor }) => own === undefined || neighbor.includes(`\nneighbor ${own} `));
      const chains = new Map(
        looked.map(({ neighbor }) => chainOf(moving, neighbor)).map((one) => [one.join("\n"), one]),
      );
      for (const chain of chains.values()) {
        if (chain.length > 0 && forbidden.some((route) => permits(moving, chain, route))) return true;
      }
    }
  }
  return false;
}

/** More is not gone through: the filters are copied at once. */
const mostEvaluated = 500_000;
