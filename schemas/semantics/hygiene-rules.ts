/** Rules about what is refused from peers because of their kind. */
import type { Bgp } from "../bgp.ts";
import type { HygieneRule } from "../hygiene.ts";
import type { Path } from "../json.ts";
import { hygieneKind, isRefused, ownPrefixes } from "./hygiene.ts";
import type { Report } from "./rules.ts";
import { type Session, sessionOf } from "./session.ts";
import type { View } from "./view.ts";

export function checkHygiene({ machine }: View, report: Report): void {
  const { bgp } = machine.routing;
  if (!bgp) return;
  const path = ["routing", "bgp"];
  const sessions = Object.entries(bgp.peers).map(([name, peer]) => ({ name, session: sessionOf(bgp, peer) }));
  for (const { name, session } of sessions) checkPeer(bgp, session, [...path, "peers", name], report);
  const refuses = (rule: HygieneRule) => sessions.some(({ session }) => isRefused(bgp, session, rule));
  if (refuses("own-prefixes") && ownPrefixes(machine).length === 0)
    report("hygiene-own-prefixes", path, "refuses own prefixes from peers, and knows none");
  if (!refuses("route-leaks")) return;
  for (const { name, session } of sessions) {
    const withholds = session.families.some((family) => {
      const sends = session.policy(family)["send-community"];
      return sends !== undefined && sends !== "large" && sends !== "all";
    });
    if (session.internal && withholds)
      report("hygiene-marks", [...path, "peers", name], "is sent no large communities, by which leaks are known");
  }
}

function checkPeer(bgp: Bgp, session: Session, path: Path, report: Report): void {
  const { peer } = session;
  if (session.remoteAs === undefined) return;
  if (peer.role !== undefined && hygieneKind(session) === undefined)
    report("peer-role", [...path, "role"], "is of a peer whose kind has none");
  if (hygieneKind(session) === undefined) {
    if (peer.hygiene !== undefined && Object.keys(peer.hygiene).length > 0)
      report("hygiene-idle", [...path, "hygiene"], "is of a peer of no kind that anything is refused from");
    if (isOpen(bgp, session)) report("peer-open", path, "takes and gives everything");
    return;
  }
  if (peer.hygiene?.["missing-policy"] !== undefined && bgp["ebgp-requires-policy"])
    report("hygiene-idle", [...path, "hygiene", "missing-policy"], "is on for all by ebgp-requires-policy");
  if (!isRefused(bgp, session, "unlimited-prefixes") || session.get("shutdown")) return;
  for (const family of session.families) {
    if (session.policy(family)["max-prefix"] === undefined)
      report("peer-max-prefix", path, `may send any number of ${family === "ipv4" ? "IPv4" : "IPv6"} prefixes`);
  }
}

/** Neither FRR nor a rule keeps an eBGP session shut that has no policy. */
function isOpen(bgp: Bgp, session: Session): boolean {
  if (bgp["ebgp-requires-policy"] || session.internal || session.get("shutdown")) return false;
  return session.families.some((family) => {
    const policy = session.policy(family);
    const filters = [policy["route-map"], policy["prefix-list"], policy["as-path-list"]];
    return filters.every((filter) => filter?.in === undefined && filter?.out === undefined);
  });
}
