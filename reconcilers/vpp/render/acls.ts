/** Access lists as VPP has them: every rule of one family, with all its numbers. Pure. */
import type { Acl as WrittenAcl } from "../../../schemas/acl.ts";
import { familyOf } from "../../../schemas/primitives.ts";
import type { Acl, AclRule } from "../model.ts";

type Written = WrittenAcl["rules"][string];

/** By sequence number. VPP knows it by the operator's name, which has no colon; what is derived has one. */
export function aclOf(tag: string, { rules }: WrittenAcl): Acl {
  const inOrder = Object.entries(rules).toSorted(([a], [b]) => Number(a) - Number(b));
  return { kind: "acl", tag, rules: inOrder.flatMap(([, rule]) => expanded(rule)) };
}

/** IANA's protocol numbers. */
const protocols = { any: 0, icmp: 1, tcp: 6, udp: 17, icmp6: 58 } as const;

const anywhere = { ipv4: "0.0.0.0/0", ipv6: "::/0" } as const;

/** A rule that names no address, nor a protocol of one family, is about both. */
function expanded(rule: Written): readonly AclRule[] {
  const protocol = typeof rule.protocol === "number" ? rule.protocol : protocols[rule.protocol];
  return familiesOf(rule, protocol).map((family) => ({
    action: rule.action,
    source: rule.source ?? anywhere[family],
    destination: rule.destination ?? anywhere[family],
    protocol,
    ...rangesOf(rule, protocol),
    ...flagsOf(rule["tcp-flags"]),
  }));
}

function familiesOf({ source, destination }: Written, protocol: number): readonly ("ipv4" | "ipv6")[] {
  const named = source ?? destination;
  if (named !== undefined) return [familyOf(named)];
  if (protocol === protocols.icmp) return ["ipv4"];
  return protocol === protocols.icmp6 ? ["ipv6"] : ["ipv4", "ipv6"];
}

function rangesOf(rule: Written, protocol: number): Pick<AclRule, "from" | "to"> {
  const isIcmp = protocol === protocols.icmp || protocol === protocols.icmp6;
  if (isIcmp) return { from: only(rule["icmp-type"], 255), to: only(rule["icmp-code"], 255) };
  return { from: ports(rule["source-port"]), to: ports(rule["destination-port"]) };
}

function only(value: number | undefined, most: number): readonly [number, number] {
  return value === undefined ? [0, most] : [value, value];
}

function ports(written: number | string | undefined): readonly [number, number] {
  if (typeof written !== "string") return only(written, 65_535);
  const [first = 0, last = first] = written.split("-").map(Number);
  return [first, last];
}

/** RFC 9293, section 3.1: from the lowest bit on. */
const flags = ["fin", "syn", "rst", "psh", "ack", "urg"] as const;

function flagsOf(written: Written["tcp-flags"]): Pick<AclRule, "tcpMask" | "tcpValue"> {
  const bits = (names: readonly (typeof flags)[number][]): number =>
    names.reduce((sum, name) => sum | (1 << flags.indexOf(name)), 0);
  const [set, clear] = [bits(written?.set ?? []), bits(written?.clear ?? [])];
  return { tcpMask: set | clear, tcpValue: set };
}

/** A rule about all packets from one network to another. */
export function plainRule(action: AclRule["action"], source: string, destination: string): AclRule {
  return { action, source, destination, protocol: 0, from: [0, 65_535], to: [0, 65_535], tcpMask: 0, tcpValue: 0 };
}

/** All addresses of the family of one. */
export function anywhereLike(prefix: string): string {
  return anywhere[familyOf(prefix)];
}
