/**
 * In which order changes are made, so that no moment is more open than what was or what will be: what is referred to
 * comes before its references and goes after them, and peers come with their policy.
 */
import type { Operation } from "./impact.ts";
import { neighborOf } from "./grammar.ts";

/** The lower first. Ties keep the order of the configuration. */
export function phaseOf(operation: Operation, isGroup: (entry: Operation["entry"]) => boolean): number {
  return operation.kind === "remove" ? removal(operation, isGroup) : addition(operation, isGroup);
}

/** Before everything: an instance that has to make room for another. */
export const makeRoom = 0;

function addition({ entry }: Operation, isGroup: (entry: Operation["entry"]) => boolean): number {
  const root = (entry.path[0] ?? entry.line).replace(/^no /, "");
  if (isList(root)) return 10;
  if (root === "bfd") return entry.path[1]?.startsWith("peer ") || entry.line.startsWith("peer ") ? 25 : 20;
  if (root.startsWith("route-map ")) return 30;
  if (root.startsWith("router ospf")) return 38;
  if (/^(?:interface|vrf) /.test(root)) return 40;
  if (/^ip(?:v6)? route /.test(root)) return 45;
  if (!root.startsWith("router bgp ")) return 15;
  if (neighborOf(entry.path, entry.line) !== undefined) return isGroup(entry) ? 52 : 54;
  return entry.path.length > 1 ? 56 : 50;
}

function removal({ entry }: Operation, isGroup: (entry: Operation["entry"]) => boolean): number {
  const root = (entry.path[0] ?? entry.line).replace(/^no /, "");
  if (root.startsWith("router bgp ")) {
    if (entry.path.length === 0) return / vrf /.test(root) ? 67 : 68;
    if (entry.path.length > 1) return 60;
    if (neighborOf(entry.path, entry.line) !== undefined) return isGroup(entry) ? 66 : 64;
    return 62;
  }
  if (/^(?:interface|vrf) /.test(root)) return 70;
  if (root.startsWith("router ospf")) return entry.path.length === 0 ? 73 : 72;
  if (/^ip(?:v6)? route /.test(root)) return 75;
  if (root.startsWith("route-map ")) return 85;
  if (root === "bfd") return 80;
  return isList(root) ? 90 : 83;
}

function isList(root: string): boolean {
  return /^(?:(?:ip|ipv6) prefix-list|(?:ipv6 |mac )?access-list|bgp (?:as-path access-list|\S*community-list)) /.test(
    root,
  );
}
