/**
 * Which parts of two configurations a difference of them may be about. Lists, route-maps and static routes that are the same
 * on both sides, and such neighbours of an instance that is, are most of a large configuration, and nothing depends on them.
 */
import { neighborOf, objectOf } from "./grammar.ts";
import { isSameConfig, type Node } from "./tree.ts";

export interface Relevant {
  /** Whether there is no difference at all. */
  readonly isSame: boolean;
  /** The part of a configuration, of these two or of a third, that matters. */
  part(config: readonly Node[]): readonly Node[];
  /** The rest of it. */
  rest(config: readonly Node[]): readonly Node[];
}

/** `also`: places of lines that matter although they are the same, as pathKey has them. Linear. */
export function relevantParts(
  one: readonly Node[],
  other: readonly Node[],
  also: ReadonlySet<string> = new Set(),
): Relevant {
  const different = differing(one, other);
  if (different.length === 0 && also.size === 0) return { isSame: true, part: () => [], rest: (config) => config };
  const objects = new Set<string>();
  for (const line of [...different.map((node) => node.line), ...[...also].map((key) => key.split("\n", 1)[0] ?? "")]) {
    if (isApart(line)) objects.add(objectOf([], line));
  }
  const kept = neighborsKept(one, other, [...also]);
  // Most lines are told apart by their first characters.
  const heads = new Set([...objects].map(headOf));
  const matters = ({ line }: Node) => !isApart(line) || (heads.has(headOf(line)) && objects.has(objectOf([], line)));
  return {
    isSame: false,
    part: (config) =>
      config.filter(matters).map((node) => {
        const names = kept.get(node.line);
        return names ? within(node, (line) => isKept(line, names)) : node;
      }),
    rest: (config) =>
      config.flatMap((node) => {
        if (!matters(node)) return [node];
        const names = kept.get(node.line);
        return names ? [within(node, (line) => !isKept(line, names))] : [];
      }),
  };
}

function headOf(line: string): string {
  return line.slice(0, 7);
}

/** The nodes of either that the other does not have alike. */
function differing(one: readonly Node[], other: readonly Node[]): readonly Node[] {
  let at = 0;
  const isAlike = (a: Node | undefined, b: Node | undefined) =>
    a !== undefined && b !== undefined && a.line === b.line && isSameConfig(a.children, b.children);
  while (isAlike(one[at], other[at])) at += 1;
  let [end, otherEnd] = [one.length, other.length];
  while (end > at && otherEnd > at && isAlike(one[end - 1], other[otherEnd - 1])) {
    end -= 1;
    otherEnd -= 1;
  }
  const rest = new Map(other.slice(at, otherEnd).map((node) => [node.line, node]));
  const different: Node[] = [];
  for (const node of one.slice(at, end)) {
    if (!isAlike(node, rest.get(node.line))) different.push(node);
    rest.delete(node.line);
  }
  return [...different, ...rest.values()];
}

/** Whether a line at the top begins an object that others only refer to by its name. */
function isApart(line: string): boolean {
  if (line.startsWith("ip prefix-list ") || line.startsWith("ip route ")) return true;
  return /^(?:ipv6 (?:prefix-list|route)|route-map|bgp (?:as-path|\S*community-list)) /.test(line);
}

/** Of instances whose own lines are the same on both sides: the neighbours that differ, and all that have to do with groups. */
function neighborsKept(
  one: readonly Node[],
  other: readonly Node[],
  also: readonly string[],
): ReadonlyMap<string, ReadonlySet<string>> {
  const kept = new Map<string, ReadonlySet<string>>();
  for (const { line, children } of one) {
    if (!line.startsWith("router bgp ") || also.some((key) => key.startsWith(line))) continue;
    const same = other.find((node) => node.line === line)?.children;
    const own = same && differing(withoutFamilies(children), withoutFamilies(same));
    if (!same || !own || own.some((node) => neighborOf([line], node.line) === undefined)) continue;
    const inside = families([...children, ...same]).flatMap((family) => {
      const both = [children, same].map((nodes) => nodes.find((node) => node.line === family)?.children ?? []);
      return differing(both[0] ?? [], both[1] ?? []);
    });
    const names = new Set([...own, ...inside].flatMap((node) => neighborOf([line], node.line) ?? []));
    for (const node of [...children, ...same]) {
      const isOfGroup = node.line.includes(" peer-group");
      if (isOfGroup && /^neighbor \S+ (?:interface (?:v6only )?)?peer-group\b/.test(node.line))
        names.add(neighborOf([line], node.line) ?? "");
    }
    kept.set(line, names);
  }
  return kept;
}

function withoutFamilies(nodes: readonly Node[]): readonly Node[] {
  return nodes.filter(({ line }) => !line.startsWith("address-family "));
}

function families(nodes: readonly Node[]): readonly string[] {
  return [...new Set(nodes.flatMap(({ line }) => (line.startsWith("address-family ") ? [line] : [])))];
}

/** A context with some of its lines, also of those inside its families, which themselves are there for what is in them. */
function within(node: Node, keep: (line: string) => boolean): Node {
  const children = node.children.flatMap((child): readonly Node[] => {
    if (child.line.startsWith("address-family "))
      return [{ line: child.line, children: child.children.filter(({ line }) => keep(line)) }];
    return keep(child.line) ? [child] : [];
  });
  return { line: node.line, children };
}

function isKept(line: string, names: ReadonlySet<string>): boolean {
  const name = neighborOf(["router bgp "], line);
  return name === undefined || names.has(name);
}

/** Two parts of one configuration put together again: contexts that both have become one. */
export function joined(one: readonly Node[], other: readonly Node[]): readonly Node[] {
  const rest = new Map(other.map((node) => [node.line, node]));
  const first = one.map((node) => {
    const more = rest.get(node.line);
    rest.delete(node.line);
    return more === undefined ? node : { line: node.line, children: joined(node.children, more.children) };
  });
  return [...first, ...rest.values()];
}
