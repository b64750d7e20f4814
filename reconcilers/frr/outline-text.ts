/** Text of FRR read as an outline, by its indentation, and an outline printed. */
import { isAmbient } from "./grammar.ts";
import { isExit, opensContext } from "./openers.ts";
import {
  type Context,
  eachLine,
  headOf,
  isStretch,
  type Kind,
  namedKinds,
  type Outline,
  type Stretch,
} from "./outline.ts";
import { tidied } from "./words.ts";

/** What there may be thousands of on end, at the top. None of them opens a context. */
const kindsAtTop: readonly Kind[] = [...namedKinds, "access-list ", "ipv6 access-list "];
/** The same inside a context. */
const kindsInside: readonly Kind[] = ["neighbor ", "network ", "ip route ", "ipv6 route "];

interface Known {
  readonly text: string;
  readonly outline: Outline;
}

/** What was read or printed last: a plan reads the same few texts several times. */
const known: Known[] = [];
/** In characters, all together: as many as a plan of 60,000 lines reads. More only costs memory. */
const mostKnown = 10 * 2 ** 20;
/** All of them are looked through. */
const mostTexts = 40;

/** Reads text by its indentation. Comments, blank lines and the words that leave a context vanish. Linear. */
export function outlineOf(text: string): Outline {
  return remembered(text, () => new Reader(tidied(text)).read()).outline;
}

function remembered(text: string, outline: () => Outline): Known {
  const at = known.findIndex((one) => one.text === text);
  const [one = { text, outline: outline() }] = at === -1 ? [] : known.splice(at, 1);
  known.unshift(one);
  let size = 0;
  const tooMany = known.findIndex((other, index) => (size += other.text.length) > mostKnown || index === mostTexts);
  if (tooMany !== -1) known.length = Math.max(1, tooMany);
  return one;
}

/** Text that reads as the same, indented as FRR does it. */
export function printOutline(context: Context): string {
  const pieces: string[] = [];
  const isExact = print(context, 0, pieces);
  return remembered(pieces.join(""), () => ({ ...context, isExact })).text;
}

/** Whether everything in it is left by its own words. */
function print({ parts }: Context, depth: number, pieces: string[]): boolean {
  let isExact = true;
  for (const part of parts) {
    if (isStretch(part)) pieces.push(printed(part, depth));
    else {
      const head = headOf(part);
      const indent = " ".repeat(depth);
      pieces.push(`${indent}${head}\n`);
      if (!print(part, depth + 1, pieces) || part.parts.length === 0) isExact = false;
      if (part.parts.length === 0) continue;
      pieces.push(`${indent}${head.startsWith("address-family ") ? "exit-address-family" : "exit"}\n`);
    }
  }
  return isExact;
}

function printed(stretch: Stretch, depth: number): string {
  const { text, from, to, indent } = stretch;
  if (indent === depth) return text.slice(from, to);
  let lines = "";
  eachLine(stretch, (first, end) => (lines += `${" ".repeat(depth)}${text.slice(first, end)}\n`));
  return lines;
}

interface GrowingStretch extends Stretch {
  to: number;
}

interface Growing extends Context {
  readonly parts: (GrowingStretch | Growing)[];
  readonly inside: Map<string, Growing>;
}

function growing(path: readonly string[]): Growing {
  return { path, parts: [], inside: new Map(), holders: 1 };
}

interface Open {
  readonly context: Growing;
  readonly indent: number;
}

class Reader {
  private readonly text: string;
  private readonly root = growing([]);
  private readonly open: Open[] = [];
  private context = this.root;
  /** The line before, which is a context if the next one stands deeper: where it begins. */
  private last: { readonly from: number; readonly indent: number } | undefined;
  private isExact = true;

  constructor(text: string) {
    this.text = text;
  }

  read(): Outline {
    const { text } = this;
    for (let at = 0; at < text.length;) {
      let first = at;
      while (text.charCodeAt(first) === 32) first += 1;
      const end = text.indexOf("\n", first);
      const sign = text.charCodeAt(first);
      if (sign === 10 || sign === 33 || sign === 35) at = end + 1;
      else if (sign === 101 && isExit(text.slice(first, end))) {
        this.exit(first - at);
        at = end + 1;
      } else at = this.take(at, first, end);
    }
    return { ...this.root, isExact: this.isExact };
  }

  /** Where the line after those begins that it took. */
  private take(at: number, first: number, end: number): number {
    const { text } = this;
    const indent = first - at;
    if (this.last && indent > this.last.indent) this.enterLast(this.last);
    else this.leaveDown(indent);
    const kinds = this.context === this.root ? kindsAtTop : kindsInside;
    const kind = kinds.find((one) => text.startsWith(one, first));
    if (kind !== undefined) return this.takeAll(at, indent, kind, end + 1);
    const line = text.slice(first, end);
    const { path } = this.context;
    if (opensContext(path, line)) this.enter(line, indent);
    else {
      this.append(at, end + 1, indent, isAmbient(path, line) ? "ambient" : "");
      this.last = { from: at, indent };
    }
    return end + 1;
  }

  /** All lines of the kind that follow, the first of which ends before `next`. */
  private takeAll(at: number, indent: number, kind: Kind, next: number): number {
    const { text } = this;
    const begin = " ".repeat(indent) + kind;
    let [last, end] = [at, next];
    while (text.startsWith(begin, end)) {
      last = end;
      end = text.indexOf("\n", end) + 1;
    }
    this.append(at, end, indent, kind);
    this.last = { from: last, indent };
    return end;
  }

  private append(from: number, to: number, indent: number, kind: Kind): void {
    const { parts } = this.context;
    const before = parts.at(-1);
    const isNext =
      before && isStretch(before) && before.to === from && before.indent === indent && before.kind === kind;
    if (isNext) before.to = to;
    else parts.push({ text: this.text, from, to, indent, kind, holders: 1 });
  }

  private enter(line: string, indent: number): void {
    const { path, parts, inside } = this.context;
    const known = inside.get(line);
    const context = known ?? growing([...path, line]);
    // What stands between both may be meant to act between them.
    if (known) this.isExact = false;
    else {
      inside.set(line, context);
      parts.push(context);
    }
    this.open.push({ context, indent });
    this.context = context;
    this.last = undefined;
  }

  /** The line before has something inside although it is not known to: it is a context all the same. */
  private enterLast({ from, indent }: { readonly from: number; readonly indent: number }): void {
    this.isExact = false;
    const { parts } = this.context;
    const stretch = parts.at(-1);
    if (stretch && isStretch(stretch)) {
      stretch.to = from;
      if (stretch.from === from) parts.pop();
    }
    this.enter(this.text.slice(from + indent, this.text.indexOf("\n", from)), indent);
  }

  /** Leaves the contexts that a line is not deeper than. */
  private leaveDown(indent: number): void {
    while (indent <= (this.open.at(-1)?.indent ?? -1)) {
      this.isExact = false;
      this.leave();
    }
  }

  /** Leaves the last line that is not deeper, or the context that it stands in: that is not known of a line that opens none. */
  private exit(indent: number): void {
    if (this.last && this.last.indent > indent) this.last = undefined;
    while ((this.open.at(-1)?.indent ?? 0) > indent) this.leave();
    if (this.last) {
      this.isExact = false;
      this.last = undefined;
    } else this.leave();
  }

  private leave(): void {
    this.open.pop();
    this.context = this.open.at(-1)?.context ?? this.root;
    this.last = undefined;
  }
}
