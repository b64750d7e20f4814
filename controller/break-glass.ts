/**
 * Break-glass: for a while an operator works on the box by hand. Nothing is armed and nothing is corrected; what differs is
 * measured as ever, and recorded in the history whenever it changes. It ends by itself, and what differs then is drift.
 */
import { createHash } from "node:crypto";
import { canonicalJson } from "./canonical-json.ts";
import { differenceOf, type Drift } from "./drift.ts";
import type { Ledger } from "./ledger.ts";
import type { Shut } from "./machine.ts";
import { leftOf, type Clock, type Term } from "./term.ts";
import { incarnationsOf } from "./planes.ts";
import type { Turn } from "./turn.ts";

export interface BrokenGlass {
  readonly reason: string;
  readonly term: Term;
  /** An operator ended it: it goes with the next tick. */
  readonly ended?: true;
  /** Names the difference that was recorded last. */
  readonly recorded?: string;
  /** How many different ones were recorded. */
  readonly deviations: number;
}

/** As a status shows it. Times are wall clock. */
export interface ShownGlass {
  readonly reason: string;
  readonly since: number;
  readonly until: number;
  readonly deviations: number;
}

/** The one that still lasts. */
export function glassOf({ breakGlass }: Pick<Ledger, "breakGlass">, clock: Clock): ShownGlass | undefined {
  if (!breakGlass || breakGlass.ended) return undefined;
  const left = leftOf(breakGlass.term, clock);
  if (left === 0) return undefined;
  const { reason, term, deviations } = breakGlass;
  return { reason, since: term.from, until: clock.now() + left, deviations };
}

/** In how many milliseconds it ends. */
export function glassEnds({ breakGlass }: Ledger, clock: Clock): readonly number[] {
  return breakGlass ? [breakGlass.ended ? 0 : leftOf(breakGlass.term, clock)] : [];
}

/** Ends it when its time is over or an operator said so. What was started anew meanwhile was so by intent. */
export async function endBreakGlass(turn: Turn): Promise<void> {
  const { host, memory, reconcilers, listener } = turn.appliance;
  const { breakGlass } = memory.ledger();
  if (!breakGlass || glassOf(memory.ledger(), host)) return;
  const why = breakGlass.ended ? "operator" : "over";
  const { reason, deviations } = breakGlass;
  const incarnations = await incarnationsOf(reconcilers, host, turn.signal);
  await turn.note({ asked: "break-glass-ended", details: { why, reason, deviations } });
  await memory.remember((ledger) => ({
    ...ledger,
    breakGlass: undefined,
    incarnations: { ...ledger.incarnations, ...incarnations },
  }));
  listener.event({ type: "break-glass-ended", why, reason });
}

/** Lines of a difference that the history keeps. */
const keptLines = 200;

/** While it lasts: remembers what runs, records what differs where that changed, and says why nothing is done about it. */
export async function watchHands(turn: Turn, drift: Drift, glass: ShownGlass): Promise<Shut> {
  const { memory, reconcilers } = turn.appliance;
  const { committed } = turn.known();
  const difference = committed ? differenceOf(reconcilers, committed, drift) : {};
  const recorded = createHash("sha256").update(canonicalJson(difference)).digest("hex");
  const lines = Object.entries(difference).flatMap(([plane, all]) => all.map((line) => `${plane}: ${line}`));
  const before = memory.ledger().breakGlass?.recorded;
  const isNew = before !== recorded && (before !== undefined || lines.length > 0);
  if (isNew) {
    const more = lines.length > keptLines ? { more: lines.length - keptLines } : {};
    await turn.note({ asked: "deviation", details: { difference: lines.slice(0, keptLines), ...more } });
  }
  await memory.remember((ledger) => {
    const { breakGlass } = ledger;
    const incarnations = { ...ledger.incarnations, ...drift.plan.incarnations };
    if (!breakGlass || !isNew) return { ...ledger, incarnations };
    return { ...ledger, incarnations, breakGlass: { ...breakGlass, recorded, deviations: breakGlass.deviations + 1 } };
  });
  return { why: "break-glass", ...handsOn(glass) };
}

export function handsOn({ reason, until }: ShownGlass): Omit<Shut, "why"> {
  return {
    reason: `An operator works on the box by hand: ${reason}`,
    unblock: "It ends by itself, or by `impctl breakglass --end`.",
    againAt: until,
  };
}
