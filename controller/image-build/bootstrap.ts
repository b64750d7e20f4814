/** A Debian in a folder, by mmdebstrap. What was fetched once is not fetched again. */
import { createHash } from "node:crypto";
import { copyFile, mkdir, readdir, rm, stat, utimes } from "node:fs/promises";
import { basename, join } from "node:path";
import { installedIn, type Installed } from "../images/contents.ts";
import type { Apt } from "./apt.ts";
import { run, type Bench } from "./bench.ts";

export interface Wanted {
  /** Folder that is made. */
  readonly root: string;
  /** Names. */
  readonly packages: readonly string[];
  /** Packages as files. */
  readonly debs?: readonly string[];
  /** Files of packages that are left out. */
  readonly exclude?: readonly string[];
}

/** Rejects with IMAGE_BUILD. */
export async function bootstrap(
  bench: Bench,
  apt: Apt,
  { root, packages, debs = [], exclude = [] }: Wanted,
): Promise<void> {
  const archives = join(bench.cache, "archives");
  await mkdir(archives, { recursive: true });
  const files = filesFolder(bench.cache);
  try {
    await rm(files, { recursive: true, force: true });
    await mkdir(files, { mode: 0o700 });
    for (const deb of debs) await copyFile(deb, join(files, basename(deb)));
    const include = [...packages, ...debs.map((deb) => join(files, basename(deb)))];
    const argv = [
      "--mode=root",
      "--variant=minbase",
      "--skip=essential/unlink",
      '--aptopt=APT::Install-Recommends "false"',
      `--include=${include.join(",")}`,
      ...(debs.length === 0 ? [] : ["--hook-dir=/usr/share/mmdebstrap/hooks/file-mirror-automount"]),
      ...exclude.map((path) => `--dpkgopt=path-exclude=${path}`),
      `--setup-hook=${given(apt)}`,
      `--setup-hook=cp -al '${archives}/.' "$1/var/cache/apt/archives/"`,
      `--customize-hook=cp -aln "$1"/var/cache/apt/archives/*.deb '${archives}/'`,
      "bookworm",
      root,
      ...Object.keys(apt.files)
        .filter((name) => name.startsWith("sources"))
        .map((name) => join(apt.folder, "etc/apt", name)),
    ] as const;
    // An initramfs is made at the end, once: each package that has to do with it would make another one (/etc/kernel/postinst.d).
    await run(bench, [...alone, "mmdebstrap", ...argv], { env: { INITRD: "No" } });
  } finally {
    await rm(files, { recursive: true, force: true });
  }
  await keepUsed(archives, root);
}

/** What it mounts and runs goes with it, whatever ends it: what is left is removed, and must not be this machine's. */
const alone = [
  "unshare",
  "--mount",
  "--propagation=private",
  "--pid",
  "--fork",
  "--kill-child",
  "--mount-proc",
] as const;

/**
 * Where packages as files are meanwhile. apt takes them only where it finds them inside too: in a folder whose name is mounted there,
 * and removed with all of /tmp. The same for each build in a cache, so that what a killed one left is found.
 */
function filesFolder(cache: string): string {
  return `/tmp/imp-image-${createHash("sha256").update(cache).digest("hex").slice(0, 12)}`;
}

const keptDays = 90;

/** Of the packages that were fetched, those that nothing was made of for long go. They have their mirror's times until they are used. */
async function keepUsed(archives: string, root: string): Promise<void> {
  const now = new Date();
  const used = new Set((await installedIn(root)).map(archiveOf));
  for (const name of await readdir(archives)) {
    const path = join(archives, name);
    const { atime, mtime } = await stat(path);
    if (used.has(name)) await utimes(path, atime, now);
    else if (name.endsWith(".deb") && now.getTime() - mtime.getTime() > keptDays * 86_400_000) await rm(path);
  }
}

/** As apt calls it. */
function archiveOf({ name, version, architecture }: Installed): string {
  return `${name}_${version.replaceAll(":", "%3a")}_${architecture}.deb`;
}

/** Shell: the preferences of these sources, in the root. */
function given({ folder, files }: Apt): string {
  const names = Object.keys(files).filter((name) => name.startsWith("preferences"));
  return names
    .map((name) => `cp '${join(folder, "etc/apt", name)}' "$1/etc/apt/${name}"`)
    .concat('mkdir -p "$1/var/cache/apt/archives"')
    .join(" && ")
    .replace(/^/, 'mkdir -p "$1/etc/apt/preferences.d" && ');
}
