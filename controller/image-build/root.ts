/** Stage 1: the root of an image as a tar file, with its kernel and an initramfs in which streams are made of it. Needs no ZFS. */
import { copyFile, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Build } from "../../schemas/build.ts";
import { Problem } from "../../schemas/problem.ts";
import { installedIn, readContents, type Contents } from "../images/contents.ts";
import { digestOf } from "../images/manifest.ts";
import { journalFormat } from "../journal.ts";
import { resolved, type Apt } from "./apt.ts";
import { fileDigest, once, part, run, type Bench } from "./bench.ts";
import { bootstrap } from "./bootstrap.ts";
import type { Modules } from "./modules.ts";

/** What every appliance has; `imp` recommends or needs most of it. busybox and cpio are for its own initramfs. */
const always =
  "systemd-sysv dbus udev kmod linux-image-amd64 initramfs-tools zstd systemd-resolved systemd-timesyncd openssh-server frr " +
  "iproute2 iputils-ping curl bind9-dnsutils openssl rsyslog libstdc++6 procps zfsutils-linux zfs-initramfs kexec-tools " +
  "busybox-static cpio";

/** Counted up when the root is made in another way than before. */
const recipe = 1;

/** Names in the folder. */
export const rootFiles = {
  tar: "root.tar",
  kernel: "vmlinuz",
  initramfs: "initrd.img",
  workshop: "workshop.cpio",
  contents: "contents.json",
};

export interface Root {
  readonly folder: string;
  /** Name, version and architecture of each package, a line each: the manifest has their digest. */
  readonly packages: string;
  readonly contents: Contents;
}

/** The root of this build, made anew only where something that it is made of changed. */
export async function imageRoot(
  bench: Bench,
  apt: Apt,
  build: Build,
  at: (path: string) => string,
  modules: Modules,
): Promise<Root> {
  const own = build.debs.map(at);
  const debs = [modules.deb, ...own];
  const digests = await Promise.all(debs.map(async (deb) => [basename(deb), await fileDigest(deb)]));
  mustDiffer(debs);
  await mustHaveAgent(bench, own);
  const packages = [...new Set([...always.split(" "), ...build.packages])];
  const list = await resolved(bench, apt, [...packages, ...debs]);
  const overlay = build.overlay === undefined ? "" : await folderDigest(bench, at(build.overlay));
  const scripts = await Promise.all(["finish", "gather", "workshop"].map((name) => fileDigest(part(bench, name))));
  const of = [list, digests, overlay, build.exclude, apt.files, scripts, journalFormat, recipe];
  const folder = await once(bench, "root", of, async (made) => {
    const root = join(made, "root");
    await bootstrap(bench, apt, { root, packages, debs, exclude: build.exclude });
    await mustBeAsResolved(root, list);
    if (build.overlay !== undefined) await lay(bench, at(build.overlay), root);
    await finish(bench, made, root);
    await rm(root, { recursive: true });
  });
  const { packages: text, ...contents } = JSON.parse(await readFile(join(folder, rootFiles.contents), "utf8")) as {
    readonly packages: string;
    readonly versions: Contents["versions"];
  };
  return { folder, packages: text, contents: { ...contents, packages: digestOf(Buffer.from(text)) } };
}

/** They come into one folder. */
function mustDiffer(debs: readonly string[]): void {
  const twice = debs.find((deb, at) => debs.findIndex((other) => basename(other) === basename(deb)) < at);
  if (twice === undefined) return;
  throw new Problem("IMAGE_BUILD", `Two of \`debs\` in the build file are called ${basename(twice)}.`, {
    remedy: "Name each once, and give different ones different names.",
  });
}

async function mustHaveAgent(bench: Bench, debs: readonly string[]): Promise<void> {
  for (const deb of debs) if ((await run(bench, ["dpkg-deb", "-f", deb, "Package"])).trim() === "imp") return;
  throw new Problem("IMAGE_BUILD", "None of `debs` in the build file is the package imp.", {
    remedy: "Build it with `npm run package`, and name it.",
  });
}

/** Of names, modes and bytes. */
async function folderDigest(bench: Bench, folder: string): Promise<string> {
  if (!(await stat(folder).catch(() => undefined))?.isDirectory())
    throw new Problem("IMAGE_BUILD", `There is no folder ${folder}, which the build file names as overlay.`);
  const script = 'tar -C "$1" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf - . | sha256sum';
  return (await run(bench, [...piped, script, "bash", folder])).slice(0, 64);
}

/** Lays the files of a folder over a root, as root's. What is a link to a folder there stays one: /lib is. */
export async function lay(bench: Bench, folder: string, root: string): Promise<void> {
  const into = "--no-overwrite-dir --keep-directory-symlink";
  const script = `tar -C "$1" --owner=0 --group=0 -cf - . | tar -C "$2" ${into} -xf -`;
  await run(bench, [...piped, script, "bash", folder, root]);
}

/** A shell that hears of what fails before a pipe. */
const piped = ["bash", "-euo", "pipefail", "-c"] as const;

/** The archive may change between asking and fetching: what is kept under a list must be that list. */
async function mustBeAsResolved(root: string, list: readonly string[]): Promise<void> {
  const found = (await installedIn(root)).map(({ name, version }) => `${name} ${version}`);
  const [is, was] = [new Set(found), new Set(list)];
  const other = [...found.filter((line) => !was.has(line)), ...list.filter((line) => !is.has(line))];
  if (other.length > 0)
    throw new Problem(
      "IMAGE_BUILD",
      `Other packages came than apt said a moment ago: ${other.slice(0, 5).join(", ")}.`,
      {
        remedy: "The archive changed meanwhile: build it again.",
      },
    );
}

async function finish(bench: Bench, made: string, root: string): Promise<void> {
  await run(bench, ["chroot", root, "sh", "-eu", "-s"], { inputFile: part(bench, "finish") });
  const contents = await readContents(root, "The root");
  const { kernel } = contents.versions;
  await copyFile(part(bench, "workshop"), join(root, "tmp/workshop"));
  await run(bench, ["chroot", root, "sh", "-eu", "-s"], { inputFile: part(bench, "gather") });
  await copyFile(join(root, "boot", `vmlinuz-${kernel}`), join(made, rootFiles.kernel));
  await copyFile(join(root, "boot", `initrd.img-${kernel}`), join(made, rootFiles.initramfs));
  await rename(join(root, "tmp/workshop.cpio"), join(made, rootFiles.workshop));
  const form = "${Package} ${Version} ${Architecture}\\n";
  const listed = await run(bench, ["chroot", root, "dpkg-query", "-W", "-f", form]);
  const packages = listed
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => `${line}\n`)
    .toSorted()
    .join("");
  if (digestOf(Buffer.from(packages)) !== contents.packages)
    throw new Problem("IMAGE_BUILD", "dpkg and its record do not list the same packages.", {
      remedy: "A package is installed by half: see what its scripts say.",
    });
  await writeFile(join(made, rootFiles.contents), `${JSON.stringify({ versions: contents.versions, packages })}\n`);
  const order = ["--sort=name", `--mtime=@${bench.sourceDate}`, "--clamp-mtime", "--numeric-owner", "--format=posix"];
  const attributes = ["--xattrs", "--xattrs-include=*"];
  const head = "--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime";
  await run(bench, ["tar", "-C", root, ...order, head, ...attributes, "-cf", join(made, rootFiles.tar), "."]);
}
