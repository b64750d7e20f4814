/** The stand-in of zfsbootmenu as an initramfs: its one script, our hook, and the programs that both call, from the image's own root. */
import { chmodSync, copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gone, run } from "./shelf.ts";

const here = join(import.meta.dirname, "loader");
const hook = join(import.meta.dirname, "../../deploy/zfsbootmenu/imp-trial");

/** The rest is busybox's: zfsbootmenu has little more. */
const programs = "zfs zpool mount.zfs mount umount kexec kmod busybox".split(" ");
const modules = "virtio_pci virtio_blk i6300esb zfs".split(" ");
/** Of pool and loader, and of what it boots. */
export const hostId = "00bab10c";

/** What it is made of, to know it again. */
export function loaderIngredients(): readonly string[] {
  return [
    readFileSync(join(here, "init"), "utf8"),
    readFileSync(hook, "utf8"),
    readFileSync(import.meta.filename, "utf8"),
  ];
}

/** Writes it to `path`, of the programs below `root`; `workshop` is a script that is run instead. */
export function makeLoader(root: string, path: string, workshop?: string): void {
  const at = "tmp/loader";
  const folder = join(root, at);
  mkdirSync(join(folder, "etc/zfsbootmenu/hooks/early-setup.d"), { recursive: true });
  copyFileSync(join(here, "init"), join(folder, "init"));
  chmodSync(join(folder, "init"), 0o755);
  cpSync(hook, join(folder, "etc/zfsbootmenu/hooks/early-setup.d/50-imp-trial"));
  writeFileSync(join(folder, "etc/hostid"), Buffer.from(hostId, "hex").reverse());
  if (workshop !== undefined) writeFileSync(join(folder, "workshop"), workshop, { mode: 0o755 });
  run("chroot", [root, "sh", "-euc", gather, "sh", `/${at}`, programs.join(" "), modules.join(" ")]);
  copyFileSync(join(root, "tmp/loader.cpio"), path);
  rmSync(folder, gone);
  rmSync(join(root, "tmp/loader.cpio"));
}

/** Shell, in the root: $1 is the folder, $2 the programs, $3 the modules. */
const gather = `cd "$1"
mkdir -p usr/bin usr/sbin usr/lib usr/lib64 proc sys dev run tmp
for one in bin sbin lib lib64; do ln -s usr/$one $one; done
for name in $2; do
  path=$(readlink -f "$(command -v $name || echo /usr/sbin/$name)")
  cp "$path" usr/bin/$name
  for lib in $(ldd "$path" 2>/dev/null | grep -o '/[^ ]*'); do mkdir -p ".\${lib%/*}"; cp -nL "$lib" ".$lib"; done
done
mkdir -p usr/lib/x86_64-linux-gnu
cp -L /lib/x86_64-linux-gnu/libgcc_s.so.1 usr/lib/x86_64-linux-gnu/
for name in mount.zfs; do ln -s ../bin/$name usr/sbin/$name; done
ln -s kmod usr/bin/modprobe
usr/bin/busybox --list | while read name; do [ -e usr/bin/$name ] || ln -s busybox usr/bin/$name; done
version=$(ls /lib/modules)
mkdir -p usr/lib/modules/$version
for name in $3; do modprobe -S $version --show-depends $name; done | sed -n 's/^insmod \\([^ ]*\\).*/\\1/p' | sort -u |
  while read file; do mkdir -p "usr\${file%/*}"; cp "$file" "usr$file"; done
cp /lib/modules/$version/modules.order /lib/modules/$version/modules.builtin* usr/lib/modules/$version/
depmod -b "$1" $version
find . | cpio --quiet -o -H newc >/tmp/loader.cpio`;

/** The kernel's version below a root. */
export function kernelVersion(root: string): string {
  return readdirSync(join(root, "lib/modules"))[0] ?? "";
}
