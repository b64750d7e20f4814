/** What is live in FRR and differs from what is desired, line by line: for people, and to bring it into the machine file. */
import { contextKeys, entriesOf } from "./entries.ts";
import { outlineOf } from "./outline-text.ts";
import { relevantParts } from "./relevant.ts";

export interface LiveChange {
  /** Names what it sets: two lines with one key set the same. */
  readonly key: string;
  /** The lines that lead to it, as they are live, or as they are desired where it is gone. */
  readonly path: readonly string[];
  /** As desired; undefined: somebody added it. */
  readonly desired: string | undefined;
  /** As it is live; undefined: somebody removed it. */
  readonly live: string | undefined;
  /** Nobody here ever wanted such a line, so that it is left alone. */
  readonly isForeign: boolean;
}

/** In the order of the desired configuration, then what is only live in its own. `owned`: as Reconciler.plan has it. */
export function liveChanges(desired: string, live: string, owned: readonly string[]): readonly LiveChange[] {
  const outlines = { desired: outlineOf(desired), live: outlineOf(live) };
  const relevant = relevantParts(outlines.desired, outlines.live);
  const wanted = entriesOf(relevant.part(outlines.desired));
  const found = entriesOf(relevant.part(outlines.live));
  const ours = new Set([
    ...wanted.keys(),
    ...owned.flatMap((text) => [...entriesOf(relevant.part(outlineOf(text))).keys()]),
  ]);
  const missing = [...wanted.values()].flatMap((entry): readonly LiveChange[] => {
    const now = found.get(entry.key);
    if (now?.line === entry.line) return [];
    return [{ key: entry.key, path: (now ?? entry).path, desired: entry.line, live: now?.line, isForeign: false }];
  });
  const added = [...found.values()].flatMap((entry): readonly LiveChange[] =>
    wanted.has(entry.key)
      ? []
      : [{ key: entry.key, path: entry.path, desired: undefined, live: entry.line, isForeign: !ours.has(entry.key) }],
  );
  return [...missing, ...added];
}

/** "- " is only desired, "+ " only live, "? " live and foreign; each context is named once before its lines. */
export function liveChangesText(changes: readonly LiveChange[]): readonly string[] {
  const contexts = Map.groupBy(changes, ({ path }) => contextKeys(path).join("\n"));
  return [...contexts.values()].flatMap((inside) => {
    const path = inside[0]?.path ?? [];
    const heads = path.map((head, depth) => `  ${"  ".repeat(depth)}${head}`);
    const lines = inside.flatMap(({ desired, live, isForeign }) => [
      ...(desired === undefined ? [] : [`- ${"  ".repeat(path.length)}${desired}`]),
      ...(live === undefined ? [] : [`${isForeign ? "?" : "+"} ${"  ".repeat(path.length)}${live}`]),
    ]);
    return [...heads, ...lines];
  });
}
