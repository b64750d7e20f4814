import type { HealthCheck } from "../../../schemas/health.ts";
import type { Sight } from "../sight.ts";
import { counted, type Finding, within } from "./finding.ts";

/** How many prefixes are accepted from a peer, or advertised to it. */
export function bgpPrefixes(
  check: Extract<HealthCheck, { check: "bgp-prefixes" }>,
  { sessions }: Pick<Sight, "sessions">,
): Finding {
  const session = sessions.get(check.peer);
  if (!session) return { ok: false, detail: "is not configured" };
  const { direction = "accepted" } = check;
  const families = Object.entries((direction === "accepted" ? session.families : session.advertised) ?? {});
  const wanted = families.filter(([family]) => check.family === undefined || family.startsWith(check.family));
  const count = wanted.reduce((sum, [, prefixes]) => sum + prefixes, 0);
  const wrong = within(count, check);
  const detail = counted(count, `${direction} prefix`, `${direction} prefixes`);
  return wrong === undefined ? { ok: true, detail } : { ok: false, detail: `${detail}, and ${wrong}` };
}
