/** A throw-away virtual machine that runs one shell program with an image's own OpenZFS and ends: QEMU, with hardware help where that works. */
import { appendFile, copyFile, open, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Problem } from "../../schemas/problem.ts";
import { lastOf, part, run, type Bench } from "./bench.ts";
import { cpioOf } from "./cpio.ts";
import { rootFiles } from "./root.ts";

export interface Job {
  /** Folder of a root: kernel and initramfs. */
  readonly root: string;
  /** Folder for what the machine needs meanwhile. */
  readonly scratch: string;
  /** Files that are /dev/vda, /dev/vdb and so on, of whole sectors. */
  readonly drives: readonly string[];
  /** Name of a shell program of deploy/image, and what it reads. */
  readonly program: string;
  readonly variables: Readonly<Record<string, string>>;
}

/** Runs it; gives what it said, and how the machine was run. Rejects with IMAGE_BUILD unless it ends well. */
export async function work(bench: Bench, job: Job): Promise<{ readonly said: string; readonly help: Help }> {
  const initrd = join(job.scratch, "initrd");
  await copyFile(join(job.root, rootFiles.workshop), initrd);
  const { size } = await stat(initrd);
  await truncate(initrd, Math.ceil(size / 512) * 512);
  await appendFile(initrd, cpioOf("job", await shellOf(bench, job)));
  try {
    for (const help of await helps()) {
      const said = await boot(bench, job, initrd, help);
      if (said.includes("workshop: done")) return { said, help };
      // Where it did not even begin, nothing was written: try without.
      if (help !== withoutHelp && !said.includes("workshop: begins")) continue;
      throw new Problem("IMAGE_BUILD", `${job.program} failed in the virtual machine: ${lastOf(said)}`);
    }
  } finally {
    await rm(initrd, { force: true });
  }
  throw new Problem("IMAGE_BUILD", "The virtual machine did not begin.");
}

async function shellOf(bench: Bench, { program, variables }: Job): Promise<string> {
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${quoted(value)}\n`);
  return `${lines.join("")}${await readFile(part(bench, program), "utf8")}`;
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** How QEMU runs a machine. */
export interface Help {
  readonly cpu: readonly string[];
  /** Every instruction is: KVM does not work here. */
  readonly emulated: boolean;
  /** For how long a job may run. */
  readonly seconds: number;
}

const withoutHelp: Help = {
  cpu: ["-accel", "tcg,thread=multi,tb-size=512", "-cpu", "max"],
  emulated: true,
  seconds: 4 * 3600,
};
const withHelp: Help = { cpu: ["-accel", "kvm", "-cpu", "host"], emulated: false, seconds: 1800 };

/** QEMU's command line of a machine with so much memory, and nothing in it yet. */
export function machineArguments({ cpu }: Help, mebibytes: number): readonly string[] {
  const machine = "-machine q35 -smp 2 -nodefaults -no-user-config -display none -no-reboot -serial stdio";
  return [...machine.split(" "), ...cpu, "-m", String(mebibytes)];
}

async function helps(): Promise<readonly Help[]> {
  const kvm = await open("/dev/kvm", "r+").catch(() => undefined);
  await kvm?.close();
  return kvm === undefined ? [withoutHelp] : [withHelp, withoutHelp];
}

async function boot(bench: Bench, { root, scratch, drives }: Job, initrd: string, help: Help): Promise<string> {
  const argv = [
    ...machineArguments(help, 3072),
    "-kernel",
    join(root, rootFiles.kernel),
    "-initrd",
    initrd,
    "-append",
    "console=ttyS0 quiet panic=-1",
    ...drives.flatMap((file, index) => [
      "-drive",
      `if=none,id=d${index},file=${file},format=raw,cache=unsafe,discard=unmap`,
      "-device",
      `virtio-blk-pci,drive=d${index}`,
    ]),
  ];
  return run(bench, ["sh", "-c", watched, "sh", join(scratch, "said"), String(help.seconds), ...argv]).catch(
    (thrown: unknown) => {
      if (help === withoutHelp) throw thrown;
      return "";
    },
  );
}

/** Shell: QEMU's end is no failure, what was said counts; with hardware help that does not work nothing is ever said. */
const watched = `said=$1 limit=$2
shift 2
trap '[ -z "$!" ] || kill $!; exit 143' HUP INT TERM
timeout "$limit" qemu-system-x86_64 "$@" </dev/null >"$said" 2>&1 &
machine=$!
if [ "$limit" -lt 3600 ]; then
  for second in $(seq 60); do
    grep -q 'workshop: begins' "$said" && break
    kill -0 $machine 2>/dev/null || break
    sleep 1
  done
  grep -q 'workshop: begins' "$said" || kill $machine 2>/dev/null
fi
wait $machine
cat "$said"`;

/** An empty file of that size, which takes no room before it is written to. */
export async function emptyDrive(path: string, bytes: number): Promise<void> {
  await writeFile(path, "");
  await truncate(path, Math.ceil(bytes / 2 ** 20) * 2 ** 20);
}

/** Makes the first sector say that one partition is all of it, from 1 MiB on: a whole disk ZFS would partition itself, with udev's help. */
export async function partition(path: string, bytes: number): Promise<void> {
  const sector = Buffer.alloc(512);
  sector[0x1be + 4] = 0xbf; // type
  sector.writeUInt32LE(2048, 0x1be + 8);
  sector.writeUInt32LE(Math.floor(bytes / 2 ** 20) * 2048 - 2048, 0x1be + 12);
  sector.writeUInt16LE(0xaa55, 510);
  const file = await open(path, "r+");
  await file.write(sector, 0, 512, 0);
  await file.close();
}
