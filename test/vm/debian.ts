/**
 * A Debian 12 for a virtual machine: from the packages of this machine's own apt sources, with our package installed as
 * docs/package.md says. What differs between machines with another root is theirs.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { lay, run, sources } from "./shelf.ts";
import type { GuestFile } from "./simulator.ts";
import { packed } from "./stand-in-package.ts";

/** Those that `imp` depends on or recommends, and what makes a Debian boot. */
export const packages =
  "systemd-sysv dbus udev kmod linux-image-amd64 initramfs-tools zstd systemd-resolved systemd-timesyncd openssh-server " +
  "frr iproute2 iputils-ping curl bind9-dnsutils openssl rsyslog libstdc++6 procps";

/** Drivers that no virtual machine has a use for. */
const leftOut = "gpu media net/wireless infiniband isdn staging iio scsi usb bluetooth".split(" ");

/** Units that no story waits for: each costs seconds where every instruction is emulated. */
const idle =
  "apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer e2scrub_reap.service getty@tty1.service systemd-logind.service " +
  "modprobe@dm_mod.service modprobe@drm.service modprobe@efi_pstore.service modprobe@fuse.service modprobe@loop.service";

/** How the rest of it is made; counted up when that changes. */
const recipe = 2;

export interface Base {
  readonly packages: string;
  /** Further packages, as files. */
  readonly files?: readonly string[];
  /** Of apt's sources. */
  readonly components: string;
  /** In its initrd, beside what those need. */
  readonly modules: string;
}

/** What a base is made of, to know it again. */
export function ingredients({ packages: names, components, modules }: Base): readonly unknown[] {
  return [names, sources(components), modules, initrd(""), leftOut, recipe];
}

/** Writes base.tar into a folder, and the key that lets root in. */
export function makeBase(folder: string, base: Base): void {
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "vm", "-f", join(folder, "ssh_key")]);
  const without = ["usr/share/doc", "usr/share/man", "usr/share/locale", "lib/modules/*/kernel/sound"];
  const drivers = leftOut.map((name) => `lib/modules/*/kernel/drivers/${name}`);
  const options = [
    "--mode=root",
    "--variant=minbase",
    `--include=${[...base.packages.split(" "), ...(base.files ?? [])].join(",")}`,
    ...(base.files ? ["--hook-dir=/usr/share/mmdebstrap/hooks/file-mirror-automount"] : []),
    '--aptopt=APT::Install-Recommends "false"',
    ...[...without, ...drivers].map((path) => `--dpkgopt=path-exclude=/${path}/*`),
    `--essential-hook=${initrd(base.modules)}`,
  ];
  run("mmdebstrap", [...options, "bookworm", join(folder, "base.tar"), "-"], sources(base.components));
}

/** Shell, as mmdebstrap's hook: an initrd of a handful of modules. Told to guess, it would look at this machine. */
function initrd(modules: string): string {
  return `mkdir -p "$1/etc/initramfs-tools/conf.d" "$1/usr/share/initramfs-tools/modules.d"
echo MODULES=list >"$1/etc/initramfs-tools/conf.d/vm"
printf '%s\\n' ${modules} >"$1/usr/share/initramfs-tools/modules.d/vm"`;
}

/** What makes a Debian below `folder` the machine under test. */
export interface Dressing {
  /** Folder with base.tar. */
  readonly base: string;
  /** Our package. */
  readonly deb: string;
  readonly vpp: readonly GuestFile[];
  readonly fstab: string;
  /** Further units that are not to start. */
  readonly masked?: string;
}

/** What it is made of beside that. */
export const dressings: readonly unknown[] = [idle, recipe];

export function dressRoot(root: string, { base, deb, vpp, fstab, masked }: Dressing): void {
  mkdirSync(root);
  run("tar", ["-C", root, "-xf", join(base, "base.tar")]);
  copyFileSync(deb, join(root, "tmp/imp.deb"));
  packed(vpp, join(root, "tmp/vpp.deb"));
  run("chroot", [root, "dpkg", "-i", "/tmp/vpp.deb", "/tmp/imp.deb"]);
  run("chroot", [root, "systemctl", "preset-all"]);
  for (const name of ["imp.deb", "vpp.deb"]) rmSync(join(root, "tmp", name));
  for (const name of readdirSync(join(root, "etc/ssh")).filter((one) => one.startsWith("ssh_host_")))
    rmSync(join(root, "etc/ssh", name));
  lay(root, "etc/fstab", fstab);
  lay(root, "etc/hostname", "fresh\n");
  lay(root, "etc/hosts", "127.0.0.1 localhost\n");
  lay(root, "root/.ssh/authorized_keys", readFileSync(join(base, "ssh_key.pub"), "utf8"), 0o600);
  mkdirSync(join(root, "persistent"));
  run("chroot", [root, "systemctl", "mask", ...idle.split(" "), ...(masked?.split(" ") ?? [])]);
}

/** Copies kernel and initrd of a root into a folder. */
export function takeKernel(root: string, folder: string): void {
  for (const name of readdirSync(join(root, "boot")).filter((one) => /^(vmlinuz|initrd)/.test(one)))
    copyFileSync(join(root, "boot", name), join(folder, name));
}

/** The path of a file in a folder, by how its name begins. */
export function named(folder: string, start: string): string {
  return join(folder, readdirSync(folder).find((name) => name.startsWith(start)) ?? start);
}

/** Why no virtual machine can be made here, or undefined. */
export function whyNoMachine(programs: readonly string[]): string | undefined {
  if (process.getuid?.() !== 0) return "needs root";
  for (const program of ["qemu-system-x86_64", "mmdebstrap", "dpkg-deb", "git", "ssh", "openssl", ...programs])
    if (spawnSync("which", [program]).status !== 0) return `needs ${program}`;
  return sources() === "" ? "needs apt sources of Debian 12" : undefined;
}
