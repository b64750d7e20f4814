/**
 * The disk of the appliance with a root of OpenZFS, and images to go on to: variants of what it runs, as streams that `zfs send` made
 * and manifests that `impctl image` made and signed. `node test/vm/pool-image.ts` makes them.
 */
import { cpSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { builtPackage } from "../lab/package.ts";
import { dressings, dressRoot, named, takeKernel, whyNoMachine } from "./debian.ts";
import { makeImages, overlaysOf, type Overlay } from "./image-files.ts";
import { spared, type Drive } from "./hardware.ts";
import { loaderIngredients, makeLoader } from "./loader.ts";
import { gone, kept, lay, run } from "./shelf.ts";
import { type GuestFile, simulator } from "./simulator.ts";
import { variants } from "./variants.ts";
import { work } from "./workshop.ts";
import { zfsBase, zfsModules } from "./zfs-debian.ts";

export interface PoolImage {
  /** qcow2, with a pool `tank`. Nobody writes to it. */
  readonly disk: string;
  /** The stand-in of zfsbootmenu. */
  readonly loader: { readonly kernel: string; readonly initrd: string };
  /** Folder with streams, manifests and signatures; `images.json` has the digest of each manifest. */
  readonly images: string;
  /** Who signed them, as ssh-keygen's ALLOWED SIGNERS. */
  readonly signers: string;
  readonly sshKey: string;
}

/** The boot environment that it comes up in, and the dataset of its snapshot. */
export const installed = "imp-v1.0.0";

/** Units that no story waits for. The root's pool is imported by the initramfs. */
const masked =
  "zfs-import-cache.service zfs-import-scan.service zfs-share.service zfs-volume-wait.service zfs-zed.service " +
  "systemd-udev-settle.service kexec.service kexec-load.service";

/** Of its kernel's modules: each is unpacked where every instruction is emulated. */
const unused =
  "drivers/net/ethernet drivers/mtd drivers/hwmon drivers/input drivers/platform drivers/ata drivers/hid drivers/mfd drivers/power " +
  "drivers/i2c drivers/target drivers/mmc drivers/nvme drivers/edac drivers/md net/mac80211 net/wireless net/sctp fs/btrfs fs/ocfs2 " +
  "fs/xfs fs/jfs fs/gfs2 fs/ceph fs/smb fs/cifs fs/nfs fs/nfsd fs/f2fs fs/nilfs2 fs/reiserfs";

const commandLine = `ro ${spared} watchdog.stop_on_reboot=0`;

/** The driver is not in the initramfs: it stops what runs already. */
const systemd = "[Manager]\nRuntimeWatchdogSec=4min\nDefaultTimeoutStartSec=5min\n";

export function whyNoPoolImage(): string | undefined {
  return whyNoMachine(["qemu-img", "zstd"]);
}

export async function builtPoolImage(): Promise<PoolImage> {
  const [base, modules, deb, vpp] = [zfsBase(), zfsModules(), builtPackage(), await simulator()];
  const roots = [base, modules, deb, vpp, dressings, masked, commandLine, systemd, unused, loaderIngredients(), recipe];
  const system = kept("pool-root", roots, (made) => makeRoot(made, { base, modules, deb, vpp }));
  const root = join(system, "root");
  const [pool, overlays] = [poolScript(), overlaysOf(root)];
  const disk = kept("pool-disk", [system, pool, overlays, spare], (made) => makePool(made, system, overlays));
  const folder = kept("pool-images", [disk], (made) => makeImages(made, root, disk, overlays));
  const loader = { kernel: named(system, "vmlinuz"), initrd: join(system, "loader.cpio") };
  const signers = readFileSync(join(folder, "signers"), "utf8");
  return { disk: join(disk, "disk.qcow2"), loader, images: folder, signers, sshKey: join(base, "ssh_key") };
}

interface Parts {
  readonly base: string;
  readonly modules: string;
  readonly deb: string;
  readonly vpp: readonly GuestFile[];
}

/** root, with kernel, initrd and loader.cpio beside it. */
function makeRoot(folder: string, { base, modules, deb, vpp }: Parts): void {
  const root = join(folder, "root");
  dressRoot(root, { base, deb, vpp, fstab: "", masked });
  cpSync(join(modules, "lib/modules"), join(root, "usr/lib/modules"), { recursive: true });
  const version = readdirSync(join(root, "lib/modules"))[0] ?? "";
  for (const drivers of unused.split(" ")) rmSync(join(root, "lib/modules", version, "kernel", drivers), gone);
  run("chroot", [root, "depmod", version]);
  // Made when the package was installed; the loader says it.
  rmSync(join(root, "etc/hostid"), gone);
  lay(root, "etc/default/zfs", "ZFS_MOUNT='yes'\nZFS_INITRD_POST_MODPROBE_SLEEP='0'\n");
  lay(root, "etc/modules-load.d/watchdog.conf", "i6300esb\n");
  lay(root, "etc/systemd/system.conf.d/imp-vm.conf", systemd);
  lay(root, "usr/local/bin/well", "#!/bin/sh\n", 0o755);
  run("chroot", [root, "update-initramfs", "-u", "-k", version]);
  takeKernel(root, folder);
  makeLoader(root, join(folder, "loader.cpio"));
}

/** Counted up when the rest of it changes. */
const recipe = 1;
const gibibyte = 2 ** 30;

/** disk.qcow2, with the root as a boot environment; streams.raw, with what `zfs send` made of the variants; said: where it is there. */
function makePool(folder: string, system: string, overlays: readonly Overlay[]): void {
  const file = (name: string): string => join(folder, name);
  const [disk, tar, over, streams] = ["disk.raw", "root.tar", "overlays.tar", "streams.raw"].map(file) as Four;
  const root = join(system, "root");
  for (const { name, path, text, mode } of overlays) lay(file("overlays"), join(name, path), text, mode);
  run("tar", ["-C", root, ...spare.split(" ").map((path) => `--exclude=./${path}`), "--sort=name", "-cf", tar, "."]);
  run("tar", ["-C", file("overlays"), "-cf", over, "."]);
  writeFileSync(disk, partitioned(diskBytes));
  truncateSync(disk, diskBytes);
  writeFileSync(streams, "");
  truncateSync(streams, 16 * gibibyte);
  const drives = [disk, tar, over, streams].map((path, index): Drive => ({
    name: `d${index}`,
    file: path,
    format: "raw",
    writes: "kept",
  }));
  const kernel = named(system, "vmlinuz");
  const said = work({ root, kernel, initrd: file("workshop.cpio"), drives }, poolScript());
  writeFileSync(file("said"), said);
  run("qemu-img", ["convert", "-O", "qcow2", disk, file("disk.qcow2")]);
  for (const path of [disk, tar, over, file("overlays"), file("workshop.cpio")]) rmSync(path, gone);
}

/** What nothing there asks for. */
const spare =
  "tmp/* usr/lib/python3* usr/lib/udev/hwdb* usr/share/perl usr/lib/x86_64-linux-gnu/perl usr/lib/x86_64-linux-gnu/gconv";

type Four = [string, string, string, string];
const diskBytes = 12 * gibibyte;

function poolScript(): string {
  const streams = variants.flatMap(({ name }) => [
    { name, send: `-i tank/ROOT/${installed}@img`, file: `${name}.from-${installed}` },
    { name, send: "", file: name },
  ]);
  return `zpool create -f -o ashift=12 -O compression=lz4 -O acltype=posixacl -O xattr=sa -O relatime=on \
  -O mountpoint=none -O canmount=off -R /mnt tank /dev/vda1
zfs create -o mountpoint=none -o canmount=off tank/ROOT
zfs set org.zfsbootmenu:commandline='${commandLine}' tank/ROOT
zfs create -o mountpoint=/ -o canmount=noauto tank/ROOT/${installed}
zfs create -o mountpoint=/persistent -o canmount=off tank/persistent
zfs create tank/persistent/config
zfs create tank/persistent/data
mkdir -p /mnt
mount -t zfs -o zfsutil tank/ROOT/${installed} /mnt
tar -C /mnt -xf /dev/vdb
umount /mnt
zpool set bootfs=tank/ROOT/${installed} tank
zfs snapshot tank/ROOT/${installed}@img
zfs create -o mountpoint=none -o canmount=off tank/build
mkdir -p /overlays
tar -C /overlays -xf /dev/vdc
for name in ${variants.map(({ name }) => name).join(" ")}; do
  zfs clone -o mountpoint=/ -o canmount=noauto tank/ROOT/${installed}@img tank/build/$name
  mount -t zfs -o zfsutil tank/build/$name /mnt
  (cd /overlays/$name && find . ! -type d | while read -r file; do
    mkdir -p "/mnt/\${file%/*}" && rm -f "/mnt/$file" && cp -p "$file" "/mnt/$file"
  done)
  umount /mnt
  zfs snapshot tank/build/$name@img
done
at=0
sent() { # sent FILE ARGUMENT... into /dev/vdd, from a whole MiB on
  file=$1 && shift
  exec 3<>/dev/vdd
  dd if=/dev/zero bs=1M count=0 seek=$at >&3 2>/dev/null
  zfs send -c "$@" >&3
  end=$(sed -n 's/^pos:[^0-9]*//p' /proc/self/fdinfo/3)
  exec 3>&-
  echo "stream $file $((at * 1048576)) $((end - at * 1048576))"
  at=$((end / 1048576 + 1))
}
${streams.map(({ name, send, file }) => `sent ${file} ${send} tank/build/${name}@img`).join("\n")}
sync
zfs destroy -r tank/build
zpool export tank`;
}

/** The first sector of a disk with one partition, from 1 MiB to its end: a whole disk ZFS would partition itself, with udev's help. */
export function partitioned(bytes: number): Buffer {
  const sector = Buffer.alloc(512);
  sector[0x1be + 4] = 0xbf; // type
  sector.writeUInt32LE(2048, 0x1be + 8);
  sector.writeUInt32LE(bytes / 512 - 2048, 0x1be + 12);
  sector.writeUInt16LE(0xaa55, 510);
  return sector;
}

if (import.meta.main) {
  const why = whyNoPoolImage();
  if (why === undefined) await builtPoolImage();
  else console.error(`vm: no image with OpenZFS: ${why}`);
}
