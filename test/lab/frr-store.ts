/** The configuration of one simulated FRR daemon: a tree of lines with FRR's rules for `no`, replacing and contexts. */
import {
  headKind,
  isIdentity,
  lineKey,
  listContent,
  neighborOf,
  replacedByRemoval,
} from "../../reconcilers/frr/grammar.ts";
import type { Daemon } from "../../reconcilers/frr/model.ts";
import { daemonsOf } from "../../reconcilers/frr/route.ts";

export interface StoreReply {
  readonly status: number;
  readonly text: string;
}

export interface Line {
  readonly line: string;
  readonly children: Map<string, Line>;
}

const ok: StoreReply = { status: 0, text: "" };
const failed = (text: string): StoreReply => ({ status: 13, text: `${text}\n` });

/** Lines whose negative form is what FRR prints. */
const negativeForms =
  /^(?:bgp default ipv4-unicast|bgp ebgp-requires-policy|bgp network import-check|bgp suppress-duplicates|bgp enforce-first-as|neighbor \S+ send-community|neighbor \S+ enforce-first-as|neighbor \S+ activate|ip ospf passive|passive-interface \S+)/;

/** Lines that only make sense at the top: FRR finds them there from inside any context. */
const topLine =
  /^(?:(?:ip|ipv6) (?:prefix-list|route|router-id|protocol|nht) |(?:ipv6 )?access-list |bgp \S*(?:access-list|community-list) |debug )/;

/** What `no` takes although it says something else: a next hop of another distance, an AS-path entry of another number. */
function isTaken(line: string, rest: string): boolean {
  const target = (text: string) => /^(ip(?:v6)? route .*?)(?: tag \d+)?(?: \d+)?$/.exec(text)?.[1];
  const regex = (text: string) => /^(bgp as-path access-list \S+) seq \d+ \S+ (.*)$/.exec(text)?.slice(1).join(" ");
  const own = target(line) ?? regex(line);
  return own !== undefined && own === (target(rest) ?? regex(rest));
}

/** FRR prints what it must read first before what refers to it: groups, peers, what is said of them, and their families. */
function rank(line: string): number {
  if (line.startsWith("address-family ")) return 4;
  if (!line.startsWith("neighbor ")) return 0;
  if (/^neighbor \S+ peer-group$/.test(line)) return 1;
  return /^neighbor \S+ (?:remote-as|peer-group|interface)\b/.test(line) ? 2 : 3;
}

export class ConfigStore {
  readonly lines = new Map<string, Line>();
  private readonly daemon: Daemon;

  constructor(daemon: Daemon) {
    this.daemon = daemon;
  }

  /** Executes one configuration command in a context; gives the reply and the context after it. */
  execute(path: readonly string[], command: string): { readonly reply: StoreReply; readonly path: readonly string[] } {
    const line = command.trim().replaceAll(/\s+/g, " ");
    if (/^exit(-address-family)?$/.test(line)) return { reply: ok, path: path.slice(0, -1) };
    const positive = line.replace(/^no /, "");
    const atTop = topLine.test(positive) || headKind([], positive) !== undefined;
    const where = atTop ? [] : path;
    if (!daemonsOf(where, line).includes(this.daemon)) {
      return { reply: { status: 2, text: `% [${this.daemon.toUpperCase()}] Unknown command: ${command}\n` }, path };
    }
    const context = this.context(where);
    if (!context) return { reply: failed("% No such context"), path };
    if (line.startsWith("no ")) return { reply: this.remove(where, context, positive), path: where };
    const reply = this.add(where, context, line);
    const opens = reply.status === 0 && headKind(where, line) !== undefined;
    return { reply, path: opens ? [...where, line] : where };
  }

  /** `show running-config`. */
  print(): string {
    const out: string[] = [];
    const print = (lines: Map<string, Line>, indent: string): void => {
      const ordered = [...lines.values()].sort((a, b) => rank(a.line) - rank(b.line));
      for (const { line, children } of ordered) {
        if (children.size === 0 && /^(interface|vrf|address-family) /.test(line)) continue;
        out.push(indent + line);
        const head = headKind(indent === "" ? [] : indent === " " ? ["bfd"] : [], line) !== undefined;
        print(children, `${indent} `);
        if (line.startsWith("address-family ")) out.push(`${indent}exit-address-family`, "!");
        else if (head) out.push(`${indent}exit`, "!");
      }
    };
    print(this.lines, "");
    return out.join("\n");
  }

  /** The lines in a context, or undefined when there is none. */
  context(path: readonly string[]): Map<string, Line> | undefined {
    let lines: Map<string, Line> | undefined = this.lines;
    path.forEach((line, depth) => {
      lines = lines?.get(lineKey(path.slice(0, depth), line))?.children;
    });
    return lines;
  }

  private add(path: readonly string[], context: Map<string, Line>, line: string): StoreReply {
    const refusal = this.refusal(path, line);
    if (refusal !== undefined) return failed(refusal);
    const key = lineKey(path, line);
    const content = listContent(path, line);
    // FRR drops an entry of a list that says what another one says, and answers well.
    const same = [...context].some(([other, known]) => other !== key && listContent(path, known.line) === content);
    if (content !== undefined && same) return ok;
    const old = context.get(key);
    if (old?.line.startsWith("no ") && negativeForms.test(line)) {
      context.delete(key);
      return ok;
    }
    if (old && old.line !== line && replacedByRemoval(path, line, old.line))
      return failed("% Remove the old one first");
    context.set(key, { line, children: old?.children ?? new Map<string, Line>() });
    return ok;
  }

  private refusal(path: readonly string[], line: string): string | undefined {
    if (path.length === 0 && /^router bgp \d+$/.test(line)) {
      const other = [...this.lines.values()].find(
        (known) => /^router bgp \d+$/.test(known.line) && known.line !== line,
      );
      return other && `BGP is already running; AS is ${other.line.split(" ")[2]}`;
    }
    const conflict = this.conflict(path, line);
    if (conflict !== undefined) return conflict;
    const neighbor = neighborOf(path, line);
    if (neighbor === undefined) return undefined;
    const router = [...(this.context(path.slice(0, 1))?.values() ?? [])];
    const group = /^neighbor \S+ peer-group (\S+)$/.exec(line)?.[1];
    if (group !== undefined && !router.some((known) => known.line === `neighbor ${group} peer-group`)) {
      return "% Configure the peer-group first";
    }
    const known = router.some(
      ({ line: other }) => isIdentity(path.slice(0, 1), other) && neighborOf(path, other) === neighbor,
    );
    return known || isIdentity(path, line) ? undefined : "% Specify remote-as or peer-group commands first";
  }

  /** Lines of which FRR has only one kind under a name, or at a neighbour. */
  private conflict(path: readonly string[], line: string): string | undefined {
    const lines = [...(this.context(path)?.values() ?? [])].map((known) => known.line);
    const list = /^bgp (\S*community-list) (standard|expanded) (\S+) /.exec(line);
    if (list && path.length === 0) {
      const other = `bgp ${list[1]} ${list[2] === "standard" ? "expanded" : "standard"} ${list[3]} `;
      if (lines.some((known) => known.startsWith(other))) return "% Community name conflict, previously defined";
    }
    const filter = /^neighbor (\S+) (distribute|prefix)-list \S+ (in|out)$/.exec(line);
    if (filter) {
      const other = `neighbor ${filter[1]} ${filter[2] === "prefix" ? "distribute" : "prefix"}-list `;
      if (lines.some((known) => known.startsWith(other) && known.endsWith(` ${filter[3]}`))) {
        return "% Prefix/distribute list can not co-exist";
      }
    }
    return undefined;
  }

  private remove(path: readonly string[], context: Map<string, Line>, rest: string): StoreReply {
    const neighbor = neighborOf(path, rest);
    const whole = /^neighbor \S+(?: remote-as(?: \S+)?| peer-group(?: \S+)?| interface)?$/;
    if (neighbor !== undefined && path.length === 1 && whole.test(rest)) return this.removeNeighbor(path, neighbor);
    const gone = [...context].filter(
      ([, { line }]) => line === rest || line.startsWith(`${rest} `) || isTaken(line, rest),
    );
    // Of an AS-path list the first entry with that expression goes, whatever was said of it.
    if (rest.startsWith("bgp as-path ")) gone.splice(1);
    for (const [key] of gone) context.delete(key);
    if (gone.length > 0) return ok;
    // An entry that is not there may go.
    if (path.length === 0 && /^(?:(?:ip|ipv6) prefix-list|route-map) /.test(rest)) return ok;
    if (!negativeForms.test(rest)) return failed("% Can't find it");
    context.set(lineKey(path, rest), { line: `no ${rest}`, children: new Map() });
    return ok;
  }

  private removeNeighbor(path: readonly string[], neighbor: string): StoreReply {
    const router = this.context(path);
    const names = new Set([neighbor]);
    for (const { line } of router?.values() ?? []) {
      const member = /^neighbor (\S+) peer-group (\S+)$/.exec(line);
      if (member?.[1] !== undefined && member[2] === neighbor) names.add(member[1]);
    }
    let removed = 0;
    const sweep = (lines: Map<string, Line>): void => {
      for (const [key, { line, children }] of lines) {
        const of = neighborOf(path, line);
        if (of !== undefined && names.has(of)) removed += lines.delete(key) ? 1 : 0;
        else sweep(children);
      }
    };
    if (router) sweep(router);
    return removed > 0 ? ok : failed("% Specify remote-as or peer-group commands first");
  }
}
