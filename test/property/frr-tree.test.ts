import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { opensAtTop, readSource } from "../../reconcilers/frr/source.ts";
import { mergeConfigs, type Node, parseExact, pathKey, walk } from "../../reconcilers/frr/tree.ts";

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

function plain(nodes: readonly Node[] | undefined): unknown {
  return nodes?.map(({ line, children }) => [line, plain(children)]);
}

describe("texts that are read as one tree", () => {
  it("have each line once, known by all that have it, whatever is the same on end", () => {
    fc.assert(
      fc.property(fc.oneof(fc.array(texts, { maxLength: 3 }), pairs), (all) => {
        const held = new Map<string, number>();
        const merged = mergeConfigs(all);
        const look = (nodes: typeof merged, path: readonly string[]) => {
          for (const { line, children, holders } of nodes) {
            held.set(pathKey(path, line), holders);
            look(children, [...path, line]);
          }
        };
        look(merged, []);
        expect(Object.fromEntries(held)).toEqual(Object.fromEntries(expected(all)));
      }),
      { numRuns: 150 },
    );
  });

  it("are the same tree whatever they are compared with while they are read", () => {
    fc.assert(
      fc.property(pairs, ([one, other]) => {
        const like = mergeConfigs([one]);
        expect(plain(parseExact(other, opensAtTop, like))).toEqual(plain(parseExact(other, opensAtTop)));
        expect(plain(mergeConfigs([other], mergeConfigs([one])))).toEqual(plain(mergeConfigs([other])));
        expect(plain(like)).toEqual(plain(mergeConfigs([one])));
        const keys: string[] = [];
        walk(mergeConfigs([other], like), (path, { line }) => keys.push(pathKey(path, line)));
        expect(new Set(keys).size).toBe(keys.length);
      }),
      { numRuns: 150 },
    );
  });
});
