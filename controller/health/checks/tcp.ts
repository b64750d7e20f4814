import type { HealthCheck } from "../../../schemas/health.ts";
import { withDeadline } from "../../retry.ts";
import type { Asking, Finding } from "./finding.ts";

/** A new connection succeeds. Rejects when it does not. */
export async function tcp(
  { address, port }: Extract<HealthCheck, { check: "tcp" }>,
  { host, timeoutMs, signal }: Asking,
): Promise<Finding> {
  await withDeadline(host, timeoutMs, signal, "Connecting", (limited) => host.reach(address, port, limited));
  return { ok: true, detail: "connected" };
}
