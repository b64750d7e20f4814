/**
 * The lines of a tree while it is built: found again by their place, by the tree that is most likely to be the same, or by
 * their hash. Texts of a large configuration are the same for thousands of lines on end: those are compared as one.
 */
import type { Held, Node } from "./tree.ts";

/** Most lines have nothing inside: those share what is empty. */
export interface Open extends Held {
  readonly line: string;
  readonly hash: number;
  /** Where it was read first, from the start of its line, blanks and all; -1: it stands there otherwise. */
  readonly text: string;
  readonly start: number;
  children: Open[];
  /** Where the first `filled` children are by their hash, once somebody asked: their places plus one. */
  slots: Int32Array | undefined;
  filled: number;
  /** The place of the child after the last one that was found. */
  after: number;
  /** The same context of another configuration, whose lines are most likely to come, in its order. */
  like: Open | undefined;
  /** The context of another configuration that has this line too. */
  twinIn: Open | undefined;
  holders: number;
}
const noChildren: Open[] = [];

/** What all lines at the top stand in. */
export function newRoot(): Open {
  return open("", 0, "", -1, 0);
}

function open(line: string, hash: number, text: string, start: number, holders: number): Open {
  const children = noChildren;
  const slots = undefined;
  return { line, hash, text, start, children, slots, filled: 0, after: 0, like: undefined, twinIn: undefined, holders };
}

/** A root over nodes that were read here; undefined for others. */
export function rootOf(nodes: readonly Node[]): Open | undefined {
  const isOpen = (node: Node): node is Open => "slots" in node;
  if (!nodes.every(isOpen)) return undefined;
  const root = newRoot();
  root.children = [...nodes];
  return root;
}

/**
 * The child whose line stands in the text from `first` to `end`, perhaps seen before at another indentation. `start`: where
 * its line begins, blanks and all.
 */
export function childOf(parent: Open, text: string, start: number, first: number, end: number, holder: number): Open {
  // Several texts, and one that is read again, have most of their lines in one order.
  const next = parent.children[parent.after];
  if (next !== undefined && isAt(next.line, text, first, end)) return found(parent, next, parent.after, holder);
  const twin = parent.like?.children[parent.like.after];
  const isTwin = twin !== undefined && isAt(twin.line, text, first, end);
  const hash = isTwin ? twin.hash : hashOf(text, first, end);
  if (hash === undefined) {
    const words = wordsIn(text, first, end) ?? "";
    return childOf(parent, words, -1, 0, words.length, holder);
  }
  const at = placeOf(parent, hash, text, first, end);
  const known = parent.children[at];
  if (known) return found(parent, known, at, holder);
  if (parent.children === noChildren) parent.children = [];
  const like = isTwin ? twin : alike(parent.like, hash, text, first, end);
  if (isTwin && parent.like) parent.like.after += 1;
  return added(parent, like, open(like?.line ?? text.slice(first, end), hash, text, start, holder));
}

function added(parent: Open, like: Open | undefined, child: Open): Open {
  child.like = like;
  if (like) {
    like.after = 0;
    like.twinIn = parent;
  }
  if (parent.children === noChildren) parent.children = [];
  parent.children.push(child);
  parent.after = parent.children.length;
  return child;
}

export interface Place {
  readonly text: string;
  /** Where its line begins, blanks and all. */
  readonly start: number;
  /** How many blanks there are. */
  readonly indent: number;
  readonly holder: number;
  /** Lines that end a run, and are none of it. */
  readonly stops: ((line: string) => boolean) | undefined;
}

export interface Run {
  readonly last: Open;
  /** Where the line after it begins. */
  readonly next: number;
}

/**
 * Takes in all lines from a place on that are those which come next in the tree, or in the one that is like it, as they were read
 * there: character for character, with nothing in between or inside. undefined: not even one.
 */
export function runOf(parent: Open, { text, start, indent, holder, stops }: Place): Run | undefined {
  const { like } = parent;
  const isOwn = parent.after < parent.children.length;
  const among = isOwn ? parent : like;
  const source = among?.children[among.after];
  if (!among || !source || source.start < 0 || source.text.length === 0) return undefined;
  const until = source.start + sameLength(text, start, source.text, source.start);
  let at = source.start;
  let last: Open | undefined;
  for (let one: Open | undefined = source; one; one = among.children[among.after]) {
    const next = at + indent + one.line.length + 1;
    const isNext = one.text === source.text && one.start === at && next <= until && isWhole(one, indent, next);
    if (!isNext || (isOwn ? one.children.length > 0 : one.twinIn === parent) || stops?.(one.line)) break;
    among.after += 1;
    if (isOwn) last = found(parent, one, among.after - 1, holder);
    else last = added(parent, one, open(one.line, one.hash, text, start + at - source.start, holder));
    at = next;
  }
  return last && { last, next: start + at - source.start };
}

/** Whether it is all of its line in its text, but for blanks before it. */
function isWhole({ text, start, line }: Open, indent: number, next: number): boolean {
  const before = indent === 0 || text.charCodeAt(start + indent - 1) <= 32;
  return before && text.charCodeAt(start + indent) === line.charCodeAt(0) && text.charCodeAt(next - 1) === 10;
}

/** For how long two texts are the same from these places on, in steps. */
function sameLength(one: string, from: number, other: string, begin: number): number {
  let length = 0;
  for (const step of [65536, 4096, 256]) {
    const most = Math.min(one.length - from, other.length - begin) - step;
    while (
      length <= most &&
      isAt(other.slice(begin + length, begin + length + step), one, from + length, from + length + step)
    ) {
      length += step;
    }
  }
  return length;
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
function placeOf(parent: Open, hash: number, text: string, first: number, end: number): number {
  const { children } = parent;
  if (children.length <= fewChildren) return children.findIndex(({ line }) => isAt(line, text, first, end));
  const slots = filled(parent);
  const mask = slots.length - 1;
  for (let slot = hash & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
    const at = (slots[slot] ?? 0) - 1;
    const child = children[at];
    if (child && child.hash === hash && isAt(child.line, text, first, end)) return at;
  }
  return -1;
}

/** The table of all children by their hash. */
function filled(parent: Open): Int32Array {
  const { children } = parent;
  if (!parent.slots || children.length * 2 > parent.slots.length) {
    parent.slots = new Int32Array(2 << (32 - Math.clz32(children.length)));
    parent.filled = 0;
  }
  const { slots } = parent;
  const mask = slots.length - 1;
  for (; parent.filled < children.length; parent.filled += 1) {
    let slot = (children[parent.filled]?.hash ?? 0) & mask;
    while (slots[slot] !== 0) slot = (slot + 1) & mask;
    slots[slot] = parent.filled + 1;
  }
  return slots;
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

/** The words of a line with single blanks; undefined for a comment. `first` is none. */
export function wordsIn(text: string, first: number, end: number): string | undefined {
  const sign = text.charCodeAt(first);
  if (sign === 33 || sign === 35) return undefined;
  const line = text.slice(first, end);
  return isBlank(text.charCodeAt(end - 1)) || line.includes("  ") || line.includes("\t")
    ? line.trim().replaceAll(/\s+/g, " ")
    : line;
}

/** Blank, tab, carriage return and the like. */
export function isBlank(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13);
}
