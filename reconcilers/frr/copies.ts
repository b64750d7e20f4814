/** A change of filters by way of copies: built whole under another name, switched to, and gone when the filters are changed. */
import { entryLine, type FilterName } from "./filter-lists.ts";
import { type Filters, filterTouched, isThere, type LiveFilters, reach, reference } from "./filters.ts";
import type { FrrCommand, FrrStep } from "./model.ts";

/**
 * The steps with copies of the filters that change `inPlace`, and of all that ask them. `forgotten`: lists of which only maps
 * made anew know all entries.
 */
export function regrouped(
  steps: readonly FrrStep[],
  before: LiveFilters,
  after: LiveFilters,
  inPlace: ReadonlySet<FilterName>,
  forgotten: ReadonlySet<FilterName>,
): readonly FrrStep[] {
  // What asks one of them has to be built whole, too.
  const all = [...after.lists.keys(), ...after.maps.keys()];
  const copied = all.filter((name) => [...reach([after], [name])].some((one) => inPlace.has(one)));
  const taken = new Set([...all, ...before.lists.keys(), ...before.maps.keys()]);
  const copies = new Map(copied.map((name) => [name, unused(`${name}~`, taken)]));
  const renamed = ({ context, line }: FrrCommand): FrrCommand => {
    const used = line.startsWith("no ") ? undefined : reference(context, line);
    const copy = used && context[0]?.startsWith("router bgp ") ? copies.get(used.name) : undefined;
    return used && copy !== undefined ? { context, line: used.as(copy) } : { context, line };
  };
  const isFilter = (step: FrrStep) => step.commands.every((command) => filterTouched(command) !== undefined);
  const isMoved = (step: FrrStep) => step.commands.some((command) => inPlace.has(filterTouched(command) ?? ""));
  const isNew = (step: FrrStep) =>
    isFilter(step) && step.commands.every((command) => !isThere(before, filterTouched(command) ?? ""));
  const last = steps.findLastIndex((step) => !isFilter(step));
  const stay = (some: readonly FrrStep[]) => some.filter((step) => !isMoved(step) && !isNew(step));
  const switched = (uses: ReadonlyMap<string, FilterName>, as: (name: FilterName) => FilterName | undefined) =>
    exportSteps(
      [...uses].flatMap(([key, name]) => {
        const other = as(name);
        return copies.has(name) && other !== undefined ? [exportCommand(key, name, other)] : [];
      }),
    );
  const anew = copied.filter(
    (name) => before.maps.has(name) && [...reach([after], [name])].some((one) => forgotten.has(one)),
  );
  const staying = new Map([...before.uses].filter(([key, name]) => after.uses.get(key) === name));
  return numbered([
    ...steps.filter(isNew),
    ...[...copies].map(([name, copy]) => buildStep(name, copy, after, copies)),
    ...switched(staying, (name) => copies.get(name)),
    ...stay(steps.slice(0, last + 1)).map((step) => ({ ...step, commands: step.commands.map(renamed) })),
    ...steps.filter(isMoved),
    ...anew.map((name) => dropStep(name, name, after)),
    // Without a command of another kind in between both would be carried out as one, and nothing would be made anew.
    ...(anew.length > 0 ? switched(after.uses, (name) => copies.get(name)) : []),
    ...anew.map((name) => buildStep(name, name, after, new Map())),
    ...switched(after.uses, (name) => name),
    ...stay(steps.slice(last + 1)),
    ...[...copies].toReversed().map(([name, copy]) => dropStep(name, copy, after)),
  ]);
}

function unused(name: FilterName, taken: Set<FilterName>): FilterName {
  let free = name;
  while (taken.has(free)) free += "~";
  taken.add(free);
  return free;
}

function hitless(kind: FrrStep["kind"], object: string, commands: readonly FrrCommand[]): FrrStep {
  const none = { needs: [], provides: [], releases: [], resets: [] };
  return { id: `frr/${object}`, kind, impact: "hitless", object, commands, ...none };
}

/** Lines of lists first: maps ask them. */
function buildStep(
  name: FilterName,
  copy: FilterName,
  { lists, maps }: Filters,
  copies: ReadonlyMap<FilterName, FilterName>,
): FrrStep {
  const entries = [...(lists.get(name) ?? [])].map(([number, says]) => ({
    context: [],
    line: entryLine(copy, number, says),
  }));
  const clauses = [...(maps.get(name) ?? [])].flatMap(([number, { action, lines }]) => {
    const head = `${copy} ${action} ${number}`;
    const inside = [...lines.values()].map((line) => {
      const used = reference([head], line);
      const other = used && copies.get(used.name);
      return { context: [head], line: used && other !== undefined ? used.as(other) : line };
    });
    return [{ context: [], line: head }, ...inside];
  });
  return hitless("add", copy, [...entries, ...clauses]);
}

function dropStep(name: FilterName, copy: FilterName, { lists, maps }: Filters): FrrStep {
  const entries = [...(lists.get(name) ?? [])].map(([number, says]) => `no ${entryLine(copy, number, says)}`);
  const clauses = [...(maps.get(name) ?? [])].map(([number, { action }]) => `no ${copy} ${action} ${number}`);
  return hitless(
    "remove",
    copy,
    [...entries, ...clauses].map((line) => ({ context: [], line })),
  );
}

/** `key`: "router bgp 64500\naddress-family ipv4 unicast\nneighbor 192.0.2.1 out route-map". */
function exportCommand(key: string, name: FilterName, other: FilterName): FrrCommand {
  const parts = key.split("\n");
  const context = parts.slice(0, -1);
  const [word, neighbor, direction, kind] = parts.at(-1)?.split(" ") ?? [];
  const line = `${word} ${neighbor} ${kind} ${name.slice(name.lastIndexOf(" ") + 1)} ${direction}`;
  return { context, line: reference(context, line)?.as(other) ?? line };
}

function exportSteps(commands: readonly FrrCommand[]): readonly FrrStep[] {
  const instances = Map.groupBy(commands, ({ context }) => context[0] ?? "");
  return [...instances].map(([instance, own]) => hitless("set", `${instance}/filters`, own));
}

/** Ids stay unique. */
function numbered(steps: readonly FrrStep[]): readonly FrrStep[] {
  const taken = new Set<string>();
  return steps.map((step) => {
    const plain = step.id.replace(/#\d+$/, "");
    let id = plain;
    for (let count = 2; taken.has(id); count += 1) id = `${plain}#${count}`;
    taken.add(id);
    return { ...step, id };
  });
}
