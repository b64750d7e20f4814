/** FRR's configuration as a tree of lines, and back to text. For what is small, or the few lines of a large one that matter. */
import { type Context, eachLine, headOf, isStretch, type Outline } from "./outline.ts";
import { outlineOf } from "./outline-text.ts";
import { unionOf } from "./union.ts";

/** A line and what stands inside it. */
export interface Node {
  readonly line: string;
  readonly children: readonly Node[];
}

/** Reads text. The same line twice in a context becomes one; comments, blank lines and the words that leave a context vanish. */
export function parseConfig(text: string): readonly Node[] {
  const outline = outlineOf(text);
  const known = trees.get(outline) ?? nodesOf(outline);
  trees.set(outline, known);
  return known;
}
const trees = new WeakMap<Outline, readonly Node[]>();

/** The union of several texts (31 at most): what stands in any of them, once, the first text's order first. */
export function mergeConfigs(texts: readonly string[]): readonly Node[] {
  return nodesOf(unionOf(texts.map((text) => outlineOf(text))));
}

/** All of it line by line. */
export function nodesOf(context: Context): readonly Node[] {
  const nodes = new Map<string, Node>();
  for (const part of context.parts) {
    if (!isStretch(part)) {
      const line = headOf(part);
      nodes.set(line, { line, children: nodesOf(part) });
      continue;
    }
    eachLine(part, (first, end) => {
      const line = part.text.slice(first, end);
      if (!nodes.has(line)) nodes.set(line, { line, children: nothing });
    });
  }
  return [...nodes.values()];
}
const nothing: readonly Node[] = [];

/** Text that parses to the same tree, indented as FRR does. */
export function printConfig(nodes: readonly Node[]): string {
  const lines: string[] = [];
  print(nodes, 0, lines);
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
}

/** Calls `visit` with every line and the lines that it stands in, outermost first; a context before what is in it. */
export function walk(
  nodes: readonly Node[],
  visit: (path: readonly string[], node: Node) => void,
  path: readonly string[] = [],
): void {
  for (const node of nodes) {
    visit(path, node);
    if (node.children.length > 0) walk(node.children, visit, [...path, node.line]);
  }
}

/** One string for a line at its place. */
export function pathKey(path: readonly string[], line: string): string {
  return path.length === 0 ? line : `${path.join("\n")}\n${line}`;
}

/** The same tree without the nodes that `keep` refuses (and what is inside them). */
export function filterConfig(
  nodes: readonly Node[],
  keep: (path: readonly string[], line: string) => boolean,
  path: readonly string[] = [],
): readonly Node[] {
  return nodes
    .filter((node) => keep(path, node.line))
    .map((node) => ({ line: node.line, children: filterConfig(node.children, keep, [...path, node.line]) }));
}

function print(nodes: readonly Node[], depth: number, lines: string[]): void {
  for (const node of nodes) {
    lines.push(" ".repeat(depth) + node.line);
    if (node.children.length === 0) continue;
    print(node.children, depth + 1, lines);
    const indent = " ".repeat(depth);
    lines.push(indent + (node.line.startsWith("address-family ") ? "exit-address-family" : "exit"));
  }
}
