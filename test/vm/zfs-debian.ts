/**
 * What a Debian with a root of OpenZFS is made of: its packages, and the kernel modules, which Debian has as source alone. They are
 * compiled once, in a folder of this machine with Debian's kernel headers, never where every instruction is emulated.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ingredients, makeBase, packages, type Base } from "./debian.ts";
import { gone, kept, lay, run, sources } from "./shelf.ts";

const components = "main contrib";

/** `zfs-modules` is what Debian's packages ask for: without it they bring a compiler. */
function makeProvider(folder: string): string {
  const tree = join(folder, "zfs-modules");
  const about = { Package: "zfs-modules-imp", Version: "1", Architecture: "all", Provides: "zfs-modules" };
  const control = { ...about, Maintainer: "IMP <imp@example.net>", Description: "the modules are there" };
  const lines = Object.entries(control).map(([name, value]) => `${name}: ${value}\n`);
  lay(tree, "DEBIAN/control", lines.join(""));
  run("sh", ["-c", 'chmod 755 "$0" && exec dpkg-deb --root-owner-group -b "$0" "$0.deb"', tree]);
  return `${tree}.deb`;
}

const debian: Base = {
  packages: `${packages} zfsutils-linux zfs-initramfs kexec-tools busybox-static cpio`,
  components,
  modules: "virtio_pci virtio_blk zfs",
};

/** The folder with base.tar and the key that lets root in; the modules are missing. */
export function zfsBase(): string {
  return kept("zfs-base", [ingredients(debian), kernelName()], (folder) => {
    // In the Debian that is made, its folder stays as a name.
    const aside = mkdtempSync(join(tmpdir(), "imp-zfs-"));
    try {
      makeBase(folder, { ...debian, files: [makeProvider(aside)] });
    } finally {
      rmSync(aside, gone);
    }
  });
}

/** Which kernel `linux-image-amd64` is today: base and modules must have the same. */
function kernelName(): string {
  const { stdout } = spawnSync("apt-cache", ["depends", "linux-image-amd64"], { encoding: "utf8" });
  return /Depends: (linux-image-\S+)/.exec(stdout ?? "")?.[1] ?? "none";
}

/** The folder with the modules, as lib/modules/<version>/updates/dkms has them. */
export function zfsModules(): string {
  return kept("zfs-modules", [sources(components), kernelName()], (folder) => {
    const root = join(folder, "root");
    const options = ["--mode=root", "--variant=minbase", '--aptopt=APT::Install-Recommends "false"'];
    const include = "--include=linux-headers-amd64,build-essential,kmod,dkms,zfs-dkms";
    run("mmdebstrap", [...options, include, "bookworm", root, "-"], sources(components));
    const built = join(root, "lib/modules");
    for (const version of readdirSync(built)) {
      const from = join(built, version, "updates/dkms");
      const to = join(folder, "lib/modules", version, "updates/dkms");
      mkdirSync(to, { recursive: true });
      for (const name of readdirSync(from)) {
        run("chroot", [root, "strip", "--strip-debug", `/lib/modules/${version}/updates/dkms/${name}`]);
        copyFileSync(join(from, name), join(to, name));
      }
    }
    rmSync(root, gone);
  });
}
