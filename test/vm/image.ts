/**
 * The disk of the appliance under test: Debian 12 from the packages of this machine's own apt sources, with our package
 * installed as docs/package.md says. `node test/vm/image.ts` makes it, which needs the network; the tests only take it. What
 * is made stays in .cache/vm, by what it is made of.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync } from "node:fs";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { builtPackage } from "../lab/package.ts";
import { type GuestFile, simulator } from "./simulator.ts";

const shelf = join(import.meta.dirname, "../../.cache/vm");

/** Those that `imp` depends on or recommends, and what makes a Debian boot. */
const packages =
  "systemd-sysv dbus udev kmod linux-image-amd64 initramfs-tools zstd systemd-resolved systemd-timesyncd openssh-server " +
  "frr iproute2 iputils-ping curl bind9-dnsutils openssl rsyslog libstdc++6 procps";

/** Drivers that no virtual machine has a use for. */
const leftOut = "gpu media net/wireless infiniband isdn staging iio scsi usb bluetooth".split(" ");

/** Shell, as mmdebstrap's hook: an initrd of a handful of modules. Told to guess, it would look at this machine. */
const initrd = `mkdir -p "$1/etc/initramfs-tools/conf.d" "$1/usr/share/initramfs-tools/modules.d"
echo MODULES=list >"$1/etc/initramfs-tools/conf.d/vm"
printf '%s\\n' virtio_pci virtio_blk ext4 >"$1/usr/share/initramfs-tools/modules.d/vm"`;

/** Units that no story waits for: each costs seconds where every instruction is emulated. */
const idle =
  "apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer e2scrub_reap.service getty@tty1.service systemd-logind.service " +
  "modprobe@dm_mod.service modprobe@drm.service modprobe@efi_pstore.service modprobe@fuse.service modprobe@loop.service";

/** How the rest of it is made; counted up when that changes. */
const recipe = 1;

export interface Image {
  /** A tar of the Debian below it, without our package. */
  readonly base: string;
  readonly kernel: string;
  readonly initrd: string;
  /** A raw disk with an ext4 file system. Nobody writes to it. */
  readonly root: string;
  /** Private; its other half lets root in. */
  readonly sshKey: string;
}

/** Why no image can be made here, or undefined. */
export function whyNoImage(): string | undefined {
  if (process.getuid?.() !== 0) return "needs root";
  for (const program of ["qemu-system-x86_64", "mmdebstrap", "mkfs.ext4", "dpkg-deb", "git", "ssh", "openssl"])
    if (spawnSync("which", [program]).status !== 0) return `needs ${program}`;
  return sources() === "" ? "needs apt sources of Debian 12" : undefined;
}

/** The image of this checkout. Where it has to be made that takes minutes, and the network where the machine's packages changed. */
export async function builtImage(): Promise<Image> {
  const base = kept("base", [packages, initrd, leftOut.join(" "), sources(), recipe], makeBase);
  const deb = builtPackage();
  const vpp = await simulator();
  const folder = kept("image", [base, deb, vpp, idle, recipe], (made) => makeImage(made, base, deb, vpp));
  const named = (start: string) => join(folder, readdirSync(folder).find((name) => name.startsWith(start)) ?? start);
  const tar = join(base, "base.tar");
  const sshKey = join(base, "ssh_key");
  return { base: tar, kernel: named("vmlinuz"), initrd: named("initrd"), root: named("root"), sshKey };
}

/** A folder made of these things: the one that is there, or a new one, whose predecessors go. */
function kept(name: string, of: readonly unknown[], make: (folder: string) => void): string {
  const digest = createHash("sha256").update(JSON.stringify(of)).digest("hex").slice(0, 16);
  const folder = join(shelf, `${name}-${digest}`);
  if (existsSync(folder)) return folder;
  mkdirSync(shelf, { recursive: true });
  const started = performance.now();
  const made = mkdtempSync(join(shelf, "making-"));
  try {
    make(made);
    for (const old of readdirSync(shelf).filter((one) => one.startsWith(`${name}-`))) rmSync(join(shelf, old), gone);
    renameSync(made, folder);
  } finally {
    rmSync(made, gone);
  }
  console.error(`vm: made the ${name} in ${Math.round((performance.now() - started) / 1000)} s`);
  return folder;
}

const gone = { recursive: true, force: true } as const;

function run(program: string, argv: readonly string[], input = ""): void {
  const { status, error, stdout, stderr } = spawnSync(program, argv, { input, encoding: "utf8", maxBuffer: 2 ** 28 });
  if (status !== 0) throw new Error(`${program} failed: ${error?.message ?? ""}\n${`${stdout}${stderr}`.slice(-5000)}`);
}

/** One-line sources of Debian 12's main packages, as this machine has them; empty where it has none. */
function sources(): string {
  const format = "$(REPO_URI) $(RELEASE) $(COMPONENT)";
  const { stdout } = spawnSync("apt-get", ["indextargets", "Created-By: Packages", "--format", format], {
    encoding: "utf8",
  });
  const lines = (stdout ?? "").split("\n").filter((line) => / bookworm(-updates|-security)? main$/.test(line));
  return [...new Set(lines)]
    .toSorted()
    .map((line) => `deb ${line}\n`)
    .join("");
}

/** base.tar, and the key that lets root in. */
function makeBase(folder: string): void {
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "vm", "-f", join(folder, "ssh_key")]);
  const without = ["usr/share/doc", "usr/share/man", "usr/share/locale", "lib/modules/*/kernel/sound"];
  const drivers = leftOut.map((name) => `lib/modules/*/kernel/drivers/${name}`);
  const options = [
    "--mode=root",
    "--variant=minbase",
    `--include=${packages.replaceAll(" ", ",")}`,
    '--aptopt=APT::Install-Recommends "false"',
    ...[...without, ...drivers].map((path) => `--dpkgopt=path-exclude=/${path}/*`),
    `--essential-hook=${initrd}`,
  ];
  run("mmdebstrap", [...options, "bookworm", join(folder, "base.tar"), "-"], sources());
}

/** Kernel, initrd and root.img: the base with our package in it, and with what makes it this machine. */
function makeImage(folder: string, base: string, deb: string, vpp: readonly GuestFile[]): void {
  const root = join(folder, "root");
  mkdirSync(root);
  run("tar", ["-C", root, "-xf", join(base, "base.tar")]);
  copyFileSync(deb, join(root, "tmp/imp.deb"));
  run("chroot", [root, "dpkg", "-i", "/tmp/imp.deb"]);
  run("chroot", [root, "systemctl", "preset-all"]);
  rmSync(join(root, "tmp/imp.deb"));
  for (const name of readdirSync(join(root, "etc/ssh")).filter((one) => one.startsWith("ssh_host_")))
    rmSync(join(root, "etc/ssh", name));
  lay(root, "etc/fstab", "LABEL=root / ext4 defaults 0 1\nLABEL=persistent /persistent ext4 defaults 0 2\n");
  lay(root, "etc/hostname", "fresh\n");
  lay(root, "etc/hosts", "127.0.0.1 localhost\n");
  lay(root, "root/.ssh/authorized_keys", readFileSync(join(base, "ssh_key.pub"), "utf8"), 0o600);
  for (const { path, text, mode } of vpp) lay(root, path, text, mode);
  mkdirSync(join(root, "persistent"));
  run("chroot", [root, "systemctl", "mask", ...idle.split(" ")]);
  for (const name of readdirSync(join(root, "boot")).filter((one) => /^(vmlinuz|initrd)/.test(one)))
    copyFileSync(join(root, "boot", name), join(folder, name));
  run("mkfs.ext4", ["-q", "-L", "root", "-d", root, join(folder, "root.img"), "1500M"]);
  rmSync(root, gone);
}

function lay(root: string, path: string, text: string, mode = 0o644): void {
  mkdirSync(join(root, path, ".."), { recursive: true });
  writeFileSync(join(root, path), text, { mode });
}

if (import.meta.main) {
  const why = whyNoImage();
  if (why === undefined) await builtImage();
  else console.error(`vm: no image: ${why}`);
}
