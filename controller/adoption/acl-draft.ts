/** Rules of an ACL of VPP as an operator writes them: the inverse of reconcilers/vpp/render/acls.ts. */
import type { AclRule } from "../../reconcilers/vpp/model.ts";
import type { JsonObject } from "../../schemas/json.ts";

/** IANA's protocol numbers. */
const protocols: Readonly<Record<number, string>> = { 0: "any", 1: "icmp", 6: "tcp", 17: "udp", 58: "icmp6" };

/** RFC 9293, section 3.1: from the lowest bit on. */
const flags = ["fin", "syn", "rst", "psh", "ack", "urg"] as const;

/** Every rule of the family of its addresses. What cannot be written does not come back as it is, and is found out by that. */
export function aclDraft(rules: readonly AclRule[]): JsonObject {
  return { rules: Object.fromEntries(rules.map((rule, at) => [String((at + 1) * 10), ruleOf(rule)])) };
}

function ruleOf({ action, source, destination, protocol, from, to, tcpMask, tcpValue }: AclRule): JsonObject {
  const isIcmp = protocol === 1 || protocol === 58;
  const [first, second] = isIcmp ? ["icmp-type", "icmp-code"] : ["source-port", "destination-port"];
  return {
    action,
    source,
    destination,
    ...(protocol !== 0 && { protocol: protocols[protocol] ?? protocol }),
    ...range(first ?? "", from, isIcmp ? 255 : 65_535),
    ...range(second ?? "", to, isIcmp ? 255 : 65_535),
    ...(tcpMask > 0 && { "tcp-flags": { set: named(tcpValue), clear: named(tcpMask & ~tcpValue) } }),
  };
}

function range(key: string, [first, last]: readonly [number, number], most: number): JsonObject {
  if (first === 0 && last === most) return {};
  return { [key]: first === last ? first : `${first}-${last}` };
}

function named(bits: number): readonly string[] {
  return flags.filter((_, bit) => (bits & (1 << bit)) !== 0);
}
