/**
 * Which steps are sent together. A batch goes whole to one daemon after the other, so steps share one only where that
 * keeps their order: bgpd must have its new filters before staticd has a new route, or the route is announced unfiltered.
 */
import { isRoute } from "./grammar.ts";
import { daemons, type FrrCommand, type FrrStep } from "./model.ts";
import { daemonsOf, sharedKind } from "./route.ts";

/** Lines after which a batch ends: an error is reported for a batch, and a daemon must come up for air. */
const batchLines = 1000;

const staticd = daemons.indexOf("staticd");

interface Reach {
  /** The first and the last of the daemons that hear of it, by the order in which they are told. */
  readonly first: number;
  readonly last: number;
  /** Set where all of it is of one kind that every daemon holds for itself. */
  readonly kind: "filter" | "interface" | undefined;
  readonly settles: boolean;
}

/** Whether what comes after these commands has to wait until the routes that they take away are gone everywhere. */
export function settles(commands: readonly FrrCommand[]): boolean {
  return commands.some(({ context, line }) => line.startsWith("no ") && isRoute(context, line));
}

/** A step is never divided, so that a peer and its policy come together. */
export function batchesOf(steps: readonly FrrStep[]): readonly (readonly FrrStep[])[] {
  const batches: FrrStep[][] = [];
  let size = 0;
  let reach: Reach | undefined;
  for (const step of steps) {
    const next = reachOf(step);
    const joined = reach && size + step.commands.length <= batchLines ? join(reach, next) : undefined;
    if (!joined) {
      batches.push([]);
      size = 0;
    }
    reach = joined ?? next;
    batches.at(-1)?.push(step);
    size += step.commands.length;
  }
  return batches;
}

function reachOf(step: FrrStep): Reach {
  const takers = step.commands.flatMap(({ context, line }) =>
    daemonsOf(context, line).map((one) => daemons.indexOf(one)),
  );
  const kinds = new Set(step.commands.map(({ context, line }) => sharedKind(context, line)));
  const [kind] = kinds.size === 1 ? kinds : [];
  return { first: Math.min(...takers), last: Math.max(...takers), kind, settles: settles(step.commands) };
}

/** What both reach, or undefined where sending them together would change their order. */
function join(reach: Reach, next: Reach): Reach | undefined {
  const commute = reach.kind !== undefined && reach.kind === next.kind;
  if (!commute && reach.last > next.first) return undefined;
  if (reach.settles && next.last > staticd) return undefined;
  return {
    first: Math.min(reach.first, next.first),
    last: Math.max(reach.last, next.last),
    kind: commute ? reach.kind : undefined,
    settles: reach.settles || next.settles,
  };
}
