/**
 * The disk of the appliance under test, with a root of ext4. `node test/vm/image.ts` makes it, which needs the network; the
 * tests only take it.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { builtPackage } from "../lab/package.ts";
import { dressings, dressRoot, ingredients, makeBase, named, packages, takeKernel, whyNoMachine } from "./debian.ts";
import type { Base } from "./debian.ts";
import { gone, kept, run } from "./shelf.ts";
import { simulator } from "./simulator.ts";

const debian: Base = { packages, components: "main", modules: "virtio_pci virtio_blk ext4" };

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
  return whyNoMachine(["mkfs.ext4"]);
}

/** The image of this checkout. Where it has to be made that takes minutes, and the network where the machine's packages changed. */
export async function builtImage(): Promise<Image> {
  const base = kept("base", ingredients(debian), (folder) => makeBase(folder, debian));
  const deb = builtPackage();
  const vpp = await simulator();
  const fstab = "LABEL=root / ext4 defaults 0 1\nLABEL=persistent /persistent ext4 defaults 0 2\n";
  const folder = kept("image", [base, deb, vpp, fstab, dressings], (made) => {
    const root = join(made, "root");
    dressRoot(root, { base, deb, vpp, fstab });
    takeKernel(root, made);
    run("mkfs.ext4", ["-q", "-L", "root", "-d", root, join(made, "root.img"), "1500M"]);
    rmSync(root, gone);
  });
  const paths = { kernel: named(folder, "vmlinuz"), initrd: named(folder, "initrd"), root: named(folder, "root") };
  return { base: join(base, "base.tar"), ...paths, sshKey: join(base, "ssh_key") };
}

if (import.meta.main) {
  const why = whyNoImage();
  if (why === undefined) await builtImage();
  else console.error(`vm: no image: ${why}`);
}
