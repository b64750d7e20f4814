import type { HealthCheck } from "../../../schemas/health.ts";
import type { Sight } from "../sight.ts";
import type { Finding } from "./finding.ts";

/** An interface of the dataplane is up and has a carrier, as Linux sees it. */
export function link(check: Extract<HealthCheck, { check: "link" }>, { links }: Pick<Sight, "links">): Finding {
  if (!links) return { ok: undefined, detail: "the interfaces of the dataplane cannot be read" };
  const found = links.get(check.interface);
  if (!found) return { ok: false, detail: "is not there" };
  if (!found.isEnabled) return { ok: false, detail: "is administratively down" };
  return found.hasCarrier ? { ok: true, detail: "is up" } : { ok: false, detail: "has no carrier" };
}
