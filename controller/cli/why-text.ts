/** The answer of `impctl why` for people. */
import { printableData } from "../../schemas/printable.ts";
import type { Cause } from "../report/causes.ts";
import { spanText } from "../term.ts";
import type { Terminal } from "./terminal.ts";

/** `now` is wall clock in milliseconds. The first cause is told in full, and so is each of the others below it. */
export function whyText(causes: readonly Cause[], now: number, terminal: Terminal): string {
  // It quotes others: authors of commits, remotes, daemons.
  return printableData(causes)
    .map((cause, index) => causeText(cause, index, now, terminal))
    .join("\n\n");
}

function causeText(cause: Cause, index: number, now: number, terminal: Terminal): string {
  const { why, reason, since, unblock, next, details } = cause;
  const rows: (readonly [string, string | undefined])[] = [
    [
      index === 0 ? "why" : "also",
      `${terminal.style("bold", why)}${since === undefined ? "" : `, for ${spanText(now - since)}`}`,
    ],
    ["", reason],
    ...(details ?? []).map((detail) => ["", `  ${detail}`] as const),
    ["to change it", unblock],
    [
      why === "in-flight" ? "until" : "looked at",
      next === undefined ? undefined : `${time(next)}, ${ahead(next - now)}`,
    ],
  ];
  return rows.flatMap(([name, text]) => (text === undefined ? [] : [`${name.padEnd(13)}${text}`])).join("\n");
}

function ahead(ms: number): string {
  return ms <= 0 ? "now" : `in ${spanText(ms)}`;
}

function time(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}
