import type { HealthCheck } from "../../../schemas/health.ts";
import type { Sight } from "../sight.ts";
import type { Finding } from "./finding.ts";

/** The BFD session with a peer is up. */
export function bfdPeer(check: Extract<HealthCheck, { check: "bfd-peer" }>, { bfd }: Pick<Sight, "bfd">): Finding {
  const status = bfd?.get(check.peer);
  return status === "up" ? { ok: true, detail: "is up" } : { ok: false, detail: `is ${status ?? "not configured"}` };
}
