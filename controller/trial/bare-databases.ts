/** Where Incus' database is shared by the boot environments without a dataset that a snapshot could be taken of. */
import type { Host } from "../../reconcilers/core.ts";

/** A dataset, and where it is mounted by its property. */
export interface Mounting {
  readonly dataset: string;
  readonly mountpoint: string | undefined;
  /** A snapshot is taken of it, or somebody said that none is to be. */
  readonly isSettled: boolean;
}

const place = "/var/lib/incus";
const shared = ["/persistent/data/incus", "/persistent/data/var/lib/incus"];

/** Those folders. In the boot environment itself nobody shares it. */
export async function bareDatabases(host: Host, mountings: readonly Mounting[]): Promise<readonly string[]> {
  const link = await host.readLink(place).catch(() => undefined);
  const folders = new Set([...(link?.startsWith("/persistent/") ? [link] : []), ...shared]);
  const without = [...folders].filter((folder) => {
    return !mountings.some(({ mountpoint }) => mountpoint === folder || mountpoint === `${folder}/database`);
  });
  const found: string[] = [];
  for (const folder of [...((await isBound(host, mountings)) ? [place] : []), ...without]) {
    if ((await host.readFolder(`${folder}/database`).catch(() => [])).length > 0) found.push(folder);
  }
  return found;
}

/** Whether what is mounted there is a folder of a dataset, or a dataset that nothing is kept of. */
async function isBound(host: Host, mountings: readonly Mounting[]): Promise<boolean> {
  const text = (await host.readFile("/proc/self/mountinfo").catch(() => undefined)) ?? "";
  const mounts = text.split("\n").filter((line) => line.split(" ")[4] === place);
  const [type, source] = mounts.at(-1)?.split(" - ")[1]?.split(" ") ?? [];
  return type === "zfs" && !mountings.some(({ dataset, isSettled }) => dataset === source && isSettled);
}
