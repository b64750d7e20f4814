/**
 * The values that everything else is made of: addresses, prefixes, names, numbers. Every value has to be spelled as it is
 * printed: one address has one spelling, in every file, key and plan. ipaddr.js, whose parsing is lax ("10.1" and
 * "010.0.0.1" pass), says how an IPv6 address should have been written; nothing else imports it.
 */
import ipaddr from "ipaddr.js";
import { z } from "zod";
import { printIpv4, printIpv6, readIpv4, readIpv6 } from "./address-text.ts";
import { secretName } from "./secret-file.ts";

/** What an address is, or why it is none. */
export type Parsed =
  | { readonly family: "ipv4" | "ipv6"; readonly bytes: readonly number[]; readonly text: string }
  | { readonly error: string };

/** Reads an address in its one spelling; IPv6 as RFC 5952 writes it. */
export function parseAddress(text: string): Parsed {
  const family = familyOf(text);
  const bytes = family === "ipv6" ? readIpv6(text) : readIpv4(text);
  return bytes === undefined ? { error: faultOf(text) } : { family, bytes, text };
}

/** What is wrong with an address that is not in its one spelling. */
function faultOf(text: string): string {
  if (text.includes(":")) {
    if (text.includes("%")) return `"${text}" names an interface: write the address alone`;
    if (!ipaddr.IPv6.isValid(text)) return `"${text}" is not an IPv6 address`;
    return `"${text}" must be written ${printIpv6(ipaddr.IPv6.parse(text).toByteArray())}`;
  }
  if (readIpv4(text.replaceAll(/\b0+(?=\d)/g, "")) === undefined) return `"${text}" is not an IP address`;
  return `"${text}" must be written without leading zeros`;
}

/** An address with a length: as an interface has it (host bits kept) or, without host bits, a network. */
export interface ParsedCidr {
  readonly family: "ipv4" | "ipv6";
  readonly bytes: readonly number[];
  readonly address: string;
  readonly length: number;
  /** The network in its one spelling: "192.0.2.0/24" of "192.0.2.1/24". */
  readonly network: string;
}

/** Reads "address/length". */
export function parseCidr(text: string): ParsedCidr | { readonly error: string } {
  const slash = text.indexOf("/");
  if (slash < 0) return { error: `"${text}" has no prefix length: write ${text}/${text.includes(":") ? "64" : "24"}` };
  const address = parseAddress(text.slice(0, slash));
  if ("error" in address) return { error: address.error };
  const digits = text.slice(slash + 1);
  const length = Number(digits);
  const most = address.family === "ipv4" ? 32 : 128;
  if (!/^(0|[1-9]\d{0,2})$/.test(digits) || length > most) {
    return { error: `"/${digits}" is not a prefix length: 0 to ${most}` };
  }
  const masked = address.bytes.map((byte, at) => byte & (0xff00 >> Math.min(8, Math.max(0, length - at * 8))) & 0xff);
  const network = `${printAddress(masked)}/${length}`;
  return { family: address.family, bytes: address.bytes, address: address.text, length, network };
}

/** The one spelling of 4 or 16 bytes. */
export function printAddress(bytes: readonly number[]): string {
  return bytes.length === 4 ? printIpv4(bytes) : printIpv6(bytes);
}

/** ipv6 when it is written with a colon: for values that are already valid. */
export function familyOf(text: string): "ipv4" | "ipv6" {
  return text.includes(":") ? "ipv6" : "ipv4";
}

/** A string schema from a function that says what is wrong. */
function text(wrong: (value: string) => string | undefined) {
  return z.string().check((ctx) => {
    const message = wrong(ctx.value);
    if (message !== undefined) ctx.issues.push({ code: "custom", message, input: ctx.value });
  });
}

function address(family?: "ipv4" | "ipv6") {
  return text((value) => {
    const parsed = parseAddress(value);
    if ("error" in parsed) {
      return value.includes("/") ? `"${value}" must be an address without a prefix length` : parsed.error;
    }
    return family !== undefined && parsed.family !== family
      ? `"${value}" must be an ${words[family]} address`
      : undefined;
  });
}

function cidr(family?: "ipv4" | "ipv6") {
  return text((value) => {
    const parsed = parseCidr(value);
    if ("error" in parsed) return parsed.error;
    return family !== undefined && parsed.family !== family
      ? `"${value}" must be an ${words[family]} address`
      : undefined;
  });
}

function prefix(family?: "ipv4" | "ipv6") {
  return text((value) => {
    const parsed = parseCidr(value);
    if ("error" in parsed) return parsed.error;
    if (parsed.network !== value) return `"${value}" has host bits set: the network is ${parsed.network}`;
    return family !== undefined && parsed.family !== family
      ? `"${value}" must be an ${words[family]} prefix`
      : undefined;
  });
}
const words = { ipv4: "IPv4", ipv6: "IPv6" } as const;

export const Address = address().meta({ description: "IPv4 or IPv6 address.", examples: ["192.0.2.1"] });
export const Ipv4Address = address("ipv4").meta({ description: "IPv4 address.", format: "ipv4" });
export const Ipv6Address = address("ipv6").meta({ description: "IPv6 address.", format: "ipv6" });
/** With host bits: an interface's own address. */
export const Cidr = cidr().meta({
  description: "Address with prefix length, host bits kept.",
  examples: ["192.0.2.1/24", "2001:db8::1/64"],
});
export const Ipv4Cidr = cidr("ipv4").meta({ description: "IPv4 address with prefix length, host bits kept." });
export const Ipv6Cidr = cidr("ipv6").meta({ description: "IPv6 address with prefix length, host bits kept." });
/** Without host bits: a network. */
export const Prefix = prefix().meta({
  description: "Network: prefix without host bits.",
  examples: ["192.0.2.0/24", "2001:db8::/32"],
});
export const Ipv4Prefix = prefix("ipv4").meta({ description: "IPv4 network, without host bits." });
export const Ipv6Prefix = prefix("ipv6").meta({ description: "IPv6 network, without host bits." });

/** 4-byte AS number; 0 and 4294967295 are reserved (RFC 7607, RFC 7300). */
export const Asn = whole(1, 4_294_967_294, "an AS number").meta({
  description: "AS number, 1 to 4294967294.",
  examples: [64500],
});

/** Any name that an operator gives to a thing: of a list, a peer, a customer. */
export const Name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, "must be a name: letters, digits, '.', '_' and '-', at most 63")
  .meta({ description: "Name: letters, digits, '.', '_' and '-', at most 63." });

/** Which boxes something is for. */
export const Tag = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, "must be lower case letters, digits, '.', '_' and '-', at most 63");

/** The name of a physical interface or bond; without a dot, which separates sub-interfaces. */
export const InterfaceName = z
  .string()
  .regex(
    /^(?!(?:loop|bvi|tap|vxlan_tunnel)\d|memif|host-|local0)[A-Za-z][A-Za-z0-9_-]{0,30}$/,
    "must be an interface name: a letter, then letters, digits, '_' and '-', at most 31; loop…, bvi…, tap…, vxlan_tunnel…, memif…, host-… are reserved",
  )
  .meta({ description: "Interface name without a dot." });

/** An interface as others refer to it: "external", "external.25", "loop0", "bvi10". */
export const InterfaceRef = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_-]{0,30}(\.\d{1,8})?$/, 'must name an interface, as in "external" or "external.25"')
  .meta({
    description:
      'An interface, sub-interface, loopback, BVI or tap: "external", "external.25", "loop0", "bvi10", "tap1".',
  });

/** Linux limits interface names to 15 bytes (IFNAMSIZ); the characters are those that VPP's linux-cp takes. */
export const LinuxName = z
  .string()
  .regex(
    /^[A-Za-z0-9_@%-][A-Za-z0-9_@%:.-]{0,14}$/,
    "must be a Linux interface name: at most 15 of letters, digits and -_%@:.",
  )
  .meta({ description: "Interface name in Linux, at most 15 characters." });

export const Mac = z
  .string()
  .regex(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/, "must be a MAC address in lower case, as in 02:00:00:00:00:01")
  .meta({ description: "MAC address, lower case." });

export const Pci = z
  .string()
  .regex(/^[0-9a-f]{4}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7]$/, "must be a full PCI address, as in 0000:03:00.0")
  .meta({ description: "PCI address with domain.", examples: ["0000:03:00.0"] });

export const Uuid = z
  .string()
  .regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, "must be a UUID in lower case")
  .meta({ description: "UUID, lower case." });

export const VlanId = whole(1, 4094, "a VLAN").meta({ description: "VLAN, 1 to 4094." });
export const Mtu = whole(256, 9216, "an MTU").meta({ description: "MTU in bytes, without the Ethernet header." });
export const Port = whole(1, 65_535, "a port").meta({ description: "TCP or UDP port." });

/** The number that orders the entries of a list, as the key of a map. */
export const Sequence = z
  .string()
  .regex(/^[1-9]\d{0,8}$/, "must be a sequence number: 1 to 999999999")
  .meta({ description: "Sequence number; entries are tried in this order." });

/** True for a text without control characters; FRR and VPP would take a line feed for the end of a command. */
export function isOneLine(value: string): boolean {
  // A pattern with the flag that \p needs would lose it on its way into JSON Schema.
  return !/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(value);
}

/** What `isOneLine` wants, for people. */
export const oneLine = "must be one line without control or invisible characters";

/**
 * False for a text in which a sealed secret would be read: generations hold secrets as "<secret:…>" and FRR is given what
 * they stand for, wherever they stand. Only `{secret: name}` may put one there.
 */
export function holdsNoSeal(value: string): boolean {
  return !value.includes("<secret:");
}

/** What `holdsNoSeal` wants, for people. */
export const noSeal = "must not contain <secret:, which stands for a secret's text; refer to one by {secret: name}";

/** A text of one line, for descriptions. */
export const Line = z
  .string()
  .min(1, "must not be empty")
  .max(200, "must have at most 200 characters")
  .refine(isOneLine, oneLine)
  .refine(holdsNoSeal, noSeal)
  .meta({ description: "Text for people, one line." });

/** The same, where nothing is an answer too. */
export const LineOrNone = z
  .string()
  .max(200, "must have at most 200 characters")
  .refine(isOneLine, oneLine)
  .refine(holdsNoSeal, noSeal);

/** A secret by its name: the text itself never stands in the repository's plain files. */
export const SecretRef = z
  .strictObject({
    secret: z
      .string()
      .regex(secretName, "must be the name of a secret: lower case, digits, '.', '_' and '-', at most 63")
      .meta({ description: "Name of the secret: secrets/<name>.yaml." }),
  })
  .meta({ description: "A secret by its name: {secret: name}." });

/** A DNS name or an address. */
export const HostName = z
  .string()
  .max(253)
  .regex(/^[A-Za-z0-9]([A-Za-z0-9:.-]*[A-Za-z0-9])?$/, "must be a host name or an address")
  .meta({ description: "Host name or address." });

/** A check of lists in which nothing stands twice. */
export function distinct(ctx: z.core.ParsePayload<readonly string[]>): void {
  for (const [at, item] of ctx.value.entries()) {
    if (ctx.value.indexOf(item) === at) continue;
    ctx.issues.push({ code: "custom", path: [at], message: `"${item}" stands there twice`, input: ctx.value });
  }
}

/** A whole number in a range, with a message that names what it is. */
export function whole(least: number, most: number, what = "a whole number") {
  const error = `must be ${what}: ${least} to ${most}`;
  const description = `${what.replace(/^an? /, "").replace(/^./, (letter) => letter.toUpperCase())}, ${least} to ${most}.`;
  return z.int({ error }).min(least, { error }).max(most, { error }).meta({ description });
}
