/**
 * BGP communities as FRR 8.4 takes and prints them, in their one spelling: what is written otherwise would be read back as
 * another value. Used by lists and route-maps; the FRR plane sorts by the numbers here.
 */
import { z } from "zod";
import { parseAddress } from "./primitives.ts";

/** RFC 1997 communities that FRR prints by name, as their two halves. */
export const wellKnown: Readonly<Record<string, readonly [number, number]>> = {
  internet: [0, 0],
  "graceful-shutdown": [65_535, 0],
  "accept-own": [65_535, 1],
  "route-filter-translated-v4": [65_535, 2],
  "route-filter-v4": [65_535, 3],
  "route-filter-translated-v6": [65_535, 4],
  "route-filter-v6": [65_535, 5],
  "llgr-stale": [65_535, 6],
  "no-llgr": [65_535, 7],
  "accept-own-nexthop": [65_535, 8],
  blackhole: [65_535, 666],
  "no-export": [65_535, 65_281],
  "no-advertise": [65_535, 65_282],
  "local-AS": [65_535, 65_283],
  "no-peer": [65_535, 65_284],
};

/** The kinds of communities, as community lists name them. */
export type CommunityKind = "standard" | "large" | "extended";

/** Why a text is no community of a kind, or undefined. An extended one is two words: "rt 64496:1". */
export function wrongCommunity(kind: CommunityKind, text: string): string | undefined {
  if (kind === "standard") return wrongStandard(text);
  if (kind === "large") {
    const parts = numbersOf(text);
    return parts?.length === 3 && parts.every((part) => part < 2 ** 32)
      ? undefined
      : `"${text}" must be a large community, as in "64496:1:2"`;
  }
  const [, global = "", local = ""] = /^(?:rt|soo) (.+):(.+)$/.exec(text) ?? [];
  return numbersOf(local) !== undefined && Number(local) < roomBeside(global)
    ? undefined
    : `"${text}" must be an extended community, as in "rt 64496:1"`;
}

/** Of six bytes a number of two leaves four to the other, one of four (an address, an AS number) two: RFC 4360, RFC 5668. */
function roomBeside(global: string): number {
  const address = parseAddress(global);
  if ("family" in address) return address.family === "ipv4" ? 2 ** 16 : 0;
  if (numbersOf(global)?.length !== 1 || Number(global) >= 2 ** 32) return 0;
  return Number(global) < 2 ** 16 ? 2 ** 32 : 2 ** 16;
}

function wrongStandard(text: string): string | undefined {
  if (Object.hasOwn(wellKnown, text)) return undefined;
  const parts = numbersOf(text);
  if (parts?.length !== 2 || parts.some((part) => part > 65_535)) {
    return `"${text}" must be a community: two numbers up to 65535, as in "64496:100", or a name, as in "no-export"`;
  }
  const name = Object.entries(wellKnown).find(([, halves]) => halves.join(":") === text)?.[0];
  return name === undefined ? undefined : `"${text}" must be written ${name}`;
}

/** Decimal numbers without leading zeros, joined by colons. */
function numbersOf(text: string): readonly number[] | undefined {
  return /^(?:0|[1-9]\d{0,9})(?::(?:0|[1-9]\d{0,9}))*$/.test(text) ? text.split(":").map(Number) : undefined;
}

/** The schema of one community. */
export function communitySchema(kind: CommunityKind) {
  return z.string().check((ctx) => {
    const message = wrongCommunity(kind, ctx.value);
    if (message !== undefined) ctx.issues.push({ code: "custom", message, input: ctx.value });
  });
}

/** Why a text is no list of communities that FRR takes and prints as such, or undefined. */
export function wrongCommunities(kind: CommunityKind, text: string): string | undefined {
  const words = text.trim().split(/\s+/);
  const items = kind === "extended" ? pairs(words) : words;
  const wrong = items.map((item) => wrongCommunity(kind, item)).find((message) => message !== undefined);
  const twice = items.find((item, at) => items.indexOf(item) !== at);
  return wrong ?? (twice === undefined ? undefined : `"${twice}" stands there twice`);
}

function pairs(words: readonly string[]): readonly string[] {
  return words.flatMap((word, at) => (at % 2 === 0 ? [[word, ...words.slice(at + 1, at + 2)].join(" ")] : []));
}

/** What FRR takes in an AS path expression (lib: "Invalid character in as-path access-list"). */
const asPathCharacters = /[^0-9_^|[,{}() \]$*+.?\\-]/;

/**
 * Why FRR would not compile a regular expression (POSIX extended, `_` stands for what is between two numbers), or
 * undefined. What it says is certain; an expression can be wrong in other ways.
 */
export function wrongExpression(text: string, of: "as-path" | "community"): string | undefined {
  const strange = of === "as-path" ? asPathCharacters.exec(text)?.[0] : undefined;
  if (strange !== undefined) return `must be an expression of 0-9 and _^$.*+?|()[]{}, without "${strange}"`;
  return unbalanced(text);
}

function unbalanced(text: string): string | undefined {
  // What stands between [ and ] is characters, a backslash too; a ] right after the [ is one of them.
  const outside = text.replace(/\\.|\[\^?\]?(?:\[[:.=][^\]]*\]|[^\]])*\]/g, "x");
  if (outside.includes("\\")) return "must not end in a backslash";
  if (outside.includes("[")) return "has a [ without its ]";
  if (openParentheses(outside) > 0) return "has a ( without its )";
  if (/\{(?!\d{1,5}\}|\d{1,5},\d{0,5}\}|,\d{1,5}\})/.test(outside)) return "has a { without a number and }";
  return /(?:^|[(|])\^?[*+?{]/.test(outside) ? "repeats nothing" : undefined;
}

/** A ) that closes nothing is a character to FRR. */
function openParentheses(text: string): number {
  let open = 0;
  for (const character of text) {
    if (character === "(") open += 1;
    else if (character === ")") open = Math.max(0, open - 1);
  }
  return open;
}
