/**
 * Which parts of two configurations a difference of them may be about. Lists, route-maps and static routes that are the same
 * on both sides, and such neighbours of an instance that is, are most of a large configuration, and nothing depends on them.
 */
import { neighborOf, objectOf } from "./grammar.ts";
import { type Context, isStretch, linesIn, namedKinds } from "./outline.ts";
import { selected, type Selection } from "./selection.ts";
import { type Node, nodesOf } from "./tree.ts";
import { contextsOf, unlike } from "./unlike.ts";

export interface Relevant {
  /** Whether there is no difference at all. */
  readonly isSame: boolean;
  /** The part of a configuration, of these two or of a third, that matters. */
  part(config: Context): readonly Node[];
  /** The rest of it. */
  rest(config: Context): Context;
}

/** `also`: places of lines that matter although they are the same, as pathKey has them. Linear. */
export function relevantParts(one: Context, other: Context, also: ReadonlySet<string> = new Set()): Relevant {
  const { lines, contexts } = unlike(one, other);
  const different = [...lines, ...contexts];
  const isSame = different.length === 0 && also.size === 0;
  const roots = [...different, ...[...also].map((key) => key.split("\n", 1)[0] ?? "")];
  const objects = new Set(roots.flatMap((line) => apart(line) ?? []));
  const kept = neighborsKept(one, other, [...also]);
  return {
    isSame,
    part: (config) => (isSame ? [] : nodesOf(selected(config, selecting(true, objects, kept)))),
    rest: (config) => (isSame ? config : selected(config, selecting(false, objects, kept))),
  };
}

/** Instances, by the line that opens them, and the names of the neighbours in them that matter. */
type Kept = ReadonlyMap<string, ReadonlySet<string>>;

/** What matters, or what does not. */
function selecting(isPart: boolean, objects: ReadonlySet<string>, kept: Kept): Selection {
  const kinds = new Set([...objects].map((object) => namedKinds.find((kind) => object.startsWith(kind))));
  const isObject = objectTest(objects);
  return {
    ofKind: (path, kind) => {
      const [root] = path;
      if (root === undefined) {
        if (kind === "") return undefined;
        return namedKinds.includes(kind) ? (kinds.has(kind) ? undefined : !isPart) : isPart;
      }
      return kept.has(root) && (kind === "neighbor " || kind === "") ? undefined : isPart;
    },
    ofLine: ([root], text, first, end) => {
      if (root !== undefined) {
        const name = text.startsWith("neighbor ", first) ? wordAt(text, first + "neighbor ".length, end) : undefined;
        const negated = text.startsWith("no neighbor ", first)
          ? wordAt(text, first + "no neighbor ".length, end)
          : undefined;
        const neighbor = name ?? negated;
        return (neighbor === undefined || kept.get(root)?.has(neighbor) === true) === isPart;
      }
      return isObject(text, first, end) === isPart;
    },
    ofContext: (path) => {
      const [root = "", inner] = path;
      if (inner === undefined) {
        const map = root.startsWith("route-map ") ? apart(root) : undefined;
        if (map !== undefined) return objects.has(map) === isPart;
        return kept.has(root) ? undefined : isPart;
      }
      return kept.has(root) && inner.startsWith("address-family ") && path.length === 2 ? undefined : isPart;
    },
  };
}

function wordAt(text: string, from: number, end: number): string {
  const blank = text.indexOf(" ", from);
  return text.slice(from, blank === -1 || blank > end ? end : blank);
}

/** Whether a line at the top is of one of these objects, or of none that stands apart. */
function objectTest(objects: ReadonlySet<string>): (text: string, first: number, end: number) => boolean {
  let [before, isBefore] = ["", false];
  return (text, first, end) => {
    // Lines of one list follow each other.
    if (before !== "" && text.startsWith(before, first)) return isBefore;
    const line = text.slice(first, end);
    const object = line.startsWith("no ") ? undefined : apart(line);
    if (object === undefined) return true;
    before = `${object} `;
    isBefore = objects.has(object);
    return isBefore;
  };
}

/** The list, route or whole route-map that a line at the top, or one that takes it away, is about; undefined: it is no such line. */
function apart(line: string): string | undefined {
  const positive = line.replace(/^no /, "");
  if (positive.startsWith("route-map ")) return positive.split(" ", 2).join(" ");
  return namedKinds.some((kind) => positive.startsWith(kind)) ? objectOf([], positive) : undefined;
}

/** Of instances whose own lines are the same on both sides: the neighbours that differ, and all that have to do with groups. */
function neighborsKept(one: Context, other: Context, also: readonly string[]): Kept {
  const kept = new Map<string, ReadonlySet<string>>();
  const others = contextsOf(other);
  for (const [root, context] of contextsOf(one)) {
    const same = others.get(root);
    if (!root.startsWith("router bgp ") || !same || also.some((key) => key.startsWith(root))) continue;
    const { lines, contexts } = unlike(context, same);
    const isFamily = (line: string) => line.startsWith("address-family ");
    const isNeighbor = (line: string) => neighborOf([root], line) !== undefined;
    if (!lines.every(isNeighbor) || !contexts.every(isFamily)) continue;
    const [families, sameFamilies] = [contextsOf(context), contextsOf(same)];
    const inside = contexts.flatMap((family) => unlike(families.get(family), sameFamilies.get(family)).lines);
    const all = [...lines, ...inside, ...groupLines(context), ...groupLines(same)];
    kept.set(root, new Set(all.flatMap((line) => neighborOf([root], line) ?? [])));
  }
  return kept;
}

/** What makes a peer-group, or a member of one. */
export function groupLines({ parts }: Context): readonly string[] {
  const some = parts.filter(isStretch).filter(({ text, from, to }) => text.slice(from, to).includes(" peer-group"));
  return some.flatMap(linesIn).filter((line) => /^neighbor \S+ (?:interface (?:v6only )?)?peer-group\b/.test(line));
}
