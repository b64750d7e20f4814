/** Parts of a configuration, cut out of its stretches. */
import { type Context, eachLine, isStretch, type Kind, type Part, type Stretch } from "./outline.ts";

/** The part of a configuration that `keep` wants, a whole kind of lines at once where it can tell. Contexts stay for what is in them. */
export interface Selection {
  /** Of all lines of a kind in a context; undefined: they have to be looked at. */
  readonly ofKind: (path: readonly string[], kind: Kind) => boolean | undefined;
  readonly ofLine: (path: readonly string[], text: string, first: number, end: number) => boolean;
  /** Of all that is in a context and its head; undefined: what is in it has to be looked at. */
  readonly ofContext: (path: readonly string[]) => boolean | undefined;
}

export function selected(context: Context, selection: Selection): Context {
  const { path } = context;
  const parts = context.parts.flatMap((part): readonly Part[] => {
    if (isStretch(part)) {
      const isWanted = selection.ofKind(path, part.kind);
      return isWanted === true ? [part] : isWanted === false ? [] : runs(part, path, selection);
    }
    const isWanted = selection.ofContext(part.path);
    return isWanted === true ? [part] : isWanted === false ? [] : [selected(part, selection)];
  });
  return { ...context, parts };
}

/** Wanted lines of a stretch that follow each other. */
function runs(stretch: Stretch, path: readonly string[], { ofLine }: Selection): readonly Stretch[] {
  const { text, indent } = stretch;
  const found: Stretch[] = [];
  let from = -1;
  eachLine(stretch, (first, end) => {
    const isWanted = ofLine(path, text, first, end);
    if (isWanted && from === -1) from = first - indent;
    if (isWanted || from === -1) return;
    found.push({ ...stretch, from, to: first - indent });
    from = -1;
  });
  return from === -1 ? found : [...found, { ...stretch, from }];
}
