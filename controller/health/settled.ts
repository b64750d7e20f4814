/**
 * Whether routing is back after a restart: with a full table that takes minutes in which counts say nothing. Settled is when
 * every session is back and its peer has sent all that it has, counts stand still, and the kernel has what zebra has chosen.
 */
import type { Before, Red } from "./judge.ts";
import type { Probe } from "./probe.ts";

/** Looks in a row in which counts stand still. */
const stillLooks = 5;
/** Share of a count that may move from one look to another: a full table is never quite still. */
const stillShare = 0.002;
/** Routes that are offered but not chosen, beyond those before: as a number, and as a share of all. */
const moreUnchosen = { routes: 10, share: 0.01 };

/** Key of what is red until it has settled. */
export const settledKey = "settled";

/** What is still awaited; undefined: it has settled. `looks` are the newest, oldest first; thorough ones. */
export function unsettled(before: Before, looks: readonly Probe[]): Red | undefined {
  const last = looks.at(-1);
  if (!last) return awaited("Nothing was seen yet after the restart.");
  for (const { peer, up } of before.probe.sessions.values()) {
    if (!up || !isExpected(peer, before)) continue;
    const is = last.sessions.get(peer);
    if (!is?.up) return awaited(`After the restart the BGP session with ${peer} is not back yet.`, peer);
    if (is.endOfRib === false) return awaited(`After the restart ${peer} has not sent all of its routes yet.`, peer);
  }
  const recent = looks.slice(-stillLooks);
  if (recent.length < stillLooks) return awaited("After the restart counts were not seen to stand still yet.");
  const moving = [...last.sessions.keys()].find(
    (peer) => !isStill(recent.map((look) => look.sessions.get(peer)?.prefixes)),
  );
  if (moving !== undefined) return awaited(`After the restart the number of prefixes from ${moving} still moves.`);
  for (const family of ["ipv4", "ipv6"] as const) {
    if (!isStill(recent.map((look) => look.routes?.[family].fib))) {
      return awaited(`After the restart the number of ${family} routes in the kernel still moves.`);
    }
    const [was, is] = [before.probe.routes?.[family], last.routes?.[family]];
    const unchosen = (is?.rib ?? 0) - (is?.fib ?? 0);
    const most = (was?.rib ?? 0) - (was?.fib ?? 0) + Math.max(moreUnchosen.routes, (is?.rib ?? 0) * moreUnchosen.share);
    if (unchosen > most)
      return awaited(`After the restart the kernel lacks ${unchosen} of ${is?.rib} ${family} routes.`);
  }
  return undefined;
}

/** What the candidate does not configure, or not expect, need not come back. */
function isExpected(peer: string, { candidate, advisory }: Before): boolean {
  if (advisory.has(`bgp-session ${peer}`)) return false;
  return candidate.health.some((check) => check.check === "bgp-session" && check.required && check.peer === peer);
}

function isStill(counts: readonly (number | undefined)[]): boolean {
  const known = counts.filter((count) => count !== undefined);
  const most = Math.max(0, ...known);
  return most - Math.min(...known, most) <= most * stillShare;
}

function awaited(reason: string, peer?: string): Red {
  return { key: settledKey, reason, weight: "awaited", peer };
}
