/**
 * Any file of FRR's, also one that nobody here rendered: which line stands in which context, and where in the file. FRR
 * itself does not look at indentation: it tries a line in the open context and then in those around it. Where both ways
 * of reading may differ the source is in doubt, and FRR has to be asked (vtysh -m).
 */
import { isAmbient } from "./grammar.ts";
import { isExit, opensContext } from "./openers.ts";
import { indentOf, wordsOf } from "./words.ts";

/** One line to type, in file order. */
export interface SourceLine {
  readonly context: readonly string[];
  readonly line: string;
  /** Counts from 1. */
  readonly at: number;
}

export interface Source {
  /** Without comments, blank lines, the words that leave a context, and what FRR prints of itself. */
  readonly lines: readonly SourceLine[];
  /** The first line that its indentation may place elsewhere than FRR would. */
  readonly doubt: number | undefined;
  /** "datacenter" of "frr defaults datacenter". */
  readonly profile: string | undefined;
}

interface Open {
  readonly line: string;
  readonly indent: number;
}

/** Lines that FRR takes at the top only, whatever context is open. */
const onlyAtTop =
  /^(?:no )?(?:router (?!-id)|route-map \S+ (?:permit|deny)|interface \S|vrf \S|(?:ip|ipv6) prefix-list|bgp (?:as-path|community-list|large-community-list|extcommunity-list)|(?:ipv6 |mac )?access-list|key chain|line vty|frr |hostname|log |service|debug)/;
/** Lines that FRR takes in `router bgp` only, not in an address family of it. */
const onlyInRouter =
  /^(?:address-family |bgp |(?:no )?neighbor \S+ (?:remote-as|description|timers|password|update-source|ebgp-multihop|bfd|shutdown|interface)\b)/;

/** Reads a file, or what `show running-config` printed, by its indentation. Linear. */
export function readSource(text: string): Source {
  const reader = new Reader();
  text.split("\n").forEach((raw, index) => {
    const line = lineOf(raw);
    if (line !== undefined) reader.take(line, index + 1, indentOf(raw));
  });
  return reader.source();
}

/**
 * Reads what `vtysh -m` made of a file: wherever FRR leaves a context there is an `exit`. `text` is the file, for the
 * numbers of its lines.
 */
export function readMarked(marked: string, text: string): Source {
  const isLine = (line: string | undefined): line is string => line !== undefined && !isLeaving(line);
  const numbers = text.split("\n").flatMap((raw, index) => (isLine(lineOf(raw)) ? [index + 1] : []));
  const reader = new Reader();
  let count = 0;
  for (const raw of marked.split("\n")) {
    const line = lineOf(raw);
    if (line === undefined) continue;
    reader.take(line, numbers[count] ?? 0, undefined);
    if (isLine(line)) count += 1;
  }
  return reader.source();
}

/** The words of a file that leave a context: one more than FRR prints. */
function isLeaving(line: string): boolean {
  return isExit(line) || line === "quit";
}

/** A line with single blanks, or undefined for what is none. */
function lineOf(raw: string): string | undefined {
  const line = wordsOf(raw);
  // The one abbreviation that many files have.
  return line?.startsWith("int") ? line.replace(/^int(?:e(?:r(?:f(?:ac?)?)?)?)? (?=\S)/, "interface ") : line;
}

class Reader {
  private readonly lines: SourceLine[] = [];
  private open: readonly Open[] = [];
  private path: readonly string[] = [];
  private last: Open | undefined;
  private doubt: number | undefined;
  private profile: string | undefined;

  take(line: string, at: number, indent: number | undefined): void {
    if (isLeaving(line)) {
      this.leave(line === "end" ? 0 : Math.max(0, this.open.length - 1));
      this.last = undefined;
      return;
    }
    if (indent !== undefined) this.place(line, at, indent);
    if (line.startsWith("frr defaults ")) this.profile = line.slice("frr defaults ".length);
    if (!isAmbient(this.path, line)) this.lines.push({ context: this.path, line, at });
    this.last = { line, indent: indent ?? 0 };
    if (!opensContext(this.path, line)) return;
    this.open = [...this.open, this.last];
    this.path = [...this.path, line];
  }

  source(): Source {
    return { lines: this.lines, doubt: this.doubt, profile: this.profile };
  }

  /** Leaves the contexts that the line is not deeper than. */
  private place(line: string, at: number, indent: number): void {
    let depth = this.open.length;
    while (depth > 0 && indent <= (this.open[depth - 1]?.indent ?? 0)) {
      if (!leaves(line, this.open[depth - 1]?.line ?? "")) this.doubt ??= at;
      depth -= 1;
    }
    this.leave(depth);
    // Deeper than a line that is not known to open anything.
    if (this.last && indent > this.last.indent && this.open.at(-1) !== this.last) this.doubt ??= at;
  }

  private leave(depth: number): void {
    if (depth === this.open.length) return;
    this.open = this.open.slice(0, depth);
    this.path = this.open.map((one) => one.line);
  }
}

/** Whether FRR, too, takes a line that is not deeper than a context for one outside of it. */
function leaves(line: string, context: string): boolean {
  if (onlyAtTop.test(line) || (!context.startsWith("vrf ") && /^ip(?:v6)? route /.test(line))) return true;
  return context.startsWith("address-family ") && onlyInRouter.test(line);
}

/** Context by context, as the tree has them: the same text as tree.ts reads it where nothing is in doubt. */
export function sourceText(lines: readonly Pick<SourceLine, "context" | "line">[]): string {
  let current: readonly string[] = [];
  const text: string[] = [];
  for (const { context, line } of lines) {
    let common = 0;
    while (common < context.length && context[common] === current[common]) common += 1;
    for (let depth = common; depth < context.length; depth += 1) text.push(" ".repeat(depth) + (context[depth] ?? ""));
    text.push(" ".repeat(context.length) + line);
    current = opensContext(context, line) ? [...context, line] : context;
  }
  return text.length === 0 ? "" : `${text.join("\n")}\n`;
}
