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
  readonly hash: number;
  children: Open[];
  /** Where the children are that have a hash, once there are many: their places plus one. */
  slots: Int32Array | undefined;
  /** The place of the child after the last one that was found. */
  after: number;
  /** The same context of another configuration, whose lines are most likely to come, in its order. */
  like: Open | undefined;
  holders: number;
}
const noChildren: Open[] = [];

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

/** The union of several texts (31 at most): what stands in any of them, once, the first text's order first. */
export function mergeConfigs(texts: readonly string[]): readonly Held[] {
  const root = open("", 0);
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
  const root = open("", 0);
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

function open(line: string, hash: number): Open {
  return { line, hash, children: noChildren, slots: undefined, after: 0, like: undefined, holders: 0 };
}

/** A root over nodes that were read here; undefined for others. */
function rootOf(nodes: readonly Node[]): Open | undefined {
  const isOpen = (node: Node): node is Open => "slots" in node;
  if (!nodes.every(isOpen)) return undefined;
  const root = open("", 0);
  root.children = [...nodes];
  if (nodes.length > fewChildren) fill(root);
  return root;
}

/** The child whose line stands in the text from `first` to `end`, perhaps seen before at another indentation. */
function childOf(parent: Open, text: string, first: number, end: number, holder: number): Open {
  // Several texts, and one that is read again, have most of their lines in one order.
  const next = parent.children[parent.after];
  if (next !== undefined && isAt(next.line, text, first, end)) return found(parent, next, parent.after, holder);
  const twin = parent.like?.children[parent.like.after];
  const isTwin = twin !== undefined && isAt(twin.line, text, first, end);
  const hash = isTwin ? twin.hash : hashOf(text, first, end);
  if (hash === undefined) {
    const words = wordsIn(text, first, end) ?? "";
    return childOf(parent, words, 0, words.length, holder);
  }
  const at = placeOf(parent, hash, text, first, end);
  const known = parent.children[at];
  if (known) return found(parent, known, at, holder);
  if (parent.children === noChildren) parent.children = [];
  const like = isTwin ? twin : alike(parent.like, hash, text, first, end);
  if (isTwin && parent.like) parent.like.after += 1;
  const child = open(like?.line ?? text.slice(first, end), hash);
  child.like = like;
  if (like) like.after = 0;
  child.holders = holder;
  parent.children.push(child);
  parent.after = parent.children.length;
  if (parent.children.length > fewChildren) fill(parent);
  return child;
}

/** The line elsewhere in the same context of the other configuration. */
function alike(like: Open | undefined, hash: number, text: string, first: number, end: number): Open | undefined {
  const at = like ? placeOf(like, hash, text, first, end) : -1;
  if (!like || at === -1) return undefined;
  like.after = at + 1;
  return like.children[at];
}

function found(parent: Open, child: Open, at: number, holder: number): Open {
  parent.after = at + 1;
  child.after = 0;
  child.holders |= holder;
  return child;
}

function isAt(line: string, text: string, first: number, end: number): boolean {
  return line.length === end - first && text.startsWith(line, first);
}

/** Fewer are looked through. */
const fewChildren = 8;

/** The place of a child, or -1. */
function placeOf({ children, slots }: Open, hash: number, text: string, first: number, end: number): number {
  if (!slots) return children.findIndex(({ line }) => isAt(line, text, first, end));
  const mask = slots.length - 1;
  for (let slot = hash & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
    const at = (slots[slot] ?? 0) - 1;
    const child = children[at];
    if (child && child.hash === hash && isAt(child.line, text, first, end)) return at;
  }
  return -1;
}

/** Gives the last child its slot, or all of them when the table becomes too full. */
function fill(parent: Open): void {
  const { children } = parent;
  const isRoomy = parent.slots !== undefined && children.length * 2 <= parent.slots.length;
  const slots = isRoomy && parent.slots ? parent.slots : new Int32Array(2 << (32 - Math.clz32(children.length)));
  parent.slots = slots;
  const mask = slots.length - 1;
  for (let at = isRoomy ? children.length - 1 : 0; at < children.length; at += 1) {
    let slot = (children[at]?.hash ?? 0) & mask;
    while (slots[slot] !== 0) slot = (slot + 1) & mask;
    slots[slot] = at + 1;
  }
}

/** FNV-1a, over all of the line: lines differ in their middle as well as at their ends. undefined: not single blanks only. */
function hashOf(text: string, first: number, end: number): number | undefined {
  let hash = 0x811c9dc5;
  let last = 0;
  for (let at = first; at < end; at += 1) {
    const code = text.charCodeAt(at);
    if (code <= 32 && (code !== 32 || last === 32)) return undefined;
    hash = Math.imul(hash ^ code, 0x01000193);
    last = code;
  }
  return hash ^ (hash >>> 15);
}

/** Whether no context was left without words of its own; all of the text is read only if nobody asks by `opens`. */
function addText(root: Open, text: string, holder: number, opens?: (line: string) => boolean): boolean {
  const stack = [root];
  const indents = [-1];
  root.after = 0;
  const leave = () => {
    indents.pop();
    return stack.pop();
  };
  for (let begin = 0; begin < text.length;) {
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
    stack.push(childOf(stack.at(-1) ?? root, text, first, end, holder));
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
