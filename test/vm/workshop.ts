/** A virtual machine that runs one script as root with OpenZFS and nothing else, and ends: where a pool is made, since no kernel here has ZFS. */
import { spawnSync } from "node:child_process";
import { driveArguments, emulated, type Drive } from "./hardware.ts";
import { makeLoader } from "./loader.ts";

export interface Workshop {
  /** A Debian with OpenZFS, whose programs it has. */
  readonly root: string;
  readonly kernel: string;
  /** A file that may be written, for its initramfs. */
  readonly initrd: string;
  /** /dev/vda, /dev/vdb and so on. */
  readonly drives: readonly Drive[];
}

/** Runs a script of busybox's shell; throws unless it ends well. Gives what it said. */
export function work({ root, kernel, initrd, drives }: Workshop, script: string): string {
  const ending = "poweroff -f";
  makeLoader(root, initrd, `#!/bin/sh\n(set -eu\n${script}\n) && echo workshop: done\n${ending}\n`);
  const boot = ["-kernel", kernel, "-initrd", initrd, "-append", "console=ttyS0 quiet panic=-1"];
  const argv = [...emulated(3072), "-no-reboot", "-serial", "stdio", ...boot, ...drives.flatMap(driveArguments)];
  const { stdout, stderr } = spawnSync("qemu-system-x86_64", argv, { encoding: "utf8", timeout: 3_600_000 });
  if (!stdout.includes("workshop: done")) throw new Error(`the workshop failed: ${`${stdout}${stderr}`.slice(-5000)}`);
  return stdout;
}
