/**
 * A line diff for people: patience (lines that occur once on both sides are anchors, the rest is compared between them),
 * because configuration lines are mostly unique and it is O(n log n) however much changed.
 */

/** One line of a diff: kept, only in the old text, or only in the new one. */
export interface DiffLine {
  readonly sign: " " | "-" | "+";
  readonly text: string;
}

/** All lines of both texts in order; the kept and removed ones are the old text, the kept and added ones the new. */
export function diffLines(before: readonly string[], after: readonly string[]): readonly DiffLine[] {
  const lines: DiffLine[] = [];
  compare(before, after, lines);
  return lines;
}

/** A unified diff without file headers, or "" when the texts are equal. Lines are as `split("\n")` gives them. */
export function unifiedDiff(before: string, after: string, context = 3): string {
  if (before === after) return "";
  const lines = diffLines(splitLines(before), splitLines(after));
  return hunks(lines, context)
    .map((hunk) => hunkText(lines, hunk))
    .join("\n");
}

function splitLines(text: string): readonly string[] {
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}

function compare(before: readonly string[], after: readonly string[], lines: DiffLine[]): void {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let end = 0;
  const most = Math.min(before.length, after.length) - start;
  while (end < most && before[before.length - 1 - end] === after[after.length - 1 - end]) end += 1;

  add(lines, " ", before.slice(0, start));
  between(before.slice(start, before.length - end), after.slice(start, after.length - end), lines);
  add(lines, " ", before.slice(before.length - end));
}

function between(before: readonly string[], after: readonly string[], lines: DiffLine[]): void {
  const anchors = before.length > 0 && after.length > 0 ? findAnchors(before, after) : [];
  if (anchors.length === 0) {
    add(lines, "-", before);
    add(lines, "+", after);
    return;
  }
  let [b, a] = [0, 0];
  for (const anchor of [...anchors, { before: before.length, after: after.length }]) {
    compare(before.slice(b, anchor.before), after.slice(a, anchor.after), lines);
    add(lines, " ", before.slice(anchor.before, anchor.before + 1));
    [b, a] = [anchor.before + 1, anchor.after + 1];
  }
}

function add(lines: DiffLine[], sign: DiffLine["sign"], texts: readonly string[]): void {
  for (const text of texts) lines.push({ sign, text });
}

interface Anchor {
  readonly before: number;
  readonly after: number;
}

/** Lines that occur exactly once on both sides, in the longest order that both sides agree on. */
function findAnchors(before: readonly string[], after: readonly string[]): readonly Anchor[] {
  const unique = uniqueLines(after);
  const pairs: Anchor[] = [];
  for (const [text, index] of uniqueLines(before)) {
    const other = unique.get(text);
    if (index !== -1 && other !== undefined && other !== -1) pairs.push({ before: index, after: other });
  }
  return longestIncreasing(pairs);
}

/** Each line with its index, or -1 when it occurs more than once. In order of first occurrence. */
function uniqueLines(lines: readonly string[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const [index, text] of lines.entries()) found.set(text, found.has(text) ? -1 : index);
  return found;
}

/** The longest run of pairs (sorted by `before`) whose `after` grows: patience sorting with back pointers. */
function longestIncreasing(pairs: readonly Anchor[]): readonly Anchor[] {
  const tops: { readonly pair: Anchor; readonly previous: number }[] = [];
  const piles: number[] = [];
  for (const pair of pairs) {
    let [low, high] = [0, piles.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((tops[piles[middle] ?? -1]?.pair.after ?? 0) < pair.after) low = middle + 1;
      else high = middle;
    }
    tops.push({ pair, previous: low === 0 ? -1 : (piles[low - 1] ?? -1) });
    piles[low] = tops.length - 1;
  }
  const run: Anchor[] = [];
  for (let top = tops[piles.at(-1) ?? -1]; top; top = tops[top.previous]) run.push(top.pair);
  return run.toReversed();
}

interface Hunk {
  readonly from: number;
  readonly to: number;
}

/** Changed lines with their context, merged where the contexts touch. */
function hunks(lines: readonly DiffLine[], context: number): readonly Hunk[] {
  const found: { from: number; to: number }[] = [];
  for (const [index, line] of lines.entries()) {
    if (line.sign === " ") continue;
    const last = found.at(-1);
    const to = Math.min(lines.length, index + context + 1);
    if (last && index - context <= last.to) last.to = to;
    else found.push({ from: Math.max(0, index - context), to });
  }
  return found;
}

function hunkText(lines: readonly DiffLine[], { from, to }: Hunk): string {
  const count = (part: readonly DiffLine[], other: "-" | "+") => part.filter((one) => one.sign !== other).length;
  const head = lines.slice(0, from);
  const body = lines.slice(from, to);
  const range = (other: "-" | "+") => {
    const length = count(body, other);
    // Unified format: an empty side names the line before it.
    return `${count(head, other) + (length === 0 ? 0 : 1)},${length}`;
  };
  return [`@@ -${range("+")} +${range("-")} @@`, ...body.map((one) => `${one.sign}${one.text}`)].join("\n");
}
