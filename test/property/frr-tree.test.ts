import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Context, headOf, isStretch, linesIn } from "../../reconcilers/frr/outline.ts";
import { outlineOf, printOutline } from "../../reconcilers/frr/outline-text.ts";
import { readSource } from "../../reconcilers/frr/source.ts";
import { parseConfig, pathKey, printConfig, walk } from "../../reconcilers/frr/tree.ts";
import { unionOf } from "../../reconcilers/frr/union.ts";
import { contextsOf, isAlike, unlike } from "../../reconcilers/frr/unlike.ts";

/** Long enough to be compared as one, with what interrupts that: other lines, contexts, comments, blanks, lines said twice. */
const pieces: fc.Arbitrary<string> = fc.oneof(
  fc.tuple(fc.nat(3), fc.nat(30)).map(([name, count]) => {
    return lines(count, (at) => `ip prefix-list L${name} seq ${at} permit 10.${name}.${at}.0/24`);
  }),
  fc.nat(20).map((count) => {
    const inside = lines(count, (at) => ` neighbor 192.0.2.${at} remote-as 64496`);
    const family = lines(count, (at) => `  neighbor 192.0.2.${at} activate`);
    return `router bgp 64500\n${inside} address-family ipv4 unicast\n${family} exit-address-family\nexit\n`;
  }),
  fc.nat(2).map((name) => `route-map M${name} permit 10\n match ip address prefix-list L${name}\nexit\n`),
  fc.nat(2).map((at) => `interface e${at}\nexit\n!\n`),
  fc.nat(9).map((at) => `ip route 10.0.${at}.0/24  Null0\n`),
  fc.nat(9).map((at) => `ip route 10.0.${at}.0/24 Null0 \n`),
  fc.constantFrom("!\n", "\n", "# said\n", "ip route 10.9.9.0/24 Null0\n"),
);
const texts = fc.array(pieces, { maxLength: 12 }).map((all) => all.join(""));
/** Lines that open contexts, leave them, do neither, or do so only by their indentation, each as deep as may be. */
const odd = fc
  .array(
    fc.tuple(
      fc.nat(2),
      fc.constantFrom(
        "router bgp 64500",
        "address-family ipv4 unicast",
        "route-map M permit 10",
        "vrf red",
        "odd thing",
        "match tag 7",
        "neighbor 192.0.2.1 activate",
        "ip route 10.0.0.0/8 Null0",
        "exit-address-family",
        "exit",
        "end",
        "!",
      ),
    ),
    { maxLength: 10 },
  )
  .map((all) => all.map(([depth, line]) => `${" ".repeat(depth)}${line}\n`).join(""));
/** Mostly the same as another one, as what is live and a file are. */
const pairs = fc
  .tuple(fc.array(pieces, { maxLength: 12 }), fc.nat(12), pieces, fc.boolean())
  .map(([all, at, one, instead]) => {
    const other = [...all.slice(0, at), one, ...all.slice(instead ? at + 1 : at)];
    return [all.join(""), other.join("")] as const;
  });

function lines(count: number, line: (at: number) => string): string {
  return Array.from({ length: count }, (_, at) => `${line(at)}\n`).join("");
}

/** Each line at its place, in order, with the texts that have it: read line by line. */
function expected(all: readonly string[]): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  const add = (key: string, holder: number) => found.set(key, (found.get(key) ?? 0) | holder);
  all.forEach((text, index) => {
    for (const { context, line } of readSource(text).lines) add(pathKey(context, line), 1 << index);
  });
  return found;
}

/** The same of an outline. */
function held(context: Context, found = new Map<string, number>()): ReadonlyMap<string, number> {
  const add = (line: string, holders: number) => {
    const key = pathKey(context.path, line);
    found.set(key, (found.get(key) ?? 0) | holders);
  };
  for (const part of context.parts) {
    if (isStretch(part)) for (const line of linesIn(part)) add(line, part.holders);
    else {
      add(headOf(part), part.holders);
      held(part, found);
    }
  }
  return found;
}

function allLines(text: string): ReadonlySet<string> {
  const keys = new Set<string>();
  walk(parseConfig(text), (path, { line }) => keys.add(pathKey(path, line)));
  return keys;
}

describe("texts that are read stretch by stretch", () => {
  it("have each line, known by all that have it, whatever is the same on end", () => {
    fc.assert(
      fc.property(fc.oneof(fc.array(texts, { maxLength: 3 }), pairs), (all) => {
        const merged = unionOf(all.map((text) => outlineOf(text)));
        expect(Object.fromEntries(held(merged))).toEqual(Object.fromEntries(expected(all)));
        expect(allLines(printOutline(merged))).toEqual(new Set(expected(all).keys()));
      }),
      { numRuns: 300 },
    );
  });

  it("are what a file reads as, line after line, where they are known to be exact", () => {
    let exact = 0;
    fc.assert(
      fc.property(fc.oneof(texts, odd), (text) => {
        const outline = outlineOf(text);
        if (!outline.isExact) return;
        exact += 1;
        const { lines, doubt } = readSource(text);
        expect(doubt).toBeUndefined();
        expect([...held(outline).keys()]).toEqual([
          ...new Set(lines.map(({ context, line }) => pathKey(context, line))),
        ]);
      }),
      { numRuns: 1000 },
    );
    expect(exact).toBeGreaterThan(100);
  });

  it("differ where their lines do, at least, and not where they are the same text", () => {
    fc.assert(
      fc.property(pairs, ([one, other]) => {
        const [first, second] = [outlineOf(one), outlineOf(other)];
        const told = new Set<string>();
        const look = (a: Context | undefined, b: Context | undefined, path: readonly string[]) => {
          const { lines, contexts } = unlike(a, b);
          for (const line of [...lines, ...contexts]) told.add(pathKey(path, line));
          for (const line of contexts) {
            look(contextsOf(a).get(line), contextsOf(b).get(line), [...path, line]);
          }
        };
        look(first, second, []);
        const differing = allLines(one).symmetricDifference(allLines(other));
        expect([...differing].filter((key) => !told.has(key))).toEqual([]);
        expect(isAlike(first, second) && differing.size > 0).toBe(false);
        const once = printConfig(parseConfig(one));
        expect(unlike(outlineOf(once), outlineOf(`!\n${once}`))).toEqual({ lines: [], contexts: [] });
      }),
      { numRuns: 300 },
    );
  });
});
