/** What building an image needs of the machine, and how to get it. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { Problem } from "../../schemas/problem.ts";
import { searched } from "./bench.ts";

/** Program → the Debian package that has it. */
const packages: Readonly<Record<string, string>> = {
  "apt-get": "apt",
  mmdebstrap: "mmdebstrap",
  "dpkg-deb": "dpkg",
  chroot: "coreutils",
  tar: "tar",
  "qemu-system-x86_64": "qemu-system-x86",
  ssh: "openssh-client",
};

/** The programs that building an image calls on this machine. */
export function buildTools(): readonly string[] {
  const always = ["apt-get", "mmdebstrap", "dpkg-deb", "chroot", "tar"];
  return hasZfs() ? always : [...always, "qemu-system-x86_64"];
}

/** Whether programs here may talk to OpenZFS in the kernel, which a container may not although it is there: streams are made here then, else in a virtual machine. */
export function hasZfs(): boolean {
  return existsSync("/dev/zfs") && isThere("zpool");
}

/** Rejects where this machine cannot do it: with all that it lacks, and the line that helps. */
export function mustHaveTools(programs: readonly string[]): void {
  if (process.arch !== "x64")
    throw new Problem("IMAGE_BUILD", "Images are built and tried on a machine with an amd64 processor.", {
      remedy: "They are for appliances of that kind.",
    });
  if (process.getuid?.() !== 0)
    throw new Problem("IMAGE_BUILD", "This needs root: the files of an image belong to many users.", {
      remedy: "Run it with sudo, or as root of a container or a virtual machine that is thrown away.",
    });
  const missing = programs.filter((name) => !isThere(name));
  if (missing.length === 0) return;
  throw new Problem("IMAGE_BUILD", `This machine lacks ${missing.join(", ")}.`, {
    remedy: `apt-get install ${missing.map((name) => packages[name] ?? name).join(" ")}`,
  });
}

function isThere(program: string): boolean {
  return searched()
    .split(":")
    .some((folder) => folder !== "" && existsSync(join(folder, program)));
}

/** The shell programs of deploy/image: of the package beside the program, else of the checkout. `program` is its path. */
export function partsOf(program: string): string {
  const folder = dirname(program);
  const places = [join(folder, "image"), join(folder, "../deploy/image")];
  const found = places.find((place) => existsSync(join(place, "streams")));
  if (found !== undefined) return found;
  throw new Problem("IMAGE_BUILD", `The programs that make an image are not beside ${program}.`, {
    remedy: "Run impctl as its package has it, or in a checkout.",
  });
}

/** What a program of this machine says, or why it does not. */
export function said(
  program: string,
  argv: readonly string[],
  folder: string,
): { readonly stdout?: string; readonly why?: string } {
  const { status, stdout, stderr, error } = spawnSync(program, argv, { cwd: folder, encoding: "utf8" });
  if (status === 0) return { stdout: stdout.trim() };
  return { why: error?.message ?? stderr.trim().split("\n")[0] ?? "" };
}
