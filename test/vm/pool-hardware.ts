/**
 * The appliance with a root of OpenZFS: what is written stays. It comes up through the stand-in of zfsbootmenu, in whose menu somebody
 * can pick, and has a watchdog.
 */
import { execFileSync } from "node:child_process";
import { closeSync, existsSync, ftruncateSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Hardware } from "./hardware.ts";
import type { PoolImage } from "./pool-image.ts";

/** Of zfsbootmenu itself: docs of its hook. */
const line =
  "quiet console=ttyS0 panic=10 zbm.prefer=tank! imp.watchdog watchdog.stop_on_reboot=0 i6300esb.heartbeat=240";

/** With a disk in the folder, which begins as the image where there is none. */
export function poolHardware(folder: string, { disk: image, loader, sshKey }: PoolImage): Hardware {
  const disk = join(folder, "disk.qcow2");
  const words = ["create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", image, disk];
  if (!existsSync(disk)) execFileSync("qemu-img", words);
  pick(folder, "");
  const crashes = join(folder, "crashes");
  writeFileSync(crashes, Buffer.alloc(65_536));
  const drives = [
    { name: "root", file: disk, format: "qcow2", writes: "kept" },
    { name: "menu", file: menu(folder), format: "raw", writes: "refused" },
  ] as const;
  return { ...loader, line, drives, sshKey, watchdog: true, crashes, monitor: join(folder, "monitor") };
}

/** What somebody picks in the menu from now on, the dataset of a boot environment; nothing: what `bootfs` names boots. */
export function pick(folder: string, environment: string): void {
  // The same file: QEMU has it open.
  const file = openSync(menu(folder), "w");
  writeFileSync(file, environment);
  ftruncateSync(file, 512);
  closeSync(file);
}

function menu(folder: string): string {
  return join(folder, "menu");
}
