/** Which lines of two configurations are not in both. What is the same on end is compared as text. */
import { type Context, headOf, isStretch, linesIn, type Stretch } from "./outline.ts";

/** Of one context. */
export interface Unlike {
  /** Lines that only one of them has. */
  readonly lines: readonly string[];
  /** Contexts in it that only one of them has, or in which there is a difference: the lines that open them. */
  readonly contexts: readonly string[];
}

/**
 * Of a context that one of them may not have. Linear; a line that stands in other places may be told of although both have it,
 * never the other way round.
 */
export function unlike(one: Context | undefined, other: Context | undefined): Unlike {
  const [inOne, inOther] = [contextsOf(one), contextsOf(other)];
  const heads = new Set([...inOne.keys(), ...inOther.keys()]);
  return {
    lines: linesUnlike(one, other),
    contexts: [...heads].filter((head) => !isAlike(inOne.get(head), inOther.get(head))),
  };
}

/** Whether both have the same lines. */
export function isAlike(one: Context | undefined, other: Context | undefined): boolean {
  if (!one || !other) return false;
  const { lines, contexts } = unlike(one, other);
  return lines.length === 0 && contexts.length === 0;
}

/** The contexts in one, by the lines that open them. */
export function contextsOf(context: Context | undefined): ReadonlyMap<string, Context> {
  return new Map((context?.parts ?? []).flatMap((part) => (isStretch(part) ? [] : [[headOf(part), part]])));
}

function stretchesOf(context: Context | undefined): readonly Stretch[] {
  return (context?.parts ?? []).filter(isStretch).filter(({ kind }) => kind !== "ambient");
}

function linesUnlike(one: Context | undefined, other: Context | undefined): readonly string[] {
  const [ours, theirs] = [stretchesOf(one), stretchesOf(other)];
  const texts = [ours, theirs].map((some) => new Set(some.map(textOf))) as [Set<string>, Set<string>];
  const left = [
    ours.filter((stretch) => !texts[1].has(textOf(stretch))),
    theirs.filter((stretch) => !texts[0].has(textOf(stretch))),
  ] as const;
  if (left[0].length === 0 && left[1].length === 0) return [];
  const rests: readonly [Stretch[], Stretch[]] = [[], []];
  const kinds = left.map((some) => Map.groupBy(some.toSorted(largestFirst), ({ kind }) => kind));
  for (const kind of new Set(left.flatMap((some) => some.map((stretch) => stretch.kind)))) {
    const [mine = [], others = []] = kinds.map((some) => some.get(kind) ?? []);
    const pairs = Math.min(mine.length, others.length);
    mine.slice(0, pairs).forEach((stretch, at) => cutAlike(stretch, others[at] ?? stretch, rests));
    rests[0].push(...mine.slice(pairs));
    rests[1].push(...others.slice(pairs));
  }
  const lines = rests.map((rest) => new Set(rest.flatMap(linesIn))) as [Set<string>, Set<string>];
  return [...lines[0].symmetricDifference(lines[1])];
}

function textOf({ text, from, to }: Stretch): string {
  return text.slice(from, to);
}

/** The order of those of one size stays. */
function largestFirst(a: Stretch, b: Stretch): number {
  return b.to - b.from - (a.to - a.from);
}

/** After so many differences the rest is compared line by line. */
const mostCuts = 32;
/** How far a line is looked for that the other has in another place. */
const nearChars = 4096;

/** Adds to the rests what is left of two stretches without what both have in the same order. */
function cutAlike(one: Stretch, other: Stretch, [ours, theirs]: readonly [Stretch[], Stretch[]]): void {
  let [at, otherAt] = [one.from, other.from];
  const skip = (to: number, otherTo: number) => {
    if (to > at) ours.push({ ...one, from: at, to });
    if (otherTo > otherAt) theirs.push({ ...other, from: otherAt, to: otherTo });
    [at, otherAt] = [to, otherTo];
  };
  for (let cuts = 0; cuts < mostCuts; cuts += 1) {
    const length = sameLength(one, at, other, otherAt);
    at += length;
    otherAt += length;
    if (at === one.to || otherAt === other.to) break;
    // Its line that comes later in the other, or the other way round; or it is another line in the same place.
    const otherTo = placeOf(lineAt(one, at), other, otherAt);
    const to = otherTo === undefined ? placeOf(lineAt(other, otherAt), one, at) : undefined;
    if (otherTo !== undefined) skip(at, otherTo);
    else if (to !== undefined) skip(to, otherAt);
    else skip(at + lineAt(one, at).length, otherAt + lineAt(other, otherAt).length);
  }
  skip(one.to, other.to);
}

/** With its blanks and its newline. */
function lineAt({ text }: Stretch, at: number): string {
  return text.slice(at, text.indexOf("\n", at) + 1);
}

/** Where the line stands, not far after a place. */
function placeOf(line: string, { text, to }: Stretch, from: number): number | undefined {
  const at = text.slice(from, Math.min(to, from + nearChars)).indexOf(`\n${line}`);
  return at === -1 ? undefined : from + at + 1;
}

/** The length of the whole lines that are the same in both from these places on. */
function sameLength(one: Stretch, at: number, other: Stretch, otherAt: number): number {
  const most = Math.min(one.to - at, other.to - otherAt);
  const piece = (stretch: Stretch, from: number, length: number) => stretch.text.slice(from, from + length);
  let length = 0;
  for (const step of [most, 65_536, 4096, 256, 16, 1]) {
    const isSame = () => piece(one, at + length, step) === piece(other, otherAt + length, step);
    while (most - length >= Math.max(step, 1) && isSame()) length += step;
  }
  return length === 0 ? 0 : one.text.lastIndexOf("\n", at + length - 1) + 1 - at;
}
