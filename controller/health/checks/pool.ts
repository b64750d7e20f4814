import type { HealthCheck } from "../../../schemas/health.ts";
import { type Asking, type Finding, firstLine } from "./finding.ts";

/** A ZFS pool, or every one, is ONLINE. A box without ZFS cannot tell. */
export async function pool(
  check: Extract<HealthCheck, { check: "pool" }>,
  { host, timeoutMs, signal }: Asking,
): Promise<Finding> {
  const named = check.pool === undefined ? [] : [check.pool];
  const argv = ["zpool", "list", "-H", "-o", "name,health", ...named] as const;
  const { exitCode, stdout, stderr } = await host.run(argv, { timeoutMs, signal, maxBytes: 65_536 });
  if (exitCode !== 0) return { ok: false, detail: firstLine(stderr) };
  const pools = stdout.split("\n").flatMap((line): [string, string][] => {
    const [name, health] = line.split("\t");
    return name === undefined || health === undefined ? [] : [[name, health]];
  });
  if (pools.length === 0) return { ok: undefined, detail: "there is no pool" };
  const ill = pools.filter(([, health]) => health !== "ONLINE");
  if (ill.length === 0) return { ok: true, detail: `${pools.map(([name]) => name).join(", ")} ONLINE` };
  return { ok: false, detail: ill.map(([name, health]) => `${name} is ${health}`).join(", ") };
}
