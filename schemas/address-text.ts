/**
 * Addresses in the one spelling that they have everywhere (IPv6: RFC 5952), read and printed: a large appliance has thousands,
 * in its files and in its VPP. For primitives.ts, which says of everything else what is wrong with it.
 */

/** The 4 bytes; undefined for anything but an IPv4 address in its one spelling. */
export function readIpv4(text: string): number[] | undefined {
  const bytes = [0, 0, 0, 0];
  let at = 0;
  for (let index = 0; index < 4; index += 1) {
    const from = at;
    let value = 0;
    for (let digit = digitAt(text, at); digit >= 0 && digit < 10 && at - from < 3; digit = digitAt(text, at)) {
      value = value * 10 + digit;
      at += 1;
    }
    const isSpelled = at - from === 1 || (at - from > 1 && text[from] !== "0");
    if (!isSpelled || value > 255 || text[at] !== (index < 3 ? "." : undefined)) return undefined;
    bytes[index] = value;
    at += 1;
  }
  return bytes;
}

/** The 16 bytes; undefined for anything but an IPv6 address in its one spelling. */
export function readIpv6(text: string): number[] | undefined {
  const groups: number[] = [];
  /** How many groups stand before "::". */
  let gap = text.startsWith("::") ? 0 : -1;
  let at = gap === 0 ? 2 : 0;
  while (at < text.length) {
    const from = at;
    let group = 0;
    for (let digit = digitAt(text, at); digit >= 0; digit = digitAt(text, at)) {
      group = group * 16 + digit;
      at += 1;
    }
    if (at === from || at - from > 4) return undefined;
    groups.push(group);
    if (at === text.length) break;
    if (text[at] !== ":") return undefined;
    at += 1;
    if (text[at] !== ":") continue;
    if (gap >= 0) return undefined;
    gap = groups.length;
    at += 1;
  }
  if (gap < 0 ? groups.length !== 8 : groups.length > 7) return undefined;
  const bytes = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
  for (const [index, group] of groups.entries()) {
    const place = 2 * (gap >= 0 && index >= gap ? index + 8 - groups.length : index);
    bytes[place] = group >> 8;
    bytes[place + 1] = group & 0xff;
  }
  return printIpv6(bytes) === text ? bytes : undefined;
}

/** Of a hexadecimal digit, as RFC 5952 writes it; -1 of everything else. */
function digitAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code >= 48 && code <= 57) return code - 48;
  return code >= 97 && code <= 102 ? code - 87 : -1;
}

/** Of the 4 bytes that begin at `from`. */
export function printIpv4(bytes: ArrayLike<number>, from = 0): string {
  return `${bytes[from]}.${bytes[from + 1]}.${bytes[from + 2]}.${bytes[from + 3]}`;
}

/** Of the 16 bytes that begin at `from`. */
export function printIpv6(bytes: ArrayLike<number>, from = 0): string {
  const zeros = longestZeros(bytes, from);
  if (zeros === undefined) return groupsText(bytes, from, 0, 8);
  return `${groupsText(bytes, from, 0, zeros.begin)}::${groupsText(bytes, from, zeros.end, 8)}`;
}

function groupsText(bytes: ArrayLike<number>, from: number, begin: number, end: number): string {
  let text = "";
  for (let index = begin; index < end; index += 1) {
    text += (index > begin ? ":" : "") + groupAt(bytes, from, index).toString(16);
  }
  return text;
}

/** What "::" stands for: the first of the longest runs, of two groups at least. */
function longestZeros(bytes: ArrayLike<number>, from: number) {
  let longest: { readonly begin: number; readonly end: number } | undefined;
  for (let begin = 0; begin < 8; begin += 1) {
    let end = begin;
    while (end < 8 && groupAt(bytes, from, end) === 0) end += 1;
    if (end - begin > Math.max(1, longest ? longest.end - longest.begin : 0)) longest = { begin, end };
    begin = Math.max(begin, end - 1);
  }
  return longest;
}

function groupAt(bytes: ArrayLike<number>, from: number, index: number): number {
  return ((bytes[from + 2 * index] ?? 0) << 8) | (bytes[from + 2 * index + 1] ?? 0);
}
