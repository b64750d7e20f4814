import type { HealthCheck } from "../../../schemas/health.ts";
import { type Asking, type Finding, firstLine, inside } from "./finding.ts";

const longestAnswer = 1 << 20;

/** A request over a new connection is answered with the status, and the text in it, that are wanted. */
export async function http(check: Extract<HealthCheck, { check: "http" }>, asking: Asking): Promise<Finding> {
  const { host, timeoutMs, signal } = asking;
  // Neither root's .curlrc nor a proxy of the environment: what is shown is that this box reaches that place.
  const quiet = ["--disable", "--silent", "--show-error", "--noproxy", "*", "--globoff"] as const;
  const limits = ["--max-time", String(timeoutMs / 1000), "--proto", "=http,https"] as const;
  const argv = ["curl", ...quiet, ...limits, "--write-out", "\n%{http_code}", "--url", check.url] as const;
  const { exitCode, stdout, stderr } = await host.run(inside(asking, check.namespace, argv), {
    timeoutMs: timeoutMs + 1000,
    signal,
    maxBytes: longestAnswer,
  });
  if (exitCode !== 0) return { ok: false, detail: firstLine(stderr) };
  const end = stdout.lastIndexOf("\n");
  const status = Number(stdout.slice(end + 1));
  if (status !== check.status) return { ok: false, detail: `answered ${status}, and ${check.status} is wanted` };
  if (check.body !== undefined && !stdout.slice(0, end).includes(check.body)) {
    return { ok: false, detail: `answered ${status} without "${check.body}"` };
  }
  return { ok: true, detail: `answered ${status}` };
}
