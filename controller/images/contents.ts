/**
 * What a root is made of: its packages and the programs that the manifest names. Read on the build machine for the manifest, and on
 * the appliance to see that what was received is what the manifest says.
 */
import { lstat, readFile, stat } from "node:fs/promises";
import type { Manifest } from "../../schemas/manifest.ts";
import { Problem } from "../../schemas/problem.ts";
import { journalFormat } from "../journal.ts";
import { kernelOf } from "./kernel.ts";
import { digestOf } from "./manifest.ts";
import { inRoot } from "./rooted.ts";

export interface Contents {
  readonly versions: Manifest["versions"];
  /** Digest of the list of packages: a line each of name, version and architecture, sorted. */
  readonly packages: string;
}

/** Debian package → what the manifest calls it; the first that is there counts. */
const packagesOf = {
  vpp: ["vpp"],
  frr: ["frr"],
  zfs: ["zfsutils-linux"],
  agent: ["imp"],
} as const;

/** What an appliance cannot do without: see docs/package.md. */
const programs = ["node", "impctl.cjs", "imp-failsafe", "imp-boot", "imp-deadline"] as const;

/** What lays its files at boot, and what ends its trial: both before anything of it could be wrong that a commit proves. */
const enabled = ["imp-boot.service", "imp-deadline.service"] as const;

/**
 * Reads a root, and checks that a boot environment can be made of it: kernel, initramfs, agent and failsafe, os-release. Rejects with
 * `IMAGE_RECEIVE`; `what` names the root.
 */
export async function readContents(root: string, what: string): Promise<Contents> {
  const wrong = (why: string): Problem =>
    new Problem("IMAGE_RECEIVE", `${what} ${why}.`, {
      remedy: "Build the image with it, and make its manifest again.",
    });
  const kernel = await kernelOf(root);
  if ("wrong" in kernel) throw wrong(kernel.wrong);
  const release = await textOf(root, "/etc/os-release");
  if (!/^ID=/m.test(release ?? "")) throw wrong("has no /etc/os-release that says what it is");
  for (const program of programs) {
    const at = await inRoot(root, `/usr/lib/imp/${program}`);
    const found = at === undefined ? undefined : await stat(at).catch(() => undefined);
    const isThere = found?.isFile() === true && found.size > 0;
    if (!isThere) throw wrong(`has no /usr/lib/imp/${program}: the agent is not installed in it`);
    if (program !== "impctl.cjs" && (found.mode & 0o100) === 0)
      throw wrong(`has /usr/lib/imp/${program}, which cannot be run`);
  }
  for (const unit of enabled) {
    if (!(await isEnabled(root, unit)))
      throw wrong(`does not start ${unit} at boot: systemctl preset-all in it enables what has to be`);
  }
  const installed = await installedIn(root);
  const agent = installed.find(({ name }) => name === "imp");
  if (agent && agent.journal < journalFormat)
    throw wrong(`has an agent (${agent.version}) that cannot go on from what this one writes down`);
  const version = (part: keyof typeof packagesOf): string => {
    const found = installed.find(({ name }) => packagesOf[part].some((known) => known === name));
    if (!found) throw wrong(`has no package ${packagesOf[part].join(" or ")} in /var/lib/dpkg/status`);
    return part === "agent" ? found.version : upstream(found.version);
  };
  const versions = {
    kernel: kernel.version,
    vpp: version("vpp"),
    frr: version("frr"),
    zfs: version("zfs"),
    agent: version("agent"),
  };
  const lines = installed.map(({ name, version: of, architecture }) => `${name} ${of} ${architecture}\n`).toSorted();
  return { versions, packages: digestOf(Buffer.from(lines.join(""))) };
}

/** Checks that a root is what the manifest says. Rejects with IMAGE_RECEIVE. */
export async function checkContents(root: string, manifest: Manifest): Promise<void> {
  const what = `The image ${manifest.name}`;
  const found = await readContents(root, what);
  const differs = (part: string, is: string, said: string): Problem =>
    new Problem("IMAGE_RECEIVE", `${what} has ${part} ${is}, and its manifest says ${said}.`, {
      remedy: "Make the manifest of what is in the image: `impctl image manifest --root`.",
    });
  for (const part of ["kernel", "vpp", "frr", "zfs", "agent"] as const) {
    const [is, said] = [found.versions[part], manifest.versions[part]];
    if (is !== said) throw differs(part, is, said);
  }
  if (found.packages !== manifest.packages)
    throw differs("packages with the digest", found.packages, manifest.packages);
}

/** By a link in the folder of the target that it is wanted by (its [Install]); one whose unit is masked starts nothing. */
async function isEnabled(root: string, unit: string): Promise<boolean> {
  const [own, packaged] = ["/etc/systemd/system", "/usr/lib/systemd/system"];
  const wants = await Promise.all([own, packaged].map((folder) => inRoot(root, `${folder}/sysinit.target.wants`)));
  const links = wants.map(async (at) => at !== undefined && (await lstat(`${at}/${unit}`).catch(() => undefined)));
  if (!(await Promise.all(links)).some(Boolean)) return false;
  for (const folder of [own, packaged]) {
    const at = await inRoot(root, folder);
    // The first one counts, also where it leads nowhere.
    if (at === undefined || !(await lstat(`${at}/${unit}`).catch(() => undefined))) continue;
    return ((await textOf(root, `${folder}/${unit}`)) ?? "") !== "";
  }
  return false;
}

async function textOf(root: string, path: string): Promise<string | undefined> {
  const at = await inRoot(root, path);
  return at === undefined ? undefined : readFile(at, "utf8").catch(() => undefined);
}

export interface Installed {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  /** Of the package imp: the newest format of the journal that it knows. */
  readonly journal: number;
}

/** The packages that are installed whole in a root, by dpkg's own record of them (deb-control(5)). */
export async function installedIn(root: string): Promise<readonly Installed[]> {
  const text = (await textOf(root, "/var/lib/dpkg/status")) ?? "";
  return text.split("\n\n").flatMap((paragraph) => {
    const value = (key: string): string => new RegExp(`^${key}: *(.*)$`, "m").exec(paragraph)?.[1] ?? "";
    if (value("Status").split(" ")[2] !== "installed") return [];
    const journal = Number(value("Imp-Journal") || "1");
    return [{ name: value("Package"), version: value("Version"), architecture: value("Architecture"), journal }];
  });
}

/** "8.4.4" of "1:8.4.4-1.1~deb12u1", as the program itself says it. */
function upstream(version: string): string {
  return version.replace(/^\d+:/, "").replace(/-[^-]*$/, "");
}
