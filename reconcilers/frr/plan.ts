/** The ordered steps from live to desired. Pure, total, linear in the number of lines. */
import { type Foreign, impacts, type Plan, worstImpact } from "../core.ts";
import { type Around, commandsOf, isOf } from "./commands.ts";
import { displacedEntries } from "./displaced.ts";
import { type Difference, difference, sidesOf, type Sides } from "./difference.ts";
import { type Entries, type Entry, neighborKey } from "./entries.ts";
import { instanceSlot, isIdentity, objectOf } from "./grammar.ts";
import { type Disturbance, disturbance, type LiveSessions, liveSessions, membersOf, type Operation } from "./impact.ts";
import type { FrrDesired, FrrObserved, FrrStep, RawBlock } from "./model.ts";
import { areaRemovals, early, earlyRemovals, holdingRemovals, makeAreas, makeRoom, phaseOf } from "./order.ts";
import { outlineOf } from "./outline-text.ts";
import { withoutLeaks } from "./regroup.ts";
import { tapsOf } from "./interfaces.ts";
import { problemsOf } from "./obstacles.ts";
import { idleVrfs } from "./vrfs.ts";
import { wayFor } from "./way.ts";

/** Implements Reconciler.plan. To prune everything that is foreign, pass the observed configuration as owned. */
export function planFrr(desired: FrrDesired, observed: FrrObserved, owned: readonly FrrDesired[]): Plan<FrrStep> {
  // Word for word the same, as a file often is: nothing to look for in it.
  const isSame = desired.config === observed.config && observed.incomplete.length === 0;
  const incomplete = new Set(observed.incomplete);
  const texts = isSame ? [] : owned.map((one) => one.config);
  const sides = isSame ? sidesOf("", "", []) : sidesOf(desired.config, observed.config, texts, incomplete);
  const changes = difference(sides, incomplete);
  const raw = [desired, ...owned].flatMap((one) => one.raw ?? []);
  const reach = Object.assign({}, ...[...owned, desired].map((one) => one.reach)) as Reach;
  const { steps: plain, notes } = stepsOf(changes, sides, raw, reach);
  const safe = withoutLeaks(plain, outlineOf(observed.config), outlineOf(desired.config));
  return {
    steps: safe.steps,
    foreign: foreignObjects(changes.foreign),
    problems: problemsOf(desired, observed, sides, changes, safe.steps.length > 0),
    notes: [
      ...notes,
      ...safe.notes,
      ...changes.goAlong.map(goesAlong),
      ...byVtysh(observed, safe.steps),
      ...(safe.steps.length > 0 ? [...idleVrfs(desired, observed), ...(desired.notes ?? [])] : []),
    ],
  };
}

function byVtysh({ version }: FrrObserved, steps: readonly FrrStep[]): readonly string[] {
  if (version === undefined || steps.length === 0 || wayFor(version) !== "vtysh") return [];
  return [
    `FRR ${version} is told through vtysh: how commands are taken back, and what resets a session, is known of FRR 8 only.`,
  ];
}

/** What an operator set by hand inside something of ours is not left alone when that goes: at least it is said. */
function goesAlong({ path, line }: Entry): string {
  return `${path.join(" / ")}: "${line}", which nobody here made, goes with what it stands in.`;
}

type Reach = NonNullable<FrrDesired["reach"]>;

interface Group {
  readonly object: string;
  readonly phase: number;
  readonly operations: Operation[];
}

function stepsOf(
  changes: Difference,
  sides: Sides,
  raw: readonly RawBlock[],
  reach: Reach,
): { readonly steps: readonly FrrStep[]; readonly notes: readonly string[] } {
  const live = liveSessions(sides.live, sides.liveNeighbors);
  const isGroup = (entry: Entry): boolean => {
    const key = neighborKey(entry);
    if (key === undefined) return false;
    return (sides.desiredNeighbors.get(key) ?? sides.liveNeighbors.get(key))?.isGroup === true;
  };
  const displaced = displacedEntries(changes.operations);
  const withdrawn = earlyRemovals(changes.operations, sides.live, sides.desired);
  const vacated = areaRemovals(changes.operations);
  const holding = holdingRemovals(changes.operations, (entry) => isReplacedInstance(entry, sides));
  const groups = new Map<string, Group>();
  for (const operation of changes.operations) {
    const { entry } = operation;
    const host = displaced.get(entry.key);
    const own = objectOf(entry.path, entry.line);
    const object = host ?? own;
    const replaced = operation.kind === "remove" && entry.path.length === 0 && isReplacedInstance(entry, sides);
    const makesWay = host === own && isIdentity(entry.path, entry.line);
    const instead =
      host === undefined ? undefined : phaseOf({ ...operation, kind: "set" }, isGroup) - (makesWay ? 1 : 0);
    const first = replaced
      ? makeRoom
      : withdrawn.has(entry.key)
        ? early
        : vacated.has(entry.key)
          ? makeAreas
          : undefined;
    const phase = holding.get(operation) ?? first ?? instead ?? phaseOf(operation, isGroup);
    const key = `${phase} ${object}`;
    const group = groups.get(key);
    if (group) group.operations.push(operation);
    else groups.set(key, { object, phase, operations: [operation] });
  }
  const notes = new Set<string>();
  const taken = new Set<string>();
  const [liveObjects, desiredObjects] = [objectsIn(sides.live), objectsIn(sides.desired)];
  const context = { changes, sides, live, liveObjects, desiredObjects, raw, reach, displaced, notes, taken };
  const steps = [...groups.values()].toSorted((a, b) => a.phase - b.phase).map((group) => stepOf(group, context));
  return { steps, notes: [...notes] };
}

interface Context extends Around {
  readonly live: LiveSessions;
  readonly liveObjects: ReadonlySet<string>;
  readonly desiredObjects: ReadonlySet<string>;
  readonly reach: Reach;
  readonly notes: Set<string>;
  readonly taken: Set<string>;
}

function stepOf(group: Group, context: Context): FrrStep {
  const { operations, object } = group;
  const first = operations[0];
  const key = first && neighborKey(first.entry);
  const recreated = key !== undefined && context.changes.recreated.has(key);
  const wholly = (kind: Operation["kind"]) => operations.every((operation) => operation.kind === kind);
  const isNew = wholly("add") && !recreated && !context.liveObjects.has(object);
  const isGone = wholly("remove") && !context.desiredObjects.has(object);
  const disturbances = operations.map((operation) => withRaw(operation, disturbance(operation, context.live), context));
  if (recreated) disturbances.push(recreation(first?.entry, key, context));
  for (const { note } of disturbances) if (note !== undefined) context.notes.add(note);
  return {
    id: uniqueId(`frr/${object}`, context.taken),
    kind: isNew ? "add" : isGone ? "remove" : "set",
    impact: worstImpact(disturbances) ?? "hitless",
    provides: [],
    ...tapsOf({
      operations: operations.filter(({ entry }) => !context.raw.some((block) => isOf(block, entry))),
      isGone,
      neighbor: context.sides.liveNeighbors.get(key ?? ""),
      reach: context.reach,
    }),
    object,
    commands: commandsOf(operations, recreated, context),
    resets: [...new Set(disturbances.flatMap(({ resets }) => resets))],
  };
}

/** A plan may touch one object twice: first what it gains, late what it loses. */
function uniqueId(id: string, taken: Set<string>): string {
  let unique = id;
  for (let count = 2; taken.has(unique); count += 1) unique = `${id}#${count}`;
  taken.add(unique);
  return unique;
}

/** The objects that have a line in a configuration. */
function objectsIn(entries: Entries): ReadonlySet<string> {
  return new Set([...entries.values()].map((entry) => objectOf(entry.path, entry.line)));
}

function recreation(entry: Entry | undefined, key: string, { live }: Context): Disturbance {
  const neighbor = live.neighbors.get(key);
  const resets = neighbor ? membersOf(live, entry?.path[0] ?? "", neighbor) : [];
  return { impact: resets.length > 0 ? "session-reset" : "hitless", resets };
}

function withRaw(operation: Operation, known: Disturbance, { raw }: Context): Disturbance {
  const block = raw.find((one) => isOf(one, operation.entry));
  if (!block || impacts.indexOf(block.impact) <= impacts.indexOf(known.impact)) return known;
  return { ...known, impact: block.impact };
}

/** An instance that another of the same kind takes the place of: a daemon holds one `router bgp` in a VRF. */
function isReplacedInstance(entry: Entry, sides: Sides): boolean {
  const slot = instanceSlot(entry.line);
  if (slot === undefined) return false;
  return [...sides.desired.values()].some((other) => other.path.length === 0 && instanceSlot(other.line) === slot);
}

/** One item for an object, however many lines it has. */
function foreignObjects(entries: readonly Entry[]): readonly Foreign[] {
  const objects = Map.groupBy(entries, (entry) => objectOf(entry.path, entry.line));
  return [...objects].map(([object, lines]) => {
    const first = lines[0];
    const where = first && first.path.length > 0 ? `${first.path.join(" / ")}: ` : "";
    const rest = lines.length - 1;
    const more = rest > 0 ? ` (and ${rest} more line${rest === 1 ? "" : "s"})` : "";
    return { id: `frr/${object}`, text: `${where}${first?.line ?? object}${more}` };
  });
}
