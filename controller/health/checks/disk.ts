import type { HealthCheck } from "../../../schemas/health.ts";
import { type Asking, type Finding, firstLine } from "./finding.ts";

const usualPercent = 10;

/** A file system has room for those who are not root. */
export async function disk(
  check: Extract<HealthCheck, { check: "disk" }>,
  { host, timeoutMs, signal }: Asking,
): Promise<Finding> {
  const argv = ["df", "-P", "-k", "--", check.path] as const;
  const { exitCode, stdout, stderr } = await host.run(argv, { timeoutMs, signal, maxBytes: 65_536 });
  if (exitCode !== 0) return { ok: false, detail: firstLine(stderr) };
  // "/dev/sda1 263174212 27563540 222172588 12% /": blocks, used, available.
  const numbers = /\s(\d+)\s+(\d+)\s+(\d+)\s+\d+%\s/.exec(stdout.trim().split("\n").at(-1) ?? "");
  if (!numbers) return { ok: undefined, detail: `df says ${firstLine(stdout)}` };
  const [used, free] = [Number(numbers[2]), Number(numbers[3])];
  const percent = Math.floor((100 * free) / Math.max(1, used + free));
  const mib = Math.floor(free / 1024);
  const leastMib = check["min-free-mib"];
  const leastPercent = check["min-free-percent"] ?? (leastMib === undefined ? usualPercent : 0);
  const detail = `${percent} % (${mib} MiB) free`;
  if (percent < leastPercent) return { ok: false, detail: `${detail}, and at least ${leastPercent} % are wanted` };
  if (mib < (leastMib ?? 0)) return { ok: false, detail: `${detail}, and at least ${leastMib} MiB are wanted` };
  return { ok: true, detail };
}
