/**
 * How long something lasts that an operator allowed or forbade. Within the boot in which it began it counts uptime, so that
 * no jump of the clock shortens or lengthens it; after a reboot only the wall clock is left to count by. Plain data.
 */
import type { Host } from "../reconcilers/core.ts";

export interface Term {
  /** Wall clock. */
  readonly from: number;
  readonly ms: number;
  readonly boot: string;
  /** Uptime at which it began. */
  readonly uptime: number;
}

/** What a term is counted by. */
export type Clock = Pick<Host, "now" | "uptime" | "bootId">;

/** A term of `ms` milliseconds that begins now. */
export function term(clock: Clock, ms: number): Term {
  return { from: clock.now(), ms, boot: clock.bootId(), uptime: clock.uptime() };
}

/** What is left of it, 0 when it is over. */
export function leftOf(one: Term, clock: Clock): number {
  const gone = one.boot === clock.bootId() ? clock.uptime() - one.uptime : clock.now() - one.from;
  // A clock that was set back far would let it last for ever.
  return Math.min(one.ms, Math.max(0, one.ms - gone));
}

export function isOver(one: Term, clock: Clock): boolean {
  return leftOf(one, clock) === 0;
}

/** "90 s", "30m", "4h", "2d" in milliseconds; undefined when it is none. */
export function durationMs(text: string): number | undefined {
  const [, number, unit] = /^(\d{1,6})\s*(s|m|h|d)$/.exec(text.trim()) ?? [];
  if (number === undefined || unit === undefined) return undefined;
  const ms = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }[unit as "s" | "m" | "h" | "d"];
  return Number(number) * ms;
}

/** "4 s", "12 min", "3 h", "5 d": how long something lasts, for people. */
export function spanText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`;
}
