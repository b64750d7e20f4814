/** The simulated VPP's own words for addresses: bytes to text and back, and which prefix holds which address. */

/** 4 or 16 bytes. Throws on what is no address. */
export function parseAddress(text: string): Uint8Array {
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

/** Canonical: RFC 5952 for 16 bytes. */
export function formatAddress(bytes: Uint8Array): string {
  return bytes.length === 4 ? bytes.join(".") : formatIpv6(bytes);
}

export function parseMac(text: string): Uint8Array {
  return Uint8Array.from(text.split(":"), (part) => Number.parseInt(part, 16));
}

export function formatMac(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(":");
}

export function isIpv6(text: string): boolean {
  return text.includes(":");
}

/** "192.0.2.1/24" → address and length; a missing length is that of one host. */
export function splitPrefix(text: string): readonly [address: string, length: number] {
  const slash = text.indexOf("/");
  if (slash < 0) return [text, isIpv6(text) ? 128 : 32];
  return [text.slice(0, slash), Number(text.slice(slash + 1))];
}

/** Without host bits, canonical. */
export function network(text: string): string {
  const [address, length] = splitPrefix(text);
  return `${formatAddress(masked(parseAddress(address), length))}/${length}`;
}

/** Whether the first `length` bits of both are equal; never across families. */
export function sameNetwork(one: string, other: string, length: number): boolean {
  if (isIpv6(one) !== isIpv6(other)) return false;
  const [a, b] = [remembered(one), remembered(other)];
  for (let i = 0; i * 8 < length; i += 1) {
    if (((a[i] ?? 0) ^ (b[i] ?? 0)) >> Math.max(0, 8 - (length - i * 8))) return false;
  }
  return true;
}

/** A new address is compared with all that there are. */
function remembered(text: string): Uint8Array {
  const before = known.get(text);
  if (before) return before;
  if (known.size >= 100_000) known.clear();
  const bytes = parseAddress(text);
  known.set(text, bytes);
  return bytes;
}
const known = new Map<string, Uint8Array>();

/** Every IPv4 address from first to last. */
export function ipv4Range(first: string, last: string): readonly string[] {
  const [from, to] = [first, last].map((text) => new DataView(parseAddress(text).buffer).getUint32(0));
  const addresses: string[] = [];
  for (let at = from ?? 0; at <= (to ?? -1); at += 1) {
    addresses.push([at >>> 24, (at >>> 16) & 255, (at >>> 8) & 255, at & 255].join("."));
  }
  return addresses;
}

function masked(bytes: Uint8Array, length: number): Uint8Array {
  return bytes.map((byte, i) => byte & (0xff00 >> Math.min(8, Math.max(0, length - i * 8))) & 0xff);
}

function parseIpv4(text: string): Uint8Array {
  const parts = text.split(".").map(Number);
  if (parts.length !== 4 || parts.some((part) => !(part >= 0 && part <= 255))) throw new Error(`no address: ${text}`);
  return Uint8Array.from(parts);
}

function parseIpv6(text: string): Uint8Array {
  const [head = "", tail] = text.split("::");
  const front = head === "" ? [] : head.split(":");
  const back = tail === undefined || tail === "" ? [] : tail.split(":");
  const groups = [
    ...front,
    ...Array<string>(tail === undefined ? 0 : 8 - front.length - back.length).fill("0"),
    ...back,
  ];
  if (groups.length !== 8) throw new Error(`no address: ${text}`);
  return Uint8Array.from(
    groups.flatMap((group) => {
      const value = Number.parseInt(group, 16);
      return [value >> 8, value & 255];
    }),
  );
}

function formatIpv6(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[i * 2] ?? 0) << 8) | (bytes[i * 2 + 1] ?? 0));
  let [best, size] = [-1, 1];
  for (let i = 0; i < 8; i += 1) {
    let end = i;
    while (end < 8 && groups[end] === 0) end += 1;
    if (end - i > size) [best, size] = [i, end - i];
  }
  const hex = groups.map((group) => group.toString(16));
  if (best === -1) return hex.join(":");
  return `${hex.slice(0, best).join(":")}::${hex.slice(best + size).join(":")}`;
}
