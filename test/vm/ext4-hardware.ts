/** The appliance with a root of ext4: what it writes there is gone when it is switched off; its persistent disk stays. */
import { execFileSync } from "node:child_process";
import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { spared, type Hardware } from "./hardware.ts";
import type { Image } from "./image.ts";

/** With an empty persistent disk in the folder. */
export function ext4Hardware(folder: string, { kernel, initrd, root, sshKey }: Image): Hardware {
  const persistent = join(folder, "persistent.img");
  writeFileSync(persistent, "");
  truncateSync(persistent, 1 << 30);
  execFileSync("mkfs.ext4", ["-q", "-L", "persistent", persistent]);
  const drives = [
    { name: "root", file: root, format: "raw", writes: "lost" },
    { name: "persistent", file: persistent, format: "raw", writes: "kept" },
  ] as const;
  return { kernel, initrd, line: `root=/dev/vda rw ${spared}`, drives, sshKey };
}
