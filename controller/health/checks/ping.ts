import type { HealthCheck } from "../../../schemas/health.ts";
import { type Asking, type Finding, firstLine, inside } from "./finding.ts";

/** An ICMP echo is answered. */
export async function ping(check: Extract<HealthCheck, { check: "ping" }>, asking: Asking): Promise<Finding> {
  const { host, timeoutMs, signal } = asking;
  const argv = ["ping", "-n", "-c", "1", "-W", String(timeoutMs / 1000), check.address] as const;
  // ping itself ends in time; what resolves a name may not.
  const limits = { timeoutMs: timeoutMs + 1000, signal, maxBytes: 65_536 };
  const { exitCode, stderr } = await host.run(inside(asking, check.namespace, argv), limits);
  if (exitCode === 0) return { ok: true, detail: "answered" };
  return { ok: false, detail: stderr.trim() === "" ? `${check.address} does not answer` : firstLine(stderr) };
}
