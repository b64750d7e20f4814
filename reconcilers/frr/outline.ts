/**
 * A configuration of FRR as it stands in its text: contexts, and between them stretches of lines. Thousands of lines of one
 * kind are one stretch, which is compared, merged and printed as text; only lines that somebody asks for become strings.
 */
import { isAmbient } from "./grammar.ts";

/** Lines of one context that stand one after the other, with nothing inside them or in between. */
export interface Stretch {
  /** Tidy: with single blanks, and a newline behind each line. */
  readonly text: string;
  readonly from: number;
  readonly to: number;
  /** How many blanks there are before each line. */
  readonly indent: number;
  readonly kind: Kind;
  /** In which of several texts it stands: bit 0 is the first. */
  readonly holders: number;
}

export interface Context {
  /** The lines that lead into it, its own the last; none at the top. */
  readonly path: readonly string[];
  /** A context once only, by its line; a line perhaps twice. */
  readonly parts: readonly Part[];
  readonly holders: number;
}

export type Part = Stretch | Context;

/** What all lines of a stretch begin with; "": of several kinds; "ambient": what is FRR's own. */
export type Kind = string;

/** Of lines at the top that are of objects to which others only refer by their name. */
export const namedKinds: readonly Kind[] = [
  "ip prefix-list ",
  "ip route ",
  "ipv6 prefix-list ",
  "ipv6 route ",
  "bgp as-path access-list ",
  "bgp community-list ",
  "bgp large-community-list ",
  "bgp extcommunity-list ",
];

export interface Outline extends Context {
  /** Whether every context is known to be left by its own words, so that indentation cannot tell otherwise than FRR would. */
  readonly isExact: boolean;
}

export function isStretch(part: Part): part is Stretch {
  return "text" in part;
}

/** The lines of a stretch, from and to which character of its text, without blanks and newline. */
export function eachLine({ text, from, to, indent }: Stretch, visit: (first: number, end: number) => void): void {
  for (let at = from; at < to;) {
    const end = text.indexOf("\n", at);
    visit(at + indent, end);
    at = end + 1;
  }
}

export function linesIn(stretch: Stretch): readonly string[] {
  const lines: string[] = [];
  eachLine(stretch, (first, end) => lines.push(stretch.text.slice(first, end)));
  return lines;
}

/** The first of them. */
export function firstIn({ text, from, indent }: Stretch): string {
  return text.slice(from + indent, text.indexOf("\n", from));
}

/** The line that opens a context. */
export function headOf({ path }: Context): string {
  return path.at(-1) ?? "";
}

/** Without what is FRR's own, or the system's. */
export function withoutAmbient<C extends Context>(context: C): C {
  const isOwn = (part: Part) => (isStretch(part) ? part.kind === "ambient" : isAmbient([], headOf(part)));
  return { ...context, parts: context.parts.filter((part) => !isOwn(part)) };
}
