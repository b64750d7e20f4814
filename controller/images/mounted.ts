/** A look into a dataset that is mounted nowhere, and that nobody else is to see mounted. */
import type { Host, RunResult } from "../../reconcilers/core.ts";
import { printable } from "../../schemas/printable.ts";
import { Problem } from "../../schemas/problem.ts";
import { unmount } from "./staging.ts";

export interface Looked {
  readonly dataset: string;
  /** Where it is meanwhile; the folder is there only then. */
  readonly folder: string;
  /** For people. */
  readonly name: string;
}

const mountMs = 60_000;

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
  const made = await run(["mkdir", "-p", "-m", "700", folder]);
  if (made.exitCode !== 0) throw failed("mkdir", made);
  // zfsutil: although it has no mount point.
  const mounted = await run(["mount", "-t", "zfs", "-o", "zfsutil,ro,nosuid,nodev,noexec", dataset, folder]);
  try {
    if (mounted.exitCode !== 0) throw failed("mount", mounted);
    return await work();
  } finally {
    await unmount(host, folder, AbortSignal.timeout(mountMs));
    await run(["rmdir", folder]).catch(() => undefined);
  }
}

/** The last line that a program said, for people. */
export function lastLine(text: string): string {
  return printable(text.trim().split("\n").at(-1) ?? "").slice(0, 300);
}
