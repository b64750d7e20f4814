/** Sets of networks: which one holds an address, which ones overlap. Linear in what is asked, never every pair. */
import { type ParsedCidr, parseCidr } from "../primitives.ts";

/** Reads what a schema has already found valid; undefined is for the type only. */
export function cidrOf(text: string): ParsedCidr | undefined {
  const before = known.get(text);
  if (before !== undefined) return before;
  const parsed = parseCidr(text.includes("/") ? text : `${text}/${text.includes(":") ? 128 : 32}`);
  if ("error" in parsed) return undefined;
  if (known.size >= 10_000) known.clear();
  known.set(text, parsed);
  return parsed;
}
/** Machines of one fleet share most of their lists, and the rules ask for the same address several times. */
const known = new Map<string, ParsedCidr>();

export interface Networks<T> {
  /** The value of the longest network that holds the address or network, of at most `longest` bits. */
  find(text: string | ParsedCidr, longest?: number): T | undefined;
}

/** Networks with a value each; of two equal networks the first counts. */
export function networks<T>(entries: Iterable<readonly [ParsedCidr, T]>): Networks<T> {
  const values = new Map<string, T>();
  const lengths = { ipv4: new Set<number>(), ipv6: new Set<number>() };
  for (const [cidr, value] of entries) {
    lengths[cidr.family].add(cidr.length);
    const key = masked(cidr, cidr.length);
    if (!values.has(key)) values.set(key, value);
  }
  const longestFirst = {
    ipv4: [...lengths.ipv4].sort((a, b) => b - a),
    ipv6: [...lengths.ipv6].sort((a, b) => b - a),
  };
  return {
    find(text, longest = 128) {
      const wanted = typeof text === "string" ? cidrOf(text) : text;
      if (wanted === undefined) return undefined;
      for (const length of longestFirst[wanted.family]) {
        if (length > wanted.length || length > longest) continue;
        const value = values.get(masked(wanted, length));
        if (value !== undefined) return value;
      }
      return undefined;
    },
  };
}

/** Names the network of that length. */
function masked({ family, bytes }: ParsedCidr, length: number): string {
  let text = `${family} ${length} `;
  for (let at = 0; at * 8 < length; at++) {
    text += String.fromCharCode((bytes[at] ?? 0) & maskAt(at, length));
  }
  return text;
}

/** Whether `inner` lies whole in `outer`. */
export function covers(outer: ParsedCidr, inner: ParsedCidr): boolean {
  return (
    outer.family === inner.family &&
    outer.length <= inner.length &&
    masked(inner, outer.length) === masked(outer, outer.length)
  );
}

/** Each entry that lies in another one or is equal to it, with that other one; the other comes earlier or is larger. */
export function overlaps<T extends { readonly cidr: ParsedCidr }>(entries: Iterable<T>): readonly (readonly [T, T])[] {
  const sorted = [...entries]
    .map((entry, index) => ({ entry, index, key: sortKey(entry.cidr) }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.index - b.index));
  const open: T[] = [];
  const found: (readonly [T, T])[] = [];
  for (const { entry } of sorted) {
    for (let top = open.at(-1); top !== undefined && !covers(top.cidr, entry.cidr); top = open.at(-1)) open.pop();
    const outer = open.at(-1);
    if (outer !== undefined) found.push([entry, outer]);
    open.push(entry);
  }
  return found;
}

/** Sorts a network before those inside it: family, then bytes, then length. */
function sortKey({ family, bytes, length }: ParsedCidr): string {
  let text: string = family;
  for (const [at, byte] of bytes.entries()) text += String.fromCharCode(byte & maskAt(at, length));
  return text + String.fromCharCode(length);
}

/** The bits of a byte that belong to a network of that length. */
function maskAt(at: number, length: number): number {
  return (0xff00 >> Math.min(8, Math.max(0, length - at * 8))) & 0xff;
}

const privateNetworks = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"].flatMap((text) => {
  const cidr = cidrOf(text);
  return cidr === undefined ? [] : [[cidr, text] as const];
});
const privates = networks(privateNetworks);

/** RFC 1918, and RFC 6598 between a provider and its customers. */
export function isPrivate(text: string): boolean {
  return privates.find(text) !== undefined;
}

/** Compares addresses of one family. */
export function compareAddresses(a: string, b: string): number {
  const left = sortKey(cidrOf(a) ?? none);
  const right = sortKey(cidrOf(b) ?? none);
  return left < right ? -1 : left > right ? 1 : 0;
}
const none: ParsedCidr = { family: "ipv4", bytes: [], address: "", length: 0, network: "" };

/** The first and last address of an IPv4 network that has host addresses between them: neither is a host's. */
export function isNetworkOrBroadcast(cidr: ParsedCidr): boolean {
  if (cidr.family !== "ipv4" || cidr.length >= 31) return false;
  const host = cidr.bytes.reduce((sum, byte) => sum * 256 + byte, 0) % 2 ** (32 - cidr.length);
  return host === 0 || host === 2 ** (32 - cidr.length) - 1;
}
