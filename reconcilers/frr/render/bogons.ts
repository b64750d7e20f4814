/** What nobody announces to the internet, as lists that permit it: route-maps deny what they permit. */
import type { AsPathList, PrefixList } from "../../../schemas/lists.ts";
import { rangeExpression } from "./number-range.ts";

type Family = "ipv4" | "ipv6";

/** Blocks of the special-purpose registries (RFC 6890 and those that it has taken up since) that are not reachable globally. */
const bogons4 = [
  "0.0.0.0/8", // RFC 791
  "10.0.0.0/8", // RFC 1918
  "100.64.0.0/10", // RFC 6598
  "127.0.0.0/8", // RFC 1122
  "169.254.0.0/16", // RFC 3927
  "172.16.0.0/12", // RFC 1918
  "192.0.0.0/24", // RFC 6890
  "192.0.2.0/24", // RFC 5737
  "192.88.99.0/24", // RFC 7526
  "192.168.0.0/16", // RFC 1918
  "198.18.0.0/15", // RFC 2544
  "198.51.100.0/24", // RFC 5737
  "203.0.113.0/24", // RFC 5737
  "224.0.0.0/3", // RFC 5771, RFC 1112
];

/** The same within 2000::/3, the only block of global unicast addresses that IANA gives out of (RFC 4291, RFC 7454 6.1.2). */
const bogons6 = [
  "2001:2::/48", // RFC 5180
  "2001:10::/28", // RFC 4843
  "2001:db8::/32", // RFC 3849
  "3ffe::/16", // RFC 3701
  "3fff::/20", // RFC 9637
];

export function bogonPrefixes(family: Family): PrefixList {
  const all = family === "ipv4" ? bogons4 : bogons6;
  const entries = numbered(all.map((prefix) => inside(prefix)));
  if (family === "ipv4") return { family, description: "Not routed on the internet (RFC 6890)", entries };
  return {
    family,
    description: "Not routed on the internet (RFC 6890, RFC 4291)",
    entries: {
      ...entries,
      // Parts of 6to4's prefix (RFC 3056, 5.2).
      900: { action: "permit", prefix: "2002::/16", ge: 17 },
      910: { action: "deny", prefix: "2000::/3", le: 128 },
      // Not a default route, which is a matter of its own.
      920: { action: "permit", prefix: "::/0", ge: 1 },
    },
  };
}

/** RFC 7607; RFC 6793; RFC 5398, 6996 and 7300, and what IANA keeps between them; RFC 6996 and 7300. */
const bogonRanges = [
  [0, 0],
  [23_456, 23_456],
  [64_496, 131_071],
  [4_200_000_000, 4_294_967_295],
] as const;

/** Of these numbers those that nobody has on the internet. */
export function bogonAsns(numbers: readonly number[]): readonly number[] {
  return numbers.filter((one) => bogonRanges.some(([low, high]) => one >= low && one <= high));
}

/** Paths with such a number, but for some that are meant. */
export function bogonPaths(meant: readonly number[]): AsPathList {
  const ranges = meant.reduce<readonly (readonly [number, number])[]>(
    (all, number) =>
      all.flatMap(([low, high]): (readonly [number, number])[] =>
        number < low || number > high
          ? [[low, high]]
          : [[low, number - 1] as const, [number + 1, high] as const].filter(([from, to]) => from <= to),
      ),
    bogonRanges,
  );
  const entries = ranges.map(
    ([low, high]) => ({ action: "permit", regex: `_(${rangeExpression(low, high)})_` }) as const,
  );
  return { entries: numbered(entries) };
}

/** More than /24, of IPv6 than /48 (RFC 7454, 6.1.3). */
export function longPrefixes(family: Family): PrefixList {
  const entry = family === "ipv4" ? { prefix: "0.0.0.0/0", ge: 25 } : { prefix: "::/0", ge: 49 };
  return { family, entries: { 10: { action: "permit", ...entry } } };
}

export function defaultRoute(family: Family): PrefixList {
  return { family, entries: { 10: { action: "permit", prefix: family === "ipv4" ? "0.0.0.0/0" : "::/0" } } };
}

/** These prefixes, and what is inside of them unless they are meant exactly. */
export function prefixesOf(family: Family, prefixes: readonly string[], isExact: boolean): PrefixList {
  return {
    family,
    entries: numbered(prefixes.map((prefix) => (isExact ? { action: "permit", prefix } : inside(prefix)))),
  };
}

type Entry = PrefixList["entries"][string];

function inside(prefix: string): Entry {
  const most = prefix.includes(":") ? 128 : 32;
  return { action: "permit", prefix, ...(!prefix.endsWith(`/${most}`) && { le: most }) };
}

function numbered<T>(entries: readonly T[]): Record<string, T> {
  return Object.fromEntries(entries.map((entry, at) => [String((at + 1) * 10), entry]));
}
