/** What FRR and VPP start from on a box on which nothing was ever committed: whether somebody wrote it, and means to keep it. */
import { createHash } from "node:crypto";
import { basename, dirname } from "node:path";
import type { Host } from "../../reconcilers/core.ts";
import { outlineOf } from "../../reconcilers/frr/outline-text.ts";
import { withoutAmbient } from "../../reconcilers/frr/outline.ts";
import type { Desired } from "../../reconcilers/generation.ts";
import { header } from "../../reconcilers/system/catalogue.ts";
import type { Settings } from "../../schemas/settings.ts";
import { isOurFrrFile } from "../frr-boot-file.ts";

/**
 * Paths of those that are neither ours nor as their package brought them. FRR's count whether or not it answers: it does so before it
 * has read them, and while some of its daemons are down. VPP's count where the instance does not answer, as `live` shows.
 */
export async function startFilesOfOthers(
  host: Host,
  { paths, vpp }: Pick<Settings, "paths" | "vpp">,
  live: Pick<Desired, "vpp">,
): Promise<readonly string[]> {
  const config = paths["frr-config"];
  const ofFrr = await inFolder(host, dirname(config), (name) => name === basename(config) || ofDaemon.test(name));
  const ofVpp = vpp.mode === "off" ? [] : await startedBy(host, live);
  return [
    ...(await those(host, ofFrr, async (text) => configures(text))),
    ...(await those(
      host,
      ofVpp,
      async (text, path) => !text.startsWith(header) && !(await isPackaged(host, path, text)),
    )),
  ];
}

/** Without `service integrated-vtysh-config` each daemon has a file of its own. */
const ofDaemon = /^(?:zebra|[a-z0-9]+d)\.conf$/;

/** Whether FRR would have something of it, other than what it says of itself. */
function configures(text: string): boolean {
  return !isOurFrrFile(text) && withoutAmbient(outlineOf(text)).parts.length > 0;
}

const vppFolder = "/etc/vpp";

/** What core starts from may have any name: the package's unit reads another file than ours. */
async function startedBy(host: Host, { vpp }: Pick<Desired, "vpp">): Promise<readonly string[]> {
  const ofNat = (name: string) => name === "startup-nat.conf" || name === "commands-nat.txt";
  return inFolder(host, vppFolder, (name) => (ofNat(name) ? vpp.nat === undefined : vpp.core === undefined));
}

async function inFolder(host: Host, folder: string, isOne: (name: string) => boolean): Promise<readonly string[]> {
  return (await host.readFolder(folder)).filter(isOne).map((name) => `${folder}/${name}`);
}

/** What cannot be read is taken for somebody's. */
async function those(
  host: Host,
  paths: readonly string[],
  isTheirs: (text: string, path: string) => Promise<boolean>,
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const path of paths) {
    if ((await host.attributes(path))?.kind === "folder") continue;
    const isOne = await host.readFile(path).then(
      (text = "") => text !== "" && isTheirs(text, path),
      () => true,
    );
    if (isOne) found.push(path);
  }
  return found;
}

/** Whether a file is as the package has it that brought it: dpkg remembers a digest of each (deb-conffiles(5)). */
async function isPackaged(host: Host, path: string, text: string): Promise<boolean> {
  const known = (await host.readFile("/var/lib/dpkg/status")) ?? "";
  return known.includes(`\n ${path} ${createHash("md5").update(text).digest("hex")}\n`);
}
