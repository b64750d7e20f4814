import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ParsedCidr, parseCidr } from "../../../../schemas/primitives.ts";
import { covers, isNetworkOrBroadcast, networks, overlaps } from "../../../../schemas/semantics/networks.ts";

function cidr(text: string): ParsedCidr {
  const parsed = parseCidr(text);
  if ("error" in parsed) throw new Error(parsed.error);
  return parsed;
}

/** Close together, so that many of them overlap. */
const anyCidr = fc
  .tuple(fc.constantFrom("10.0", "10.1", "192.168"), fc.nat(3), fc.nat(255), fc.integer({ min: 8, max: 32 }))
  .map(([front, third, last, length]) => cidr(`${front}.${third}.${last}/${length}`));

/** What covers means, bit by bit. */
function bits({ bytes }: ParsedCidr, length: number): string {
  return bytes
    .map((byte) => byte.toString(2).padStart(8, "0"))
    .join("")
    .slice(0, length);
}

describe("networks", () => {
  it("cover what has the same bits up to their length", () => {
    fc.assert(
      fc.property(anyCidr, anyCidr, (outer, inner) => {
        const expected = outer.length <= inner.length && bits(outer, outer.length) === bits(inner, outer.length);
        expect(covers(outer, inner)).toBe(expected);
      }),
    );
  });

  it("are found by the longest that covers an address", () => {
    fc.assert(
      fc.property(fc.array(anyCidr), anyCidr, (all, wanted) => {
        const index = networks(all.map((one) => [one, one.length] as const));
        const lengths = all.filter((one) => covers(one, wanted)).map(({ length }) => length);
        expect(index.find(wanted)).toBe(lengths.length === 0 ? undefined : Math.max(...lengths));
      }),
    );
  });

  it("overlap if and only if one is named with another that covers it", () => {
    fc.assert(
      fc.property(fc.array(anyCidr), (all) => {
        const entries = all.map((one, index) => ({ cidr: one, index }));
        const found = overlaps(entries);
        expect(found.every(([inner, outer]) => covers(outer.cidr, inner.cidr))).toBe(true);
        const some = entries.some((a) => entries.some((b) => a.index !== b.index && covers(a.cidr, b.cidr)));
        expect(found.length > 0).toBe(some);
      }),
    );
  });

  it("of two families never overlap", () => {
    expect(overlaps([{ cidr: cidr("::/0") }, { cidr: cidr("0.0.0.0/0") }])).toEqual([]);
  });
});

it.each([
  ["192.0.2.0/24", true],
  ["192.0.2.255/24", true],
  ["192.0.2.127/25", true],
  ["192.0.2.1/24", false],
  ["192.0.2.0/31", false],
  ["192.0.2.0/32", false],
  ["2001:db8::/64", false],
])("%s is the first or last address of its network: %s", (text, expected) => {
  expect(isNetworkOrBroadcast(cidr(text))).toBe(expected);
});
