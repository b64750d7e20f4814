import { routeCounts } from "../../../reconcilers/frr/routes.ts";
import type { HealthCheck } from "../../../schemas/health.ts";
import { type Asking, counted, type Finding, within } from "./finding.ts";

/** How many routes zebra has installed in the kernel. */
export async function routes(
  check: Extract<HealthCheck, { check: "routes" }>,
  { host, sockets, signal }: Asking,
): Promise<Finding> {
  const { byType } = await routeCounts(host, sockets, check.family, signal);
  const types = check.protocol === "bgp" ? ["ebgp", "ibgp"] : check.protocol && [check.protocol];
  const of = Object.entries(byType).filter(([type]) => types === undefined || types.includes(type));
  const count = of.reduce((sum, [, { fib }]) => sum + fib, 0);
  const wrong = within(count, check);
  const detail = counted(count, "installed route", "installed routes");
  return wrong === undefined ? { ok: true, detail } : { ok: false, detail: `${detail}, and ${wrong}` };
}
