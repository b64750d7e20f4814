/** The answer of `impctl why` for people. */
import { printableData } from "../../schemas/printable.ts";
import type { Cause } from "../report/causes.ts";
import { rowsText, type Row } from "../report/rows.ts";
import { spanText } from "../term.ts";
import type { Terminal } from "./terminal.ts";

/** `now` is wall clock in milliseconds. The first cause is told in full, and so is each of the others below it. */
export function whyText(causes: readonly Cause[], now: number, terminal: Terminal): string {
  // It quotes others: authors of commits, remotes, daemons.
  return printableData(causes)
    .map((cause, index) => rowsText(causeRows(cause, index === 0 ? "why" : "also", now, terminal), terminal.columns))
    .join("\n\n");
}

function causeRows(cause: Cause, name: string, now: number, terminal: Terminal): readonly Row[] {
  const { why, reason, since, details = [] } = cause;
  return [
    [name, `${terminal.style("bold", why)}${since === undefined ? "" : `, for ${spanText(now - since)}`}`],
    ["", reason],
    ...details.map((detail) => ["", `  ${detail}`] as const),
    ...outlook(cause, now),
  ];
}

/** What would change it, and until when it is so. */
export function outlook({ why, unblock, next }: Cause, now: number): readonly Row[] {
  return [
    ["to change it", unblock],
    [why === "in-flight" ? "until" : "looked at", next === undefined ? undefined : moment(next, now)],
  ];
}

/** "2026-01-05T12:00:00Z, in 10 h". */
export function moment(at: number, now: number): string {
  const ms = at - now;
  return `${new Date(at).toISOString().slice(0, 19)}Z, ${ms <= 0 ? "now" : `in ${spanText(ms)}`}`;
}
