/** Where dpkg writes, copied on write to memory: for a systemd of its own, in whose namespaces a package is installed. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

/** Shell commands: what is written to these folders from now on goes to memory. */
export const copied = ["/usr", "/etc", "/var/lib/dpkg", "/var/lib/systemd"]
  .map(
    (path) => `mount -t tmpfs tmpfs /mnt
mkdir /mnt/upper /mnt/work
mount -t overlay overlay -o lowerdir=${path},upperdir=/mnt/upper,workdir=/mnt/work ${path}
`,
  )
  .join("");

/** Why there can be none here, or undefined. */
export function whyNoCopies(): string | undefined {
  if (!existsSync("/usr/bin/dpkg")) return "needs dpkg";
  const { status } = spawnSync("unshare", ["--mount", "sh", "-ec", `mount --make-rprivate /\n${copied}`]);
  return status === 0 ? undefined : "needs overlay file systems";
}
