/**
 * With what a boot environment is booted: kernel, initramfs and command line as zfsbootmenu chooses them, and a try whether this kernel
 * takes them by kexec. The properties are zfsbootmenu's (zfsbootmenu(7)): what nobody set has its defaults.
 */
import { localOf, propertiesIn, textOf } from "../../reconcilers/bootenv/properties.ts";
import type { BootImage } from "../../reconcilers/bootenv/trial.ts";
import { zfs } from "../../reconcilers/bootenv/zfs.ts";
import type { Host } from "../../reconcilers/core.ts";
import { Problem } from "../../schemas/problem.ts";
import { kernelOf } from "../images/kernel.ts";
import { lastLine, whileMounted, type Looked } from "../images/mounted.ts";
import { outside } from "./outside.ts";

/** What is entered. */
export interface BootChoice extends BootImage {
  /** As `uname -r` prints it. */
  readonly version: string;
  /** "root=zfs:tank/ROOT/imp-v1.4.0" */
  readonly root: string;
  /** The rest of the command line, as it is for every boot: see trialArguments. */
  readonly usual: string;
}

const commandLine = "org.zfsbootmenu:commandline";
const asked = [commandLine, "org.zfsbootmenu:kernel", "org.zfsbootmenu:rootprefix"].join(",");
/** What zfsbootmenu gives to one that has none. */
const plainLine = "quiet loglevel=4";
const kexecMs = 120_000;

/** Chooses. `looked.folder` is used for the look. Rejects with BOOT_ENVIRONMENT where it has nothing to boot, POOL, IMAGE_RECEIVE. */
export async function chooseBoot(host: Host, looked: Looked, signal: AbortSignal): Promise<BootChoice> {
  const { dataset, name } = looked;
  const levels = ancestry(dataset);
  const words = ["get", "-Hp", "-o", "name,property,value,source", asked, ...levels];
  const all = propertiesIn(await zfs(host, words, signal));
  const own = all.find((one) => one.name === dataset);
  const preferred = own && textOf(own, "org.zfsbootmenu:kernel");
  const kernel = await whileMounted(host, looked, signal, () => kernelOf(looked.folder, preferred));
  if ("wrong" in kernel) {
    throw new Problem("BOOT_ENVIRONMENT", `${name} ${kernel.wrong}: it cannot be booted.`, {
      remedy: "Build the image with it, and make its manifest again.",
    });
  }
  const lines = levels.map((level) => {
    const found = all.find((one) => one.name === level);
    return { value: found && textOf(found, commandLine), isOwn: found && localOf(found, commandLine) !== undefined };
  });
  return {
    kernel: kernel.kernel,
    initrd: kernel.initramfs,
    version: kernel.version,
    root: `${(own && textOf(own, "org.zfsbootmenu:rootprefix")) ?? "root=zfs:"}${dataset}`,
    usual: usualLine(expanded(lines), (await host.readFile("/proc/cmdline")) ?? ""),
  };
}

/** "tank/ROOT/x", "tank/ROOT", "tank". */
function ancestry(dataset: string): readonly string[] {
  const parts = dataset.split("/");
  return parts.map((_, index) => parts.slice(0, parts.length - index).join("/"));
}

interface Level {
  readonly value: string | undefined;
  readonly isOwn: boolean | undefined;
}

/** %{parent} stands for what the dataset above has; a line that is inherited is the one of where it was set. */
function expanded([level, ...above]: readonly Level[]): string {
  if (level?.value === undefined) return "";
  if (!level.value.includes("%{parent}")) return level.value;
  const parent = expanded(above);
  return level.isOwn === true || above.length === 0 ? level.value.replaceAll("%{parent}", parent) : parent;
}

/** The box's host id comes from how it was booted itself: without it the pool is not imported. */
function usualLine(line: string, running: string): string {
  const isHostId = (word: string) => /^(?:spl_hostid|spl\.spl_hostid)=/.test(word);
  const given = running.split(/\s+/).findLast(isHostId);
  const words = (line.trim() === "" ? plainLine : line).split(/\s+/).filter((word) => word !== "");
  const kept = words.filter((word) => !word.startsWith("root=") && !(given !== undefined && isHostId(word)));
  return [...kept, ...(given === undefined ? [] : [given])].join(" ");
}

const mount = `set -e
mkdir -p "$2"
mount -t zfs -o zfsutil,ro,nosuid,nodev,noexec "$1" "$2"`;
const load = `kexec -a -l "$2/boot/$3" --initrd="$2/boot/$4" --command-line="$5"`;
/** What ends this ends with nothing loaded; the mark is for what nothing hears of, as SIGKILL. */
const loadAndUnload = `: >"$6"
trap 'kexec -u && rm -f "$6"' EXIT
trap 'exit 143' HUP INT TERM`;

/** Loads it for kexec, with these arguments behind root=; nothing is entered. Rejects with BOOT_ENVIRONMENT where it is refused. */
export async function loadKernel(
  host: Host,
  { dataset, folder, name }: Looked,
  { kernel, initrd, root }: BootChoice,
  args: string,
  signal: AbortSignal,
): Promise<void> {
  const script = `${mount}\nexec ${load}`;
  await loading(host, script, name, [dataset, folder, kernel, initrd, `${root} ${args}`], signal);
}

async function loading(
  host: Host,
  script: string,
  name: string,
  words: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const isClosed = (await host.readFile("/proc/sys/kernel/kexec_load_disabled"))?.trim() === "1";
  if (isClosed) throw notLoaded(name, "this kernel loads no other (kernel.kexec_load_disabled is 1)");
  const description = `IMP: load the kernel of ${name}`;
  const argv = ["sh", "-c", script, "sh", ...words] as const;
  const { exitCode, stderr } = await outside(host, argv, { description, timeoutMs: kexecMs, signal });
  if (exitCode !== 0) throw notLoaded(name, lastLine(stderr) || `exit code ${exitCode}`);
}

/** Takes back what was loaded; nothing to do where nothing is. Rejects with BOOT_ENVIRONMENT. */
export async function unloadKernel(host: Host, signal: AbortSignal): Promise<void> {
  const description = "IMP: unload the kernel that was loaded for a trial";
  const { exitCode, stderr } = await outside(host, ["kexec", "-u"], { description, timeoutMs: kexecMs, signal });
  if (exitCode === 0) return;
  throw new Problem("BOOT_ENVIRONMENT", `What kexec has loaded cannot be taken back: ${lastLine(stderr)}.`, {
    remedy: "kexec -u; until then `systemctl reboot` is what reboots into the default.",
  });
}

/**
 * A dry run: loads it, and takes it back, also where the agent does not wait for that: loaded without the words of a trial, nothing would
 * end it. Rejects with BOOT_ENVIRONMENT.
 */
export async function tryKernel(host: Host, looked: Looked, choice: BootChoice, signal: AbortSignal): Promise<void> {
  const { dataset, folder, name } = looked;
  const { kernel, initrd, root, usual } = choice;
  const script = `${loadAndUnload}\n${mount}\n${load}`;
  const words = [dataset, folder, kernel, initrd, `${root} ${usual}`, markIn(folder)];
  try {
    await loading(host, script, name, words, signal);
  } finally {
    if (!signal.aborted) await unloadTried(host, folder, signal);
  }
}

/** Takes back what a dry run that was killed has left; `folder`: where it looked. Rejects with BOOT_ENVIRONMENT. */
export async function unloadTried(host: Host, folder: string, signal: AbortSignal): Promise<void> {
  if ((await host.readFile(markIn(folder))) === undefined) return;
  await unloadKernel(host, signal);
  await host.remove(markIn(folder));
}

function markIn(folder: string): string {
  return `${folder}.tried`;
}

function notLoaded(name: string, why: string): Problem {
  return new Problem("BOOT_ENVIRONMENT", `kexec cannot load the kernel of ${name}: ${why}.`, {
    remedy: "Where kexec is not wanted, boot it by the firmware: docs/trial-boot.md.",
  });
}
