/**
 * The types of VPP that stand for text: addresses, prefixes and MAC addresses, always spelled as schemas/ spells them. An
 * address is u8 family (0 IPv4, 1 IPv6) and 16 bytes, of which IPv4 has the first four; a prefix has its length behind it.
 */
import { printIpv4, printIpv6 } from "../../../schemas/address-text.ts";
import { parseAddress } from "../../../schemas/primitives.ts";
import type { Codec } from "./codec.ts";
import type { Reader, Writer } from "./bytes.ts";

type Family = "ipv4" | "ipv6";

/** By VPP's name for the type. Nothing said, or the empty text, is all zeros. */
export const textual: Readonly<Record<string, Codec>> = {
  ip4_address: fixed(4, (writer, text) => putAddress(writer.bytes, writer.room(4), text, "ipv4"), ip4),
  ip6_address: fixed(16, (writer, text) => putAddress(writer.bytes, writer.room(16), text, "ipv6"), ip6),
  address: fixed(17, putAny, anyAddress),
  ...prefixes("prefix", "address_with_prefix", 18, putAny, anyAddress),
  ...prefixes(
    "ip4_prefix",
    "ip4_address_with_prefix",
    5,
    (writer, text) => putAddress(writer.bytes, writer.room(4), text, "ipv4"),
    ip4,
  ),
  ...prefixes(
    "ip6_prefix",
    "ip6_address_with_prefix",
    17,
    (writer, text) => putAddress(writer.bytes, writer.room(16), text, "ipv6"),
    ip6,
  ),
  mac_address: fixed(6, putMac, mac),
};

function fixed(size: number, put: (writer: Writer, text: string) => void, read: (reader: Reader) => string): Codec {
  return {
    size,
    encode(writer, value) {
      if (value === undefined || value === "") writer.room(size);
      else if (typeof value === "string") put(writer, value);
      else throw new TypeError("is no text");
    },
    decode: read,
  };
}

function prefixes(
  name: string,
  other: string,
  size: number,
  put: (writer: Writer, text: string) => void,
  read: (reader: Reader) => string,
): Readonly<Record<string, Codec>> {
  function encode(writer: Writer, text: string): void {
    const slash = text.indexOf("/");
    const length = text.slice(slash + 1);
    if (slash < 0 || !/^\d{1,3}$/.test(length) || Number(length) > (text.includes(":") ? 128 : 32)) {
      throw new TypeError(`is no prefix: "${text}"`);
    }
    put(writer, text.slice(0, slash));
    writer.bytes[writer.room(1)] = Number(length);
  }
  const codec = fixed(size, encode, (reader) => `${read(reader)}/${reader.view.getUint8(reader.pass(1))}`);
  return { [name]: codec, [other]: codec };
}

function putAny(writer: Writer, text: string): void {
  const from = writer.room(17);
  const family = text.includes(":") ? "ipv6" : "ipv4";
  writer.bytes[from] = family === "ipv6" ? 1 : 0;
  putAddress(writer.bytes, from + 1, text, family);
}

function putAddress(bytes: Uint8Array, at: number, text: string, family: Family): void {
  const parsed = parseAddress(text);
  if ("error" in parsed) throw new TypeError(`is no address: ${parsed.error}`);
  if (parsed.family !== family) throw new TypeError(`is of the other family: "${text}"`);
  bytes.set(parsed.bytes, at);
}

function anyAddress(reader: Reader): string {
  const from = reader.pass(17);
  const family = reader.bytes[from];
  if (family === 0) return printIpv4(reader.bytes, from + 1);
  if (family === 1) return printIpv6(reader.bytes, from + 1);
  throw new RangeError(`an address of family ${family}`);
}

function ip4(reader: Reader): string {
  return printIpv4(reader.bytes, reader.pass(4));
}

function ip6(reader: Reader): string {
  return printIpv6(reader.bytes, reader.pass(16));
}

function putMac(writer: Writer, text: string): void {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text)) throw new TypeError(`is no MAC address: "${text}"`);
  const from = writer.room(6);
  for (let index = 0; index < 6; index += 1) {
    writer.bytes[from + index] = Number.parseInt(text.slice(index * 3, index * 3 + 2), 16);
  }
}

function mac(reader: Reader): string {
  const from = reader.pass(6);
  let text = "";
  for (let at = from; at < from + 6; at += 1)
    text += (at > from ? ":" : "") + (octetTexts[reader.bytes[at] ?? 0] ?? "");
  return text;
}

const octetTexts = Array.from({ length: 256 }, (_, octet) => octet.toString(16).padStart(2, "0"));
