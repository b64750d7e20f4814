/** Which boot environment runs: each has a committed generation of its own. */
import { rootDataset } from "../reconcilers/bootenv/mounts.ts";
import type { Host } from "../reconcilers/core.ts";
import { Problem } from "../schemas/problem.ts";

const limitMs = 30_000;

/**
 * The GUID of the root's dataset, which no rename changes; "default" where the root is no ZFS dataset. Rejects with a
 * transient Problem when it cannot be found out: what is committed here is not known then.
 */
export async function bootedEnvironment(host: Host, signal: AbortSignal): Promise<string> {
  const dataset = rootDataset((await host.readFile("/proc/self/mountinfo")) ?? "");
  if (dataset === undefined) return "default";
  const argv = ["zfs", "get", "-H", "-p", "-o", "value", "guid", dataset] as const;
  const { exitCode, stdout, stderr } = await host.run(argv, { timeoutMs: limitMs, signal });
  const guid = stdout.trim();
  if (exitCode === 0 && /^\d+$/.test(guid)) return guid;
  throw new Problem("HOST_COMMAND", `The GUID of ${dataset} cannot be read: ${stderr.trim() || stdout.trim()}`, {
    remedy: `zfs get guid ${dataset} must work.`,
    transient: true,
  });
}
