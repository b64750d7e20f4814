/** A look into a dataset that is mounted nowhere, and that nobody else is to see mounted. */
import type { Host, RunResult } from "../../reconcilers/core.ts";
import { printable } from "../../schemas/printable.ts";
import { Problem } from "../../schemas/problem.ts";

export interface Looked {
  readonly dataset: string;
  /** Where it is meanwhile; the folder is there only then. */
  readonly folder: string;
  /** For people. */
  readonly name: string;
}

const mountMs = 60_000;
/** zfsutil: although it has no mount point. */
const mount = 'mkdir -p -m 700 "$2" && exec mount -t zfs -o zfsutil,ro,nosuid,nodev,noexec "$1" "$2"';
const unmount = 'umount "$1"; rmdir "$1"';

/**
 * Mounts it, read-only, without devices, set-uid or programs, while `work` looks. Rejects with IMAGE_RECEIVE where it cannot be mounted,
 * or with what `work` rejects with.
 */
export async function whileMounted<T>(
  host: Host,
  { dataset, folder, name }: Looked,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  const failed = (step: string, { stderr }: RunResult): Problem =>
    new Problem("IMAGE_RECEIVE", `${name} cannot be looked into: ${step}: ${lastLine(stderr)}`, {
      transient: true,
      remedy: "It is tried again; `zpool status` says how the pool is.",
    });
  const run = (argv: readonly [string, ...string[]]) => host.run(argv, { timeoutMs: mountMs, signal });
  const mounted = await run(["sh", "-c", mount, "sh", dataset, folder]);
  try {
    if (mounted.exitCode !== 0) throw failed("mount", mounted);
    return await work();
  } finally {
    const limited = AbortSignal.timeout(mountMs);
    await host.run(["sh", "-c", unmount, "sh", folder], { timeoutMs: mountMs, signal: limited }).catch(() => undefined);
  }
}

/** The last line that a program said, for people. */
export function lastLine(text: string): string {
  return printable(text.trim().split("\n").at(-1) ?? "").slice(0, 300);
}
