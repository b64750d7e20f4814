/** A Debian in a folder, by mmdebstrap. What was fetched once is not fetched again. */
import { copyFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { basename, join } from "node:path";
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
  // apt takes package files only where it finds them inside too: in a folder whose name is mounted there and removed with all of /tmp.
  const files = debs.length === 0 ? undefined : await mkdtemp("/tmp/imp-image-");
  try {
    for (const deb of debs) await copyFile(deb, join(files ?? "", basename(deb)));
    const include = [...packages, ...debs.map((deb) => join(files ?? "", basename(deb)))];
    const argv = [
      "--mode=root",
      "--variant=minbase",
      "--skip=essential/unlink",
      '--aptopt=APT::Install-Recommends "false"',
      `--include=${include.join(",")}`,
      ...(files === undefined ? [] : ["--hook-dir=/usr/share/mmdebstrap/hooks/file-mirror-automount"]),
      ...exclude.map((path) => `--dpkgopt=path-exclude=${path}`),
      `--setup-hook=${given(apt)}`,
      `--setup-hook=cp -al '${archives}/.' "$1/var/cache/apt/archives/"`,
      `--customize-hook=${taken(archives)}`,
      "bookworm",
      root,
      ...Object.keys(apt.files)
        .filter((name) => name.startsWith("sources"))
        .map((name) => join(apt.folder, "etc/apt", name)),
    ] as const;
    // An initramfs is made at the end, once: each package that has to do with it would make another one (/etc/kernel/postinst.d).
    // What it mounts goes with it, whatever ends it: what is left is removed, and must not be this machine's.
    await run(bench, ["unshare", "--mount", "--propagation=private", "mmdebstrap", ...argv], { env: { INITRD: "No" } });
  } finally {
    if (files !== undefined) await rm(files, { recursive: true });
  }
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

/** Shell: what was fetched is kept, and nothing older. */
function taken(archives: string): string {
  return `cp -aln "$1"/var/cache/apt/archives/*.deb '${archives}/'; find '${archives}' -name '*.deb' -mtime +90 -delete`;
}
