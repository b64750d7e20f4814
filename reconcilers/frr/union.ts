/** Several configurations as one: what stands in any of them, once, known by all that have it. */
import { type Context, eachLine, headOf, isStretch, type Part, type Stretch } from "./outline.ts";

/** Of 31 at most, in their order: what the first has comes first. */
export function unionOf(contexts: readonly Context[]): Context {
  return united(contexts.map((context, index) => ({ context, holder: 1 << index })));
}

interface Source {
  readonly context: Context;
  readonly holder: number;
}

function united(sources: readonly Source[]): Context {
  const [first] = sources;
  if (first && sources.length === 1 && first.holder === first.context.holders) return first.context;
  const inside = new Map<string, Source[]>();
  const parts: (Stretch | string)[] = [];
  for (const { context, holder } of sources) {
    for (const part of context.parts) {
      if (isStretch(part)) {
        parts.push({ ...part, holders: holder });
        continue;
      }
      const line = headOf(part);
      const known = inside.get(line);
      if (known) known.push({ context: part, holder });
      else {
        inside.set(line, [{ context: part, holder }]);
        parts.push(line);
      }
    }
  }
  const stretches = parts.filter((part) => typeof part !== "string");
  const ofKinds = Map.groupBy(stretches, ({ kind }) => kind);
  const kept = new Map([...ofKinds].flatMap(([, some]) => [...once(some)]));
  return {
    path: first?.context.path ?? [],
    parts: parts.flatMap((part): readonly Part[] =>
      typeof part === "string" ? [united(inside.get(part) ?? [])] : (kept.get(part) ?? []),
    ),
    holders: sources.reduce((sum, { holder }) => sum | holder, 0),
  };
}

/** What of each of these stretches of one kind is the first to say it. Most often they are the same text, or one there is only one. */
function once(stretches: readonly Stretch[]): ReadonlyMap<Stretch, readonly Stretch[]> {
  const byText = Map.groupBy(stretches, ({ text, from, to }) => text.slice(from, to));
  const alike = [...byText.values()].map((some) => ({ first: some[0], holders: holdersOf(some) }));
  if (alike.length === 1 || ofOne(stretches)) {
    return new Map(alike.flatMap(({ first, holders }) => (first ? [[first, [{ ...first, holders }]]] : [])));
  }
  return lineByLine(stretches);
}

/** Whether all stand in one text: there lines are said twice only by hand, and that does no harm. */
function ofOne(stretches: readonly Stretch[]): boolean {
  return stretches.every(({ holders }) => holders === stretches[0]?.holders);
}

function holdersOf(stretches: readonly Stretch[]): number {
  return stretches.reduce((sum, { holders }) => sum | holders, 0);
}

interface Line {
  readonly of: Stretch;
  readonly from: number;
  readonly to: number;
  holders: number;
}

function lineByLine(stretches: readonly Stretch[]): ReadonlyMap<Stretch, readonly Stretch[]> {
  const lines = new Map<string, Line>();
  for (const stretch of stretches) {
    eachLine(stretch, (first, end) => {
      const line = stretch.text.slice(first, end);
      const known = lines.get(line);
      if (known) known.holders |= stretch.holders;
      else lines.set(line, { of: stretch, from: first - stretch.indent, to: end + 1, holders: stretch.holders });
    });
  }
  const kept = new Map<Stretch, Stretch[]>();
  for (const { of, from, to, holders } of lines.values()) {
    const some = kept.get(of) ?? [];
    kept.set(of, some);
    const before = some.at(-1);
    const isNext = before?.to === from && before.holders === holders;
    if (isNext) some[some.length - 1] = { ...before, to };
    else some.push({ ...of, from, to, holders });
  }
  return kept;
}

/** Two configurations of which no line stands in both, put together: contexts that both have become one. */
export function joined(one: Context, other: Context): Context {
  const inside = new Map(other.parts.flatMap((part) => (isStretch(part) ? [] : [[headOf(part), part]])));
  const first = one.parts.map((part) => {
    const more = isStretch(part) ? undefined : inside.get(headOf(part));
    return isStretch(part) || more === undefined ? part : joined(part, more);
  });
  const known = new Set(one.parts.flatMap((part) => (isStretch(part) ? [] : [headOf(part)])));
  const rest = other.parts.filter((part) => isStretch(part) || !known.has(headOf(part)));
  return { path: one.path, parts: [...first, ...rest], holders: one.holders | other.holders };
}
