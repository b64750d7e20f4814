/** FRR's configuration text as a tree of lines, by indentation, and back. Used on what was rendered and on what is live. */

/** A line and what stands inside it. */
export interface Node {
  readonly line: string;
  readonly children: readonly Node[];
}

interface Open {
  readonly indent: number;
  readonly line: string;
  readonly children: Open[];
  readonly byLine: Map<string, Open>;
}

/** Reads text. The same context twice becomes one; comments, blank lines and the words that leave a context vanish. */
export function parseConfig(text: string): readonly Node[] {
  const root = open(-1, "");
  addText(root, text);
  return root.children;
}

/** The union of several texts: what stands in any of them, once, the first text's order first. */
export function mergeConfigs(texts: readonly string[]): readonly Node[] {
  const root = open(-1, "");
  for (const text of texts) addText(root, text);
  return root.children;
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

/** A context to add to; `same` is the one of the same line seen before, perhaps at another indentation. */
function open(indent: number, line: string, same?: Open): Open {
  return { indent, line, children: same?.children ?? [], byLine: same?.byLine ?? new Map<string, Open>() };
}

function addText(root: Open, text: string): void {
  const stack = [root];
  for (const raw of text.split("\n")) {
    const line = raw.trim().replaceAll(/\s+/g, " ");
    if (line === "" || line.startsWith("!") || /^(exit|exit-.*|end)$/.test(line)) continue;
    const indent = raw.length - raw.trimStart().length;
    let parent = stack.at(-1) ?? root;
    while (indent <= parent.indent) {
      stack.pop();
      parent = stack.at(-1) ?? root;
    }
    const known = parent.byLine.get(line);
    const node = open(indent, line, known);
    if (!known) {
      parent.children.push(node);
      parent.byLine.set(line, node);
    }
    stack.push(node);
  }
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
