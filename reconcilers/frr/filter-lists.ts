/** The lists of an FRR configuration by their names: of thousands only those are read that somebody asks for. */
import { type Context, eachLine, isStretch, linesIn, type Stretch } from "./outline.ts";

/** "ip prefix-list A", "route-map B", "bgp community-list C" whether it is a standard or an expanded one. */
export type FilterName = string;

const listLine =
  /^((?:ip|ipv6) prefix-list \S+|bgp as-path access-list \S+|(?:ipv6 )?access-list \S+) seq (\d+)(?: (.*))?$/;
const communityLine = /^bgp (\S*community-list) (standard|expanded) (\S+) seq (\d+)(?: (permit|deny) (.*))?$/;

/** An entry of a list: whose, its number, and what it says. */
export function listEntry(line: string): readonly [FilterName, number, string] | undefined {
  const [, kind, form, name, seq, action, value] = communityLine.exec(line) ?? [];
  if (kind !== undefined) return [`bgp ${kind} ${name}`, Number(seq), `${action} ${form} ${value}`];
  const [, list, number, says = ""] = listLine.exec(line) ?? [];
  return list === undefined ? undefined : [list, Number(number), says];
}

/** The line of an entry. */
export function entryLine(name: FilterName, number: number, says: string): string {
  const [, kind, list] = /^bgp (\S*community-list) (\S+)$/.exec(name) ?? [];
  const [action, form, ...value] = says.split(" ");
  if (kind === undefined) return `${name} seq ${number} ${says}`;
  return `bgp ${kind} ${form} ${list} seq ${number} ${action} ${value.join(" ")}`;
}

/** Where the entries of each list stand. */
export function listsIn(config: Context): ReadonlyMap<FilterName, readonly Stretch[]> {
  const lists = new Map<FilterName, Stretch[]>();
  for (const part of config.parts) {
    if (!isStretch(part) || part.kind === "ambient" || part.kind.endsWith(" route ")) continue;
    for (const [name, stretch] of listsOf(part)) {
      const some = lists.get(name);
      if (some) some.push(stretch);
      else lists.set(name, [stretch]);
    }
  }
  return lists;
}

/** Entries of one list that follow each other, by its name. */
function listsOf(stretch: Stretch): readonly (readonly [FilterName, Stretch])[] {
  const { text, indent, to } = stretch;
  const found: [FilterName, Stretch][] = [];
  let open: { readonly name: FilterName; readonly begin: string; readonly from: number } | undefined;
  const close = (end: number) => {
    if (open) found.push([open.name, { ...stretch, from: open.from, to: end }]);
    open = undefined;
  };
  eachLine(stretch, (first, end) => {
    if (open && text.startsWith(open.begin, first)) return;
    close(first - indent);
    const line = text.slice(first, end);
    const name = listEntry(line)?.[0];
    const begin = line.slice(0, line.indexOf(" seq ") + " seq ".length);
    open = name === undefined ? undefined : { name, begin, from: first - indent };
  });
  close(to);
  return found;
}

/** Entries by number, that commands change. */
export class Lists {
  private readonly written: ReadonlyMap<FilterName, readonly Stretch[]>;
  /** What was asked for, or changed; a list without entries is none. */
  private readonly read = new Map<FilterName, Map<number, string>>();

  constructor(written: ReadonlyMap<FilterName, readonly Stretch[]>) {
    this.written = written;
  }

  get(name: FilterName): ReadonlyMap<number, string> | undefined {
    const entries = this.entries(name);
    return entries.size > 0 ? entries : undefined;
  }

  has(name: FilterName): boolean {
    return (this.read.get(name)?.size ?? this.written.get(name)?.length ?? 0) > 0;
  }

  keys(): Iterable<FilterName> {
    return new Set([...this.written.keys(), ...this.read.keys()].filter((name) => this.has(name)));
  }

  put(name: FilterName, number: number, says: string): void {
    this.entries(name).set(number, says);
  }

  drop(name: FilterName, number: number): void {
    this.entries(name).delete(number);
  }

  private entries(name: FilterName): Map<number, string> {
    const known = this.read.get(name);
    if (known) return known;
    const entries = new Map<number, string>();
    for (const line of (this.written.get(name) ?? []).flatMap(linesIn)) {
      const [, number, says] = listEntry(line) ?? [undefined, 0, ""];
      entries.set(number, says);
    }
    this.read.set(name, entries);
    return entries;
  }
}
