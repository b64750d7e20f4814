/** A folder that somebody brought along, as a git repository that the agent can follow: a checkout, a bare one, or a bundle. */
import { cp, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Host } from "../../reconcilers/core.ts";
import { Problem } from "../../schemas/problem.ts";

/** Where it is followed, absolute; `bundle`: what has to be unpacked there first. */
export interface StandIn {
  readonly path: string;
  readonly bundle: string | undefined;
}

/** `kept` is where the repository in a bundle goes. Rejects with USAGE where there is none. */
export async function findStandIn(named: string, kept: string): Promise<StandIn> {
  if (await exists(join(named, ".git/HEAD"))) return { path: named, bundle: undefined };
  if ((await exists(join(named, "HEAD"))) && (await exists(join(named, "objects"))))
    return { path: named, bundle: undefined };
  const found = await stat(named).catch(() => undefined);
  if (found?.isFile()) return { path: kept, bundle: named };
  const bundles = found?.isDirectory() ? (await readdir(named)).filter((name) => name.endsWith(".bundle")) : [];
  const [only] = bundles;
  if (only !== undefined && bundles.length === 1) return { path: kept, bundle: join(named, only) };
  throw new Problem("USAGE", `${named} is no git repository, and holds no bundle of one.`, {
    remedy: "Bring a clone along, or make a bundle: git bundle create sites.bundle main.",
  });
}

/** Makes a bare repository of a bundle. */
export async function unpack(
  host: Pick<Host, "run">,
  bundle: string,
  into: string,
  signal: AbortSignal,
): Promise<void> {
  const argv = ["git", "clone", "--quiet", "--bare", "--", bundle, into] as const;
  const { exitCode, stderr } = await host.run(argv, { timeoutMs: 120_000, signal });
  if (exitCode === 0) return;
  throw new Problem("USAGE", `${bundle} cannot be read: ${stderr.trim().split("\n").at(-1)}`, {
    remedy: "Make it anew: git bundle create sites.bundle main.",
  });
}

/** Puts an unpacked repository where it is kept, in place of an older one. */
export async function keep(unpacked: string, kept: string): Promise<void> {
  const fresh = `${kept}.new`;
  await rm(fresh, { recursive: true, force: true });
  await cp(unpacked, fresh, { recursive: true });
  await rm(kept, { recursive: true, force: true });
  await rename(fresh, kept);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
