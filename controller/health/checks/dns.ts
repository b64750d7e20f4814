import type { HealthCheck } from "../../../schemas/health.ts";
import { type Asking, type Finding, firstLine, inside } from "./finding.ts";

/** A query is answered with at least one record. */
export async function dns(check: Extract<HealthCheck, { check: "dns" }>, asking: Asking): Promise<Finding> {
  const { host, timeoutMs, signal } = asking;
  const limit = `+time=${Math.max(1, Math.floor(timeoutMs / 1000))}`;
  const server = check.server === undefined ? [] : [`@${check.server}`];
  const argv = ["dig", "+short", "+tries=1", limit, ...server, "-t", check.type, "-q", check.query] as const;
  const limits = { timeoutMs: timeoutMs + 1000, signal, maxBytes: 65_536 };
  const { exitCode, stdout } = await host.run(inside(asking, check.namespace, argv), limits);
  const lines = stdout.split("\n").filter((line) => line.trim() !== "");
  const records = lines.filter((line) => !line.startsWith(";"));
  if (exitCode !== 0)
    return { ok: false, detail: firstLine(stdout.replace(/^;+ */, "")) || `dig ended with ${exitCode}` };
  if (records.length === 0) return { ok: false, detail: `no ${check.type} record` };
  return { ok: true, detail: firstLine(records.join(", ")) };
}
