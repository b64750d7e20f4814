/**
 * In which order changes are made, so that no moment is more open than what was or what will be: what is referred to
 * comes before its references and goes after them, and peers come with their policy.
 */
import type { Entries } from "./entries.ts";
import { isLeak, isRoute, neighborOf, objectOf } from "./grammar.ts";
import type { Operation } from "./impact.ts";

/** The lower first. Ties keep the order of the configuration. */
export function phaseOf(operation: Operation, isGroup: (entry: Operation["entry"]) => boolean): number {
  return operation.kind === "remove" ? removal(operation, isGroup) : addition(operation, isGroup);
}

/** Before everything: an instance that has to make room for another. */
export const makeRoom = 0;

/** Before that: instances of VRFs that leave when the default one makes room; and first of all what others have of an instance. */
const leave = -1;
const letGo = -2;

/**
 * The phases of removals without which bgpd does not let an instance go that another takes the place of. `isReplaced`: of
 * a line at the top.
 */
export function holdingRemovals(
  operations: readonly Operation[],
  isReplaced: (entry: Operation["entry"]) => boolean,
): ReadonlyMap<Operation, number> {
  const isInstance = ({ path, line }: Operation["entry"]) => path.length === 0 && line.startsWith("router bgp ");
  const removals = operations.filter(({ kind }) => kind === "remove");
  if (!removals.some(({ entry }) => isInstance(entry) && isReplaced(entry))) return new Map();
  const phases = removals.flatMap((operation): readonly [Operation, number][] => {
    const { path, line } = operation.entry;
    if (isLeak(path, line)) return [[operation, letGo]];
    return isInstance(operation.entry) && line.includes(" vrf ") ? [[operation, leave]] : [];
  });
  return new Map(phases);
}

/**
 * Removals that come first: of what filters keep back, where filters change with it. A filter that opens may have kept
 * this route or protocol in; what has no filter to wait for goes late instead, when its successor is there.
 */
export function earlyRemovals(operations: readonly Operation[], live: Entries, desired: Entries): ReadonlySet<string> {
  const kept = new Set([...desired.values()].map(({ path, line }) => objectOf(path, line)));
  const filtered = [...live.values(), ...desired.values()].some(({ line }) => origin.test(line));
  if (!filtered || !operations.some(changesFilter)) return new Set();
  const leaving = operations.filter(({ kind, entry }) => kind === "remove" && isOrigin(entry));
  return new Set(
    leaving.filter(({ entry }) => !kept.has(objectOf(entry.path, entry.line))).map(({ entry }) => entry.key),
  );
}

/** After the instances that make room, before any filter. */
export const early = 5;

/** Before OSPF hears of anything new. */
export const makeAreas = 37;

/**
 * Removals that make room in OSPF: areas are given to networks or to interfaces, and ospfd refuses the one while there is
 * any of the other.
 */
export function areaRemovals(operations: readonly Operation[]): ReadonlySet<string> {
  const isArea = ({ path, line }: Operation["entry"]) =>
    path[0]?.startsWith("interface ") ? line.startsWith("ip ospf area ") : isNetwork({ path, line });
  const isNetwork = ({ path, line }: Pick<Operation["entry"], "path" | "line">) =>
    /^router ospf(?: |$)/.test(path[0] ?? "") && /^network \S+ area /.test(line);
  const areas = operations.filter(({ entry }) => isArea(entry));
  const coming = areas.filter(({ kind }) => kind !== "remove").map(({ entry }) => isNetwork(entry));
  const leaving = areas.filter(({ kind, entry }) => kind === "remove" && coming.includes(!isNetwork(entry)));
  return new Set(leaving.map(({ entry }) => entry.key));
}

/** What brings routes into BGP and OSPF. */
const origin = /^(?:redistribute|network|default-information originate) ?/;

function isOrigin({ path, line }: Operation["entry"]): boolean {
  return isRoute(path, line) || (path[0]?.startsWith("router ") === true && origin.test(line));
}

function changesFilter({ entry: { path, line }, old }: Operation): boolean {
  const root = (path[0] ?? line).replace(/^no /, "");
  const lines = `${line}\n${old?.line ?? ""}`;
  return isList(root) || root.startsWith("route-map ") || / (?:prefix|filter|distribute)-list | route-map /.test(lines);
}

function addition({ entry }: Operation, isGroup: (entry: Operation["entry"]) => boolean): number {
  const root = (entry.path[0] ?? entry.line).replace(/^no /, "");
  if (isList(root)) return 10;
  if (root === "bfd") return entry.path[1]?.startsWith("peer ") || entry.line.startsWith("peer ") ? 35 : 32;
  if (root.startsWith("route-map ")) return 30;
  // After everything that lets it through, or does not.
  if (isRoute(entry.path, entry.line)) return 58;
  if (root.startsWith("router ospf")) return 38;
  if (/^(?:interface|vrf) /.test(root)) return 40;
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
  if (isRoute(entry.path, entry.line)) return 75;
  if (/^(?:interface|vrf) /.test(root)) return 70;
  // Without segment routing ospfd does not take back what belongs to it.
  if (entry.line === "segment-routing on") return 72.5;
  if (root.startsWith("router ospf")) return entry.path.length === 0 ? 73 : 72;
  if (root.startsWith("route-map ")) return 85;
  if (root === "bfd") return 80;
  return isList(root) ? 90 : 83;
}

function isList(root: string): boolean {
  return /^(?:(?:ip|ipv6) prefix-list|(?:ipv6 |mac )?access-list|bgp (?:as-path access-list|\S*community-list)) /.test(
    root,
  );
}
