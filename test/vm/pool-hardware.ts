/**
 * The appliance with a root of OpenZFS: what is written stays. It comes up through the stand-in of zfsbootmenu, in whose menu somebody
 * can pick, and has a watchdog.
 */
import { execFileSync } from "node:child_process";
import { closeSync, copyFileSync, existsSync, ftruncateSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Hardware } from "./hardware.ts";
import type { PoolImage } from "./pool-image.ts";

/** zfsbootmenu's own image for EFI, where one is given, instead of the stand-in. */
export const zfsbootmenu = process.env["IMP_TEST_ZBM"];
export const firmware = "/usr/share/ovmf/OVMF.fd";

const hook = join(import.meta.dirname, "../../deploy/zfsbootmenu/imp-trial");

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
  const rest = { sshKey, watchdog: true, crashes, monitor: join(folder, "monitor") } as const;
  if (zfsbootmenu === undefined) return { ...loader, line, drives, ...rest };
  const hooks = join(folder, "hooks");
  const stage = join(hooks, "imp/early-setup.d");
  mkdirSync(stage, { recursive: true });
  copyFileSync(hook, join(stage, "50-imp-trial"));
  // A file system for DOS, as that of the EFI is.
  const esp = { name: "hooks", file: `fat:${hooks}`, format: "raw", writes: "refused" } as const;
  const more = `${line} zbm.timeout=3 zbm.hookroot=/dev/vdc1//imp`;
  return { kernel: zfsbootmenu, firmware, line: more, drives: [...drives, esp], ...rest };
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
