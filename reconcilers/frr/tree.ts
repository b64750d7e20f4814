/** FRR's configuration text as a tree of lines, by indentation, and back. Used on what was rendered and on what is live. */
import { childOf, isBlank, newRoot, type Open, rootOf, runOf } from "./lines.ts";

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

/** Reads text. The same context twice becomes one; comments, blank lines and the words that leave a context vanish. */
export function parseConfig(text: string): readonly Node[] {
  const found = known.find((one) => one.text === text);
  if (found) return found.nodes;
  const nodes = mergeConfigs([text]);
  remember(text, nodes);
  return nodes;
}

/** What was read or printed last: a plan reads the same few texts several times. */
const known: { readonly text: string; readonly nodes: readonly Node[] }[] = [];
const mostKnown = 3;

function remember(text: string, nodes: readonly Node[]): void {
  known.unshift({ text, nodes });
  known.length = Math.min(known.length, mostKnown);
}

/**
 * The union of several texts (31 at most): what stands in any of them, once, the first text's order first. `like`: the union of
 * texts that are most likely to be the same for the most part.
 */
export function mergeConfigs(texts: readonly string[], like: readonly Node[] = []): readonly Held[] {
  const root = newRoot();
  root.like = rootOf(like);
  texts.forEach((text, index) => addText(root, text, 1 << index));
  return root.children;
}

/**
 * The same as parseConfig of a text in which every context is left by its own words, so that indentation cannot tell
 * otherwise than FRR would read it; undefined for any other text. `opens`: whether a line at the top opens a context.
 * `like`: a configuration that is most likely to be the same for the most part: it is read, and compared with it, faster.
 */
export function parseExact(
  text: string,
  opens: (line: string) => boolean,
  like: readonly Node[] = [],
): readonly Node[] | undefined {
  const root = newRoot();
  root.like = rootOf(like);
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
  const text = lines.length === 0 ? "" : `${lines.join("\n")}\n`;
  remember(text, nodes);
  return text;
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

/** After one failure runs are not looked for at once: that would cost more than it saves. */
const pauseChars = 256;

/** Whether no context was left without words of its own; all of the text is read only if nobody asks by `opens`. */
function addText(root: Open, text: string, holder: number, opens?: (line: string) => boolean): boolean {
  const stack: Open[] = [root];
  const indents = [-1];
  let tryFrom = 0;
  root.after = 0;
  const leave = () => {
    indents.pop();
    return stack.pop();
  };
  for (let begin = 0; begin < text.length;) {
    const start = begin;
    const newline = text.indexOf("\n", begin);
    const until = newline === -1 ? text.length : newline;
    let first = begin;
    while (first < until && isBlank(text.charCodeAt(first))) first += 1;
    let end = until;
    while (end > first && isBlank(text.charCodeAt(end - 1))) end -= 1;
    const indent = first - begin;
    begin = until + 1;
    const sign = text.charCodeAt(first);
    if (first === end || sign === 33 || sign === 35) continue;
    if (sign === 101 && isExit(text.slice(first, end))) {
      // The last line that is not deeper is the context, unless that has nothing in it.
      while ((indents.at(-1) ?? 0) > indent) leave();
      if (stack.length > 1) leave();
      continue;
    }
    while (indent <= (indents.at(-1) ?? -1)) {
      const left = leave();
      if (opens && left && (left.children.length > 0 || (stack.length === 1 && opens(left.line)))) return false;
    }
    const parent = stack.at(-1) ?? root;
    const stops = parent === root ? opens : undefined;
    const run = start >= tryFrom ? runOf(parent, { text, start, indent, holder, stops }) : undefined;
    if (run) begin = run.next;
    else if (start >= tryFrom) tryFrom = start + pauseChars;
    stack.push(run?.last ?? childOf(parent, text, start, first, end, holder));
    indents.push(indent);
  }
  return true;
}

/** Whether a line leaves a context. */
export function isExit(line: string): boolean {
  return line.charCodeAt(0) === 101 && (line === "exit" || line === "end" || line.startsWith("exit-"));
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
