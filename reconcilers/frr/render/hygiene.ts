/**
 * Hygiene as route-maps around those that are written: done to the machine before it is rendered, so that what is rendered
 * is what an operator could have written. Towards us ("_in-upstream-ipv4-TRANSIT"): what a rule refuses is denied first, then
 * the written route-map is called, then, with route-leaks, the route is marked by where it came from. From us
 * ("_out-peer-TRANSIT"), with route-leaks alone: what is marked as of an upstream or peer is denied, then the written one
 * is called. A direction without a written policy stays as shut as FRR keeps it, and is never opened.
 */
import type { Bgp, Peer, PeerGroup } from "../../../schemas/bgp.ts";
import type { Machine } from "../../../schemas/machine.ts";
import { hygieneKind, hygieneOf, ownPrefixes } from "../../../schemas/semantics/hygiene.ts";
import { sessionOf } from "../../../schemas/semantics/session.ts";
import { carries } from "./bgp-peers.ts";
import { type Direction, type Family, type Ground, guardedMap, hasPolicy, type Made, opened } from "./hygiene-maps.ts";

const families = ["ipv4", "ipv6"] as const satisfies readonly Family[];

/** The machine with everything guarded that has a kind. */
export function withHygiene(machine: Machine): Machine {
  const { routing } = machine;
  const { bgp } = routing;
  if (!bgp) return machine;
  const made: Made = { maps: {}, prefixLists: {}, asPathLists: {}, communityLists: {} };
  const ground = { bgp, own: ownPrefixes(machine), made };
  const groups = mapped(bgp["peer-groups"], (group) => guardedGroup(group, ground));
  const peers = mapped(bgp.peers, (peer) => guardedPeer(peer, groups, ground));
  const merged = {
    "prefix-lists": { ...routing["prefix-lists"], ...made.prefixLists },
    "as-path-lists": { ...routing["as-path-lists"], ...made.asPathLists },
    "community-lists": { ...routing["community-lists"], ...made.communityLists },
    "route-maps": { ...routing["route-maps"], ...made.maps },
  };
  return { ...machine, routing: { ...routing, ...merged, bgp: { ...bgp, "peer-groups": groups, peers } } };
}

/** What is switched off, of whom, and why: a sentence for each rule and reason. */
export function hygieneNotes({ routing: { bgp } }: Machine): readonly string[] {
  if (!bgp) return [];
  const off = Object.entries(bgp.peers).flatMap(([name, peer]) =>
    hygieneOf(bgp, sessionOf(bgp, peer)).flatMap(({ rule, reason }) =>
      reason === undefined ? [] : [{ name, text: `${rule} is switched off: ${reason}` }],
    ),
  );
  return [...Map.groupBy(off, ({ text }) => text)].map(([text, all]) => {
    const names = all.map(({ name }) => name);
    const more = names.length > 3 ? ` and ${names.length - 3} more` : "";
    return `hygiene of ${names.slice(0, 3).join(", ")}${more}: ${text}`;
  });
}

function mapped<T>(all: Readonly<Record<string, T>>, change: (one: T) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(all).map(([name, one]) => [name, change(one)]));
}

/** A group has what its members can share: around policies that are its own, in the families that it speaks of. */
function guardedGroup(group: PeerGroup, ground: Ground): PeerGroup {
  const session = sessionOf(ground.bgp, { ...group, expect: "up" });
  const guarded = { ...group };
  for (const family of families) {
    const policy = group[family];
    if (policy === undefined) continue;
    const map = (way: Direction) =>
      hasPolicy(session, family, way) ? guardedMap(session, family, way, ground) : undefined;
    guarded[family] = { ...policy, ...routeMaps(policy["route-map"], map("in"), map("out")) };
  }
  return guarded;
}

/** `groups`: those that are guarded already. A peer names what its group does not name for it. */
function guardedPeer(peer: Peer, groups: Bgp["peer-groups"], ground: Ground): Peer {
  const session = sessionOf(ground.bgp, peer);
  const above = peer.group === undefined ? undefined : groups[peer.group];
  const isTouched = (family: Family) =>
    hygieneKind(session) !== undefined || above?.[family] !== session.group?.[family];
  const guarded = { ...peer };
  for (const family of families) {
    if (!carries(peer, family, session.group?.[family]?.activate) || !isTouched(family)) continue;
    const map = (way: Direction) => {
      const name = guardedMap(session, family, way, ground);
      const shared = above?.[family]?.["route-map"]?.[way];
      if (name === shared) return undefined;
      return name ?? opened(ground.made);
    };
    const maps = routeMaps(undefined, map("in"), map("out"));
    if (maps === undefined && peer[family]?.["route-map"] === undefined) continue;
    const { "route-map": _, ...rest } = peer[family] ?? {};
    guarded[family] = { ...rest, ...maps };
  }
  return guarded;
}

function routeMaps(
  written: { readonly in?: string | undefined; readonly out?: string | undefined } | undefined,
  into: string | undefined,
  out: string | undefined,
): { readonly "route-map": { in?: string; out?: string } } | undefined {
  const both = { in: into ?? written?.in, out: out ?? written?.out };
  const named = Object.fromEntries(Object.entries(both).filter(([, name]) => name !== undefined));
  return Object.keys(named).length === 0 ? undefined : { "route-map": named };
}
