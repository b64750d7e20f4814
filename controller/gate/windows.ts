/** Maintenance windows: when which impact is allowed. Pure; local time by the IANA zone of the policy, DST included. */
import type { Impact } from "../../reconcilers/core.ts";
import { impacts } from "../../reconcilers/core.ts";
import type { Policy } from "../../schemas/policy.ts";
import { localClock, type LocalClock } from "./local-time.ts";

export type Window = Policy["windows"][string];
const week = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;

const dayMs = 86_400_000;
/** A weekly window comes twice within it, also when the clock is set forward over one of them. */
const daysAhead = 15;

export function atMost(impact: Impact, limit: Impact): boolean {
  return impacts.indexOf(impact) <= impacts.indexOf(limit);
}

/** From one instant to another, as long as it really is: the clock may be changed in between. */
export interface Opening {
  readonly from: number;
  readonly to: number;
  /** The windows that make it: one that ends when or after another begins goes on in it. */
  readonly names: readonly string[];
}

/** The openings of these windows that are not over, for the next two weeks, in order. */
export function openings(windows: Policy["windows"], timeZone: string, now: number): readonly Opening[] {
  const clock = localClock(timeZone);
  const today = Math.floor(clock.shows(now) / dayMs) * dayMs;
  const days = Array.from({ length: daysAhead + 1 }, (_, index) => today + (index - 1) * dayMs);
  const all = Object.entries(windows).flatMap(([name, window]) =>
    days.flatMap((day) => {
      const opening = openingOn(day, window, clock);
      return opening && opening.to > now ? [{ ...opening, names: [name] }] : [];
    }),
  );
  return joined(all.sort((a, b) => a.from - b.from));
}

/**
 * The opening that begins on a day, if there is one. A window that ends before it begins passes midnight. Where the clock
 * shows a time twice, it opens at the second and closes at the first after that: it is never longer than the clock says.
 */
function openingOn(day: number, window: Window, clock: LocalClock): Omit<Opening, "names"> | undefined {
  const weekday = week[new Date(day).getUTCDay()];
  if (window.days && (weekday === undefined || !window.days.includes(weekday))) return undefined;
  const passesMidnight = window.to <= window.from;
  const from = Math.max(...clock.instantsOf(day + msOf(window.from)));
  const ends = clock.instantsOf(day + msOf(window.to) + (passesMidnight ? dayMs : 0));
  const to = ends.find((end) => end > from);
  return to === undefined ? undefined : { from, to };
}

/** Since midnight. */
function msOf(time: string): number {
  const [hours, minutes] = time.split(":").map(Number);
  return ((hours ?? 0) * 60 + (minutes ?? 0)) * 60_000;
}

function joined(sorted: readonly Opening[]): readonly Opening[] {
  const result: Opening[] = [];
  for (const one of sorted) {
    const last = result.at(-1);
    if (last && one.from <= last.to) {
      const names = [...new Set([...last.names, ...one.names])];
      result[result.length - 1] = { from: last.from, to: Math.max(last.to, one.to), names };
    } else result.push(one);
  }
  return result;
}

/** The first opening of which at least `needMs` are left. */
export function firstThatHolds(ordered: readonly Opening[], needMs: number, now: number): Opening | undefined {
  return ordered.find(({ from, to }) => to - Math.max(from, now) >= needMs);
}

export function whenText(window: Window): string {
  return `${window.days ? `${window.days.join(",")} ` : ""}${window.from}-${window.to}`;
}
