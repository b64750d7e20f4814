/**
 * The kernel modules of OpenZFS as a package: Debian has them as source alone, and compiling takes longer than all the rest. Done once
 * for each version of kernel and OpenZFS.
 */
import { chmod, copyFile, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Problem } from "../../schemas/problem.ts";
import { resolved, versionIn, type Apt } from "./apt.ts";
import { once, run, type Bench } from "./bench.ts";
import { bootstrap } from "./bootstrap.ts";

const compiler = ["linux-headers-amd64", "build-essential", "kmod", "dkms", "zfs-dkms"];

/** Counted up when the package is made in another way. */
const recipe = 1;

export interface Modules {
  /** Path of the package. It provides `zfs-modules`, for which Debian's packages would otherwise bring the compiler. */
  readonly deb: string;
  /** As `uname -r` prints it. */
  readonly kernel: string;
}

/** The package for the kernel that these sources have now. */
export async function zfsModules(bench: Bench, apt: Apt): Promise<Modules> {
  const list = await resolved(bench, apt, ["linux-image-amd64", ...compiler]);
  const [kernel, zfs] = [kernelIn(list), versionIn(list, "zfs-dkms")];
  if (kernel === undefined || zfs === undefined)
    throw new Problem("IMAGE_BUILD", "The sources of the build file have no kernel, or no zfs-dkms.", {
      remedy: "OpenZFS is in the component contrib.",
    });
  const built = versionIn(list, `linux-image-${kernel}`);
  const folder = await once(bench, "zfs-modules", [kernel, built, zfs, recipe], async (made) => {
    const root = join(made, "root");
    await bootstrap(bench, apt, { root, packages: compiler });
    await pack(bench, { made, root, kernel, zfs });
    await rm(root, { recursive: true });
  });
  const name = (await readdir(folder)).find((one) => one.endsWith(".deb")) ?? "";
  return { deb: join(folder, name), kernel };
}

function kernelIn(list: readonly string[]): string | undefined {
  return list.map((line) => /^linux-image-(\d\S*-amd64) /.exec(line)?.[1]).find((name) => name !== undefined);
}

interface Compiled {
  readonly made: string;
  readonly root: string;
  readonly kernel: string;
  readonly zfs: string;
}

async function pack(bench: Bench, { made, root, kernel, zfs }: Compiled): Promise<void> {
  const name = `zfs-modules-${kernel}`;
  const tree = join(made, name);
  const folder = `usr/lib/modules/${kernel}/updates/dkms`;
  await mkdir(join(tree, folder), { recursive: true });
  await mkdir(join(tree, "DEBIAN"));
  const from = join(root, "lib/modules", kernel, "updates/dkms");
  for (const module of await readdir(from)) {
    await run(bench, ["chroot", root, "strip", "--strip-debug", `/lib/modules/${kernel}/updates/dkms/${module}`]);
    await copyFile(join(from, module), join(tree, folder, module));
  }
  const script = `#!/bin/sh\nset -e\ndepmod ${kernel}\n! command -v update-initramfs >/dev/null || update-initramfs -u\n`;
  await writeFile(join(tree, "DEBIAN/control"), control(name, kernel, zfs));
  await writeFile(join(tree, "DEBIAN/postinst"), script, { mode: 0o755 });
  for (const path of ["", "usr", "DEBIAN"]) await chmod(join(tree, path), 0o755);
  const deb = join(made, `${name}_${zfs.replace(/^\d+:/, "")}_amd64.deb`);
  await run(bench, ["dpkg-deb", "--root-owner-group", "--build", tree, deb]);
  await rm(tree, { recursive: true });
}

function control(name: string, kernel: string, zfs: string): string {
  return `Package: ${name}
Version: ${zfs}
Architecture: amd64
Maintainer: who built this image <root@localhost>
Depends: linux-image-${kernel}, kmod
Provides: zfs-modules
Description: OpenZFS for the kernel ${kernel}, compiled from zfs-dkms
`;
}
