/**
 * Images as an operator makes them, by `impctl image build`: from Debian's packages and ours, with Incus, and a stand-in as the package
 * `vpp`, which no archive of Debian has. The first is put onto the disk of a box; the second has another VPP; the third has rules of
 * nftables that keep everybody from its services. `node test/vm/own-images.ts` makes them, which needs the network.
 */
import { execFileSync } from "node:child_process";
import {
  cpSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { builtPackage } from "../lab/package.ts";
import { named, takeKernel, whyNoMachine } from "./debian.ts";
import { spared, type Drive } from "./hardware.ts";
import { loaderIngredients, makeLoader } from "./loader.ts";
import { partitioned, type PoolImage } from "./pool-image.ts";
import { gone, kept, lay, run, shelf, sources } from "./shelf.ts";
import { type GuestFile, simulator } from "./simulator.ts";
import { packed } from "./stand-in-package.ts";
import { work } from "./workshop.ts";

export interface OwnImage {
  readonly name: string;
  /** Of the package `vpp`. */
  readonly vpp: string;
  readonly base?: string;
  /** Files beside those that all have. */
  readonly more?: Readonly<Record<string, string>>;
}

export const first: OwnImage = { name: "imp-v3.0.0", vpp: "26.06-release" };
export const second: OwnImage = { name: "imp-v3.1.0", vpp: "26.10-release", base: first.name };
export const sick: OwnImage = {
  name: "imp-v3.2.0",
  vpp: second.vpp,
  base: second.name,
  more: {
    "etc/nftables.conf": `flush ruleset
table inet sick {
  chain output {
    type filter hook output priority 0
    oifname "incusbr0" tcp dport 80 reject with tcp reset
  }
}
`,
  },
};

/** Drivers and file systems that no virtual machine has a use for. */
const unused =
  "sound drivers/gpu drivers/media drivers/net/wireless drivers/net/ethernet drivers/infiniband drivers/isdn drivers/staging drivers/iio " +
  "drivers/scsi drivers/usb drivers/bluetooth drivers/mtd drivers/hwmon drivers/input drivers/ata drivers/hid drivers/mfd drivers/power " +
  "drivers/i2c drivers/target drivers/mmc drivers/nvme drivers/edac drivers/md net/mac80211 net/wireless fs/btrfs fs/ocfs2 fs/xfs fs/jfs " +
  "fs/gfs2 fs/ceph fs/smb fs/cifs fs/nfs fs/nfsd fs/f2fs fs/nilfs2 fs/reiserfs";
const excluded = [
  ...["man", "locale", "doc"].map((name) => `/usr/share/${name}/*`),
  ...unused.split(" ").map((name) => `/lib/modules/*/kernel/${name}/*`),
];

/** What the hardware asks for: docs/trial-boot.md has the watchdog's part. */
const overlay: Readonly<Record<string, string>> = {
  "etc/initramfs-tools/conf.d/hardware": "MODULES=list\n",
  "usr/share/initramfs-tools/modules.d/hardware": "virtio_pci\nvirtio_blk\nzfs\n",
  "etc/modules-load.d/watchdog.conf": "i6300esb\n",
  "etc/systemd/system.conf.d/hardware.conf": "[Manager]\nRuntimeWatchdogSec=4min\nDefaultTimeoutStartSec=5min\n",
};

const buildFile = ({ vpp, base }: OwnImage): string => `epoch: 1
description: Tried in a virtual machine
debs: [imp.deb, vpp_${vpp}.deb]
backports: ["src:incus"]
packages: [vpp, incus-base, dnsmasq-base]
exclude: ${JSON.stringify(excluded)}
overlay: overlay
sign-key: builder
${base === undefined ? "" : `base: ${base}.json\n`}`;

/** Counted up when they are made in another way. */
const recipe = 1;

export function whyNoOwnImages(): string | undefined {
  return whyNoMachine(["qemu-img", "zstd", "ssh-keygen"]);
}

/** Signed, and with the first one on the disk. Where they have to be made that takes up to half an hour. */
export async function builtOwnImages(): Promise<PoolImage> {
  const [deb, vpp] = [builtPackage(), await simulator()];
  const key = kept("own-builder", [recipe], makeKey);
  const made = { deb, vpp, key };
  const of = [deb, vpp, key, overlay, sources(), recipe];
  const one = kept("own-first", [of, buildFile(first)], (folder) => build(folder, first, made));
  const system = kept("own-system", [one, loaderIngredients()], (folder) => makeSystem(folder, one));
  const disk = kept("own-disk", [system, installation], (folder) => install(folder, system, one));
  const images = kept("own-images", [one, [second, sick].map((image) => [buildFile(image), image.more])], (folder) => {
    for (const ending of [".json", ".json.sig", ".zfs.zst"])
      linkSync(join(one, first.name + ending), join(folder, first.name + ending));
    for (const image of [second, sick]) build(folder, image, made);
  });
  const loader = { kernel: named(system, "vmlinuz"), initrd: join(system, "loader.cpio") };
  const signer = `builder@example.net namespaces="imp-image" ${readFileSync(join(key, "builder.pub"), "utf8")}`;
  return { disk: join(disk, "disk.qcow2"), loader, images, signers: signer, sshKey: join(disk, "ssh_key") };
}

function makeKey(folder: string): void {
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "builder", "-f", join(folder, "builder")]);
}

/** What was made before, by the product's own rules. */
const cache = join(shelf, "own-cache");

interface Made {
  /** Our package. */
  readonly deb: string;
  readonly vpp: readonly GuestFile[];
  /** Folder with the key that signs. */
  readonly key: string;
}

function build(folder: string, image: OwnImage, { deb, vpp, key }: Made): void {
  packed(vpp, join(folder, `vpp_${image.vpp}.deb`), image.vpp);
  for (const path of [deb, join(key, "builder")]) cpSync(path, join(folder, path === deb ? "imp.deb" : "builder"));
  for (const [path, text] of Object.entries({ ...overlay, ...image.more })) lay(join(folder, "overlay"), path, text);
  writeFileSync(join(folder, "image.yaml"), buildFile(image));
  impctl(folder, "image", "build", image.name, "--source", "9fceb02", "--cache", cache);
}

function impctl(folder: string, ...words: string[]): void {
  const program = join(import.meta.dirname, "../../controller/main.ts");
  execFileSync(process.execPath, [program, ...words], { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
}

/** root, with what it has installed, as the first image is; kernel, initrd and loader.cpio beside it. */
function makeSystem(folder: string, images: string): void {
  const packages = readFileSync(join(images, `${first.name}.packages`), "utf8");
  const isIt = (name: string): boolean =>
    name.startsWith("root-") &&
    readFileSync(join(cache, name, "contents.json"), "utf8").includes(JSON.stringify(packages));
  const found = readdirSync(cache).find(isIt);
  if (found === undefined) throw new Error(`no root of ${first.name} in ${cache}`);
  const root = join(folder, "root");
  mkdirSync(root);
  run("tar", ["-C", root, "-xf", join(cache, found, "root.tar")]);
  takeKernel(root, folder);
  makeLoader(root, join(folder, "loader.cpio"));
}

const gibibyte = 2 ** 30;
const diskBytes = 16 * gibibyte;

/** What an installer would do: /dev/vdb is the image's stream, $key who may log in. */
const installation = `zpool create -f -o ashift=12 -O compression=lz4 -O acltype=posixacl -O xattr=sa -O relatime=on \
  -O mountpoint=none -O canmount=off -R /mnt tank /dev/vda1
zfs create -o mountpoint=none -o canmount=off tank/ROOT
zfs set org.zfsbootmenu:commandline='ro ${spared} watchdog.stop_on_reboot=0' tank/ROOT
zfs receive -u -o canmount=noauto -o mountpoint=/ tank/ROOT/${first.name} </dev/vdb
zfs create -o mountpoint=/persistent -o canmount=off tank/persistent
zfs create tank/persistent/config
zfs create tank/persistent/data
mkdir -p /mnt
mount -t zfs -o zfsutil tank/ROOT/${first.name} /mnt
mkdir -m 700 -p /mnt/root/.ssh
echo "$key" >/mnt/root/.ssh/authorized_keys
umount /mnt
zpool set bootfs=tank/ROOT/${first.name} tank
sync
zpool export tank`;

/** disk.qcow2, and the key that lets root in. */
function install(folder: string, system: string, images: string): void {
  const file = (name: string): string => join(folder, name);
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "vm", "-f", file("ssh_key")]);
  const [disk, stream] = [file("disk.raw"), file("stream")];
  writeFileSync(disk, partitioned(diskBytes));
  truncateSync(disk, diskBytes);
  run("zstd", ["-q", "-d", join(images, `${first.name}.zfs.zst`), "-o", stream]);
  truncateSync(stream, Math.ceil(statSync(stream).size / 512) * 512);
  const drives = [disk, stream].map((path, at): Drive => ({
    name: `d${at}`,
    file: path,
    format: "raw",
    writes: "kept",
  }));
  const machine = {
    root: join(system, "root"),
    kernel: named(system, "vmlinuz"),
    initrd: file("workshop.cpio"),
    drives,
  };
  work(machine, `key='${readFileSync(file("ssh_key.pub"), "utf8").trim()}'\n${installation}`);
  run("qemu-img", ["convert", "-O", "qcow2", disk, file("disk.qcow2")]);
  for (const path of [disk, stream, file("workshop.cpio")]) rmSync(path, gone);
}

if (import.meta.main) {
  const why = whyNoOwnImages();
  if (why === undefined) await builtOwnImages();
  else console.error(`vm: no images of our own: ${why}`);
}
