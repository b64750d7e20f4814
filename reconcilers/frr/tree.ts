/** FRR's configuration text as a tree of lines, by indentation, and back. Used on what was rendered and on what is live. */

/** A line and what stands inside it. */
export interface Node {
  readonly line: string;
  readonly children: readonly Node[];
}

/** A node of several texts. */
export interface Held extends Node {
  readonly children: readonly Held[];
  /** In which of the texts it stands: bit 0 is the first. */
  readonly holders: number;
}

/** Most lines have nothing inside: those share what is empty. */
interface Open {
  readonly line: string;
  children: Open[];
  byLine: Map<string, Open> | undefined;
  holders: number;
}
const noChildren: Open[] = [];

/** Reads text. The same context twice becomes one; comments, blank lines and the words that leave a context vanish. */
export function parseConfig(text: string): readonly Node[] {
  return mergeConfigs([text]);
}

/** The union of several texts (31 at most): what stands in any of them, once, the first text's order first. */
export function mergeConfigs(texts: readonly string[]): readonly Held[] {
  const root = open("");
  texts.forEach((text, index) => addText(root, text, 1 << index));
  return root.children;
}

/**
 * The same as parseConfig of a text in which every context is left by its own words, so that indentation cannot tell
 * otherwise than FRR would read it; undefined for any other text. `opens`: whether a line at the top opens a context.
 */
export function parseExact(text: string, opens: (line: string) => boolean): readonly Node[] | undefined {
  const root = open("");
  return addText(root, text, 1, opens) ? root.children : undefined;
}

/** Whether both hold the same lines in the same contexts, in whatever order. */
export function isSameConfig(one: readonly Node[], other: readonly Node[]): boolean {
  if (one === other) return true;
  if (one.length !== other.length) return false;
  let at = 0;
  while (
    at < one.length &&
    one[at]?.line === other[at]?.line &&
    isSameConfig(one[at]?.children ?? [], other[at]?.children ?? [])
  ) {
    at += 1;
  }
  if (at === one.length) return true;
  const rest = new Map(other.slice(at).map((node) => [node.line, node]));
  return one.slice(at).every(({ line, children }) => {
    const same = rest.get(line);
    return same !== undefined && isSameConfig(children, same.children);
  });
}

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

function open(line: string): Open {
  return { line, children: noChildren, byLine: undefined, holders: 0 };
}

/** The child of that line, perhaps seen before at another indentation. */
function childOf(parent: Open, line: string, holder: number): Open {
  if (!parent.byLine) {
    parent.byLine = new Map();
    parent.children = [];
  }
  let child = parent.byLine.get(line);
  if (!child) {
    child = open(line);
    parent.children.push(child);
    parent.byLine.set(line, child);
  }
  child.holders |= holder;
  return child;
}

/** Whether no context was left without words of its own; all of the text is read only if nobody asks by `opens`. */
function addText(root: Open, text: string, holder: number, opens?: (line: string) => boolean): boolean {
  const stack = [root];
  const indents = [-1];
  const leave = () => {
    indents.pop();
    return stack.pop();
  };
  for (let begin = 0; begin < text.length;) {
    const newline = text.indexOf("\n", begin);
    const end = newline === -1 ? text.length : newline;
    let first = begin;
    while (first < end && isBlank(text.charCodeAt(first))) first += 1;
    const line = first < end ? wordsIn(text, first, end) : undefined;
    const indent = first - begin;
    begin = end + 1;
    if (line === undefined) continue;
    if (isExit(line)) {
      // The last line that is not deeper is the context, unless that has nothing in it.
      while ((indents.at(-1) ?? 0) > indent) leave();
      if (stack.length > 1) leave();
      continue;
    }
    while (indent <= (indents.at(-1) ?? -1)) {
      const left = leave();
      if (opens && left && (left.children.length > 0 || (stack.length === 1 && opens(left.line)))) return false;
    }
    stack.push(childOf(stack.at(-1) ?? root, line, holder));
    indents.push(indent);
  }
  return true;
}

/** The words of a line with single blanks; undefined for a comment. `first` is none. */
export function wordsIn(text: string, first: number, end: number): string | undefined {
  const sign = text.charCodeAt(first);
  if (sign === 33 || sign === 35) return undefined;
  const line = text.slice(first, end);
  return isBlank(text.charCodeAt(end - 1)) || line.includes("  ") || line.includes("\t")
    ? line.trim().replaceAll(/\s+/g, " ")
    : line;
}

/** Whether a line leaves a context. */
export function isExit(line: string): boolean {
  return line.charCodeAt(0) === 101 && (line === "exit" || line === "end" || line.startsWith("exit-"));
}

/** Blank, tab, carriage return and the like. */
function isBlank(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13);
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
