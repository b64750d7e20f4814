/** Rules about BGP peers, with what their groups give them. */
import type { Bgp } from "../bgp.ts";
import type { Path } from "../json.ts";
import { familyOf } from "../primitives.ts";
import { isRefused } from "./hygiene.ts";
import type { Report } from "./rules.ts";
import { type Session, sessionOf } from "./session.ts";
import { switchedOff } from "./switches.ts";
import { isLinkLocal, type View } from "./view.ts";

export function checkBgp(view: View, report: Report): void {
  const { bgp, static: routes, "router-id": routerId } = view.machine.routing;
  for (const section of ["bgp", "ospf", "ospf3"] as const) {
    const instance = view.machine.routing[section];
    if (instance && (instance["router-id"] ?? routerId) === undefined)
      report("router-id-missing", ["routing", section], "has no router ID");
  }
  if (!bgp) return;
  checkInstance(bgp, routes, ["routing", "bgp"], view.machine.maintenance, report, (session, path) => {
    checkAddress(view, session, path, report);
    checkUpdateSource(view, session, path, report);
    return isRefused(bgp, session, "missing-policy");
  });
}

/** What holds of every instance. `routes`: static ones beside it; `more`: other rules of a peer, and whether a policy must be. */
export function checkInstance(
  bgp: Pick<Bgp, "asn" | "peers" | "peer-groups" | "announce" | "ebgp-requires-policy">,
  routes: Readonly<Record<string, unknown>>,
  at: Path,
  maintenance: "drain" | undefined,
  report: Report,
  more: (session: Session, path: Path) => boolean,
): void {
  const seen = new Map<string, string>();
  for (const [name, peer] of Object.entries(bgp.peers)) {
    const path = [...at, "peers", name];
    const session = sessionOf(bgp, peer);
    checkReuse(session, name, path, seen, report);
    const isRefusedWithout = more(session, path);
    checkSwitches(session, path, report);
    if (session.remoteAs === undefined) {
      if (session.group || peer.group === undefined)
        report("peer-remote-as", path, "has no remote-as, nor has its group");
      continue;
    }
    checkRole(session, bgp.asn, path, report);
    if ((maintenance ?? peer.maintenance) === "drain") checkDrain(session, path, report);
    checkPolicy(session, bgp["ebgp-requires-policy"] || isRefusedWithout, path, report);
  }
  for (const [prefix, { blackhole }] of Object.entries(bgp.announce)) {
    if (blackhole && Object.hasOwn(routes, prefix))
      report("announce-blackhole", [...at, "announce", prefix], "has a static route and a blackhole route");
  }
}

function checkReuse({ peer }: Session, name: string, path: Path, seen: Map<string, string>, report: Report): void {
  const { address, interface: on } = peer;
  // The same fe80:: address may be on every link.
  const key = address === undefined || isLinkLocal(address) ? `${address ?? ""}%${on ?? ""}` : address;
  const other = seen.get(key);
  if (other !== undefined) report("peer-reused", path, `${address ?? on} is the peer ${other} already`);
  seen.set(key, other ?? name);
}

function checkAddress({ byAddress, connected }: View, session: Session, path: Path, report: Report): void {
  const { address, interface: on } = session.peer;
  if (address === undefined) return;
  const at = [...path, "address"];
  const own = byAddress.get(address);
  if (isLinkLocal(address)) {
    if (on === undefined) report("peer-link-local", at, `${address} may be on any interface`);
  } else if (own) report("peer-own-address", at, `${address} is the own address on ${own.on}`);
  else if (
    session.remoteAs !== undefined &&
    !session.internal &&
    session.get("ebgp-multihop") === undefined &&
    (session.get("ttl-security-hops") ?? 1) === 1 &&
    connected.find(address) === undefined
  )
    report("peer-unreachable", at, `${address} is in no connected network`);
}

function checkUpdateSource({ byAddress, shared }: View, session: Session, path: Path, report: Report): void {
  const source = session.get("update-source");
  if (source === undefined || !/^[0-9]|:/.test(source)) return;
  const at = session.peer["update-source"] === undefined ? path : [...path, "update-source"];
  if (!byAddress.has(source) && !shared.has(source)) report("update-source", at, `${source} is no own address`);
  else if (session.peer.address !== undefined && familyOf(session.peer.address) !== familyOf(source))
    report("update-source", at, `${source} is not of the family of ${session.peer.address}`);
}

function checkSwitches({ peer, group }: Session, path: Path, report: Report): void {
  if (!group) return;
  const at = [path, [...path, "ipv4"], [...path, "ipv6"]];
  const pairs = [[peer, group] as const, [peer.ipv4, group.ipv4] as const, [peer.ipv6, group.ipv6] as const];
  pairs.forEach(([own, shared], index) => {
    for (const [key, says] of switchedOff(own, shared))
      report("peer-group-switch", [...(at[index] ?? path), key], `is ${says}, which the peer would keep`);
  });
}

function checkRole(session: Session, asn: number, path: Path, report: Report): void {
  const { peer, internal, remoteAs } = session;
  const at = (key: keyof typeof peer): Path => (peer[key] === undefined ? path : [...path, key]);
  const kind = session.get("kind");
  if (kind === "internal" && !internal)
    report("peer-kind", at("remote-as"), `is of kind internal, but its AS number is ${remoteAs}, not the own ${asn}`);
  else if (kind !== undefined && kind !== "internal" && kind !== "collector" && internal)
    report("peer-kind", at("remote-as"), `is of kind ${kind}, but has the own AS number ${asn}`);
  if (internal && session.get("ebgp-multihop") !== undefined)
    report("peer-ebgp-only", at("ebgp-multihop"), "is an iBGP peer with ebgp-multihop");
  const local = session.get("local-as")?.asn;
  if (local !== undefined && (internal || local === asn || local === remoteAs)) {
    const what = internal ? "the session is iBGP" : `${local} is the ${local === asn ? "own" : "peer's"} AS number`;
    report("peer-local-as", at("local-as"), what);
  }
  for (const family of ["ipv4", "ipv6"] as const) {
    if (!internal && session.policy(family)["route-reflector-client"])
      report("peer-reflector", at(family), "is an eBGP peer and a route reflector's client");
    if (internal && session.policy(family)["remove-private-as"])
      report("peer-private-as", at(family), "is an iBGP peer with remove-private-as");
  }
}

/** An eBGP peer hears of it by a standard community. */
function checkDrain(session: Session, path: Path, report: Report): void {
  const withholds = session.families.some((family) => {
    const sends = session.policy(family)["send-community"];
    return sends !== undefined && !["standard", "both", "all"].includes(sends);
  });
  if (withholds && !session.internal) report("peer-drain", path, "is drained, and is sent no standard communities");
}

/** What FRR takes for a policy: a route-map, prefix-list or filter-list. */
function checkPolicy(session: Session, required: boolean, path: Path, report: Report): void {
  if (session.families.length === 0) report("peer-family", path, "carries no address family");
  if (session.internal || !required || session.get("shutdown")) return;
  for (const family of session.families) {
    const policy = session.policy(family);
    const filters = [policy["route-map"], policy["prefix-list"], policy["as-path-list"]];
    if (filters.every((filter) => filter?.in === undefined && filter?.out === undefined))
      report("peer-policy", path, `has no policy for ${family === "ipv4" ? "IPv4" : "IPv6"}`);
  }
}
