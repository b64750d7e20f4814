/**
 * A box for the shell programs of deploy/failsafe and deploy/boot, below one folder: its own /etc, /run, /proc and persistent dataset, and
 * fakes for every program that would touch the machine under test. The fakes write down how they were called.
 */
import { execFileSync, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const programs = join(import.meta.dirname, "../../deploy");

export interface Shell {
  /** Says also why it cannot be tried. */
  readonly title: string;
  readonly argv: readonly [string, ...string[]];
  readonly missing: boolean;
}

/** The shells that the programs must run under. */
export const shells: readonly Shell[] = [shell("dash", "/usr/bin/dash"), shell("busybox sh", "/usr/bin/busybox", "sh")];

function shell(name: string, ...argv: [string, ...string[]]): Shell {
  const missing = !existsSync(argv[0]);
  return { title: `${name} (${missing ? `needs ${argv[0]}` : "it is here"})`, argv, missing };
}

/** Why nothing can be mounted here, or undefined. */
export function whyNoMounts(): string | undefined {
  const script = "mount -t tmpfs -o size=16k tmpfs /mnt";
  const { status } = spawnSync("/usr/bin/unshare", ["-m", "/bin/sh", "-c", script], {
    timeout: 10_000,
    stdio: "ignore",
  });
  return status === 0 ? undefined : "needs root and mounts";
}

export interface Ended {
  readonly exitCode: number | null;
  /** What it wrote, standard error included. */
  readonly text: string;
}

export interface FailsafeBox extends Disposable {
  readonly folder: string;
  readonly run: string;
  readonly state: string;
  readonly etc: string;
  /** Below the box's folder; undefined when there is no such file. */
  read(path: string): string | undefined;
  write(path: string, text: string): void;
  link(path: string, target: string): void;
  remove(path: string): void;
  list(path: string): readonly string[];
  /** The permission bits. */
  mode(path: string): number;
  uptime(seconds: number): void;
  /** Puts a program in front of the real one of this name. */
  fake(name: string, body: string): void;
  /** Takes a program out of the path: from then on only what the programs need is there, less this. */
  without(name: string): void;
  /** How the fakes were called since the last time, in order. */
  calls(): readonly string[];
  /** The record that arms the failsafe: these lines instead of the usual ones of the same key; "" leaves a key out. */
  arm(lines?: Readonly<Record<string, string>>, blocks?: readonly string[]): string;
  failsafe(...argv: string[]): Ended;
  /** The same where `before` has mounted something (in a mount namespace of its own); then `after` runs there. Needs root. */
  failsafeAmong(before: string, after: string, ...argv: string[]): Ended;
  rescue(...argv: string[]): Ended;
  boot(...argv: string[]): Ended;
  /** As failsafeAmong. */
  bootAmong(before: string, after: string, ...argv: string[]): Ended;
  /** What is on standard input of what runs next. */
  answer: string;
  /** More environment for what runs next. */
  readonly env: Record<string, string>;
}

export const tried = "c".repeat(64);
export const committed = "a".repeat(64);

/** What the programs need of a system; the rest is faked. */
const tools =
  "timeout flock readlink cat cp mv rm cmp chmod chown mkdir rmdir sync sleep date grep sed sort tail head tr ls mktemp stat wc ln df id";

export function makeBox(shell: Shell): FailsafeBox {
  const folder = mkdtempSync(join(tmpdir(), "imp-failsafe-"));
  const [run, state, etc, bin] = ["run/imp", "persistent", "etc", "bin"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
    string,
  ];
  for (const made of [run, state, join(etc, "frr"), bin, join(folder, "proc/sys/kernel/random")]) {
    mkdirSync(made, { recursive: true });
  }
  const log = join(folder, "calls");
  const env: Record<string, string> = {};
  let path = `${bin}:/usr/sbin:/usr/bin:/sbin:/bin`;

  function runs(program: string, argv: readonly string[], wrap: readonly string[] = []): Ended {
    const [first = "", ...rest] = [...wrap, ...shell.argv, join(programs, program), ...argv];
    const { status, stdout, stderr } = spawnSync(first, rest, {
      encoding: "utf8",
      timeout: 60_000,
      input: box.answer,
      env: {
        PATH: path,
        IMP_RUN: run,
        IMP_STATE: state,
        IMP_ETC: etc,
        IMP_PROC: join(folder, "proc"),
        IMP_SYS: join(folder, "sys"),
        IMP_NETWORKD: join(folder, "run/systemd/network"),
        IMP_LINKS: join(folder, "run/systemd/netif/links"),
        IMP_ROUNDS: "1",
        IMP_SETTLE: "0",
        IMP_PAUSE: "0",
        IMP_WAIT: "0",
        ...env,
      },
    });
    return { exitCode: status, text: `${stdout}${stderr}` };
  }

  const box: FailsafeBox = {
    folder,
    run,
    state,
    etc,
    env,
    answer: "",
    read(name) {
      const file = join(folder, name);
      return existsSync(file) ? readFileSync(file, "utf8") : undefined;
    },
    write(name, text) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    },
    link(name, target) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      symlinkSync(target, join(folder, name));
    },
    remove: (name) => rmSync(join(folder, name), { recursive: true }),
    list: (name) => readdirSync(join(folder, name)).sort(),
    mode: (name) => statSync(join(folder, name)).mode & 0o777,
    uptime: (seconds) => box.write("proc/uptime", `${seconds}.25 1234.56\n`),
    fake(name, body) {
      rmSync(join(bin, name), { force: true });
      const script = `#!/bin/sh\nprintf '%s\\n' "${name} $*" >>'${log}'\n${body}\n`;
      writeFileSync(join(bin, name), script, { mode: 0o755 });
    },
    without(name) {
      path = bin;
      for (const tool of tools.split(" ")) {
        if (tool !== name && !existsSync(join(bin, tool))) symlinkSync(which(tool), join(bin, tool));
      }
      rmSync(join(bin, name), { force: true });
    },
    calls() {
      const lines = (box.read("calls") ?? "").split("\n").filter((line) => line !== "");
      rmSync(log, { force: true });
      return lines;
    },
    arm(lines = {}, blocks = usualBlocks(box)) {
      const usual = {
        format: "1",
        deployment: "1764000000000-cccccccccccc",
        generation: tried,
        committed,
        armed: "900",
        deadline: "1000",
        phase: "forward",
        impact: "session-reset",
        anchor: "192.0.2.1",
        session: "192.0.2.5",
      };
      const header = Object.entries({ ...usual, ...lines }).flatMap(([key, value]) =>
        value === "" ? [] : [`${key} ${value}`],
      );
      const text = `${[...header, ...blocks].join("\n")}\n`;
      writeFileSync(join(run, "armed"), text);
      return text;
    },
    failsafe: (...argv) => runs("failsafe/imp-failsafe", argv),
    failsafeAmong: (before, after, ...argv) => runs("failsafe/imp-failsafe", argv, among(before, after)),
    rescue: (...argv) => runs("failsafe/imp-rescue", argv),
    boot: (...argv) => runs("boot/imp-boot", argv),
    bootAmong: (before, after, ...argv) => runs("boot/imp-boot", argv, among(before, after)),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
  box.uptime(990);
  box.write("proc/sys/kernel/random/boot_id", "0b5e55ed\n");
  box.write(`persistent/generations/${committed}/files/frr.conf`, "committed\n");
  box.write("etc/frr/frr.conf", "tried\n");
  // Nobody waits here, neither for time nor for the disk; nor is that told.
  for (const name of ["sleep", "sync"]) writeFileSync(join(bin, name), "#!/bin/sh\n", { mode: 0o755 });
  for (const name of ["systemctl", "logger", "wall", "agetty", "ping"]) box.fake(name, "");
  box.fake("vtysh", established("192.0.2.5"));
  return box;
}

/** In a mount namespace of its own. */
function among(before: string, after: string): readonly string[] {
  return ["/usr/bin/unshare", "-m", "/bin/sh", "-c", `${before}\n"$@"; ended=$?; ${after}\nexit $ended`, "sh"];
}

/** Shell commands after which the folder is on a full disk of its own, with all that is in it. */
export function fullDisk(folder: string): string {
  const before = `"$(mktemp -d)"`;
  return `mkdir -p ${folder}; before=${before}; cp -a ${folder}/. $before; mount -t tmpfs -o size=64k,mode=755 tmpfs ${folder}
cp -a $before/. ${folder}; rm -rf $before; dd if=/dev/zero of=${folder}/filler bs=4k 2>/dev/null`;
}

/** Shell commands after which nothing can be written in the folder. */
export function readOnlyDisk(folder: string): string {
  return `mkdir -p ${folder}; mount --bind ${folder} ${folder}; mount -o remount,ro,bind ${folder}`;
}

/** One plane: FRR, by its file and unit. */
export function usualBlocks({ state, etc }: Pick<FailsafeBox, "state" | "etc">): readonly string[] {
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  return [
    "plane frr",
    `file 0640 ${uid} ${gid} ${state}/generations/${committed}/files/frr.conf ${etc}/frr/frr.conf`,
    "unit frr.service",
  ];
}

/** The body of a fake vtysh of an FRR in which these peers' sessions are up, and those of `down` are not. */
export function established(up: string, down = "198.51.100.9"): string {
  const one = (
    peer: string,
    state: string,
  ): string => `BGP neighbor is ${peer}, remote AS 64496, local AS 64500, external link
  BGP version 4, remote router ID 192.0.2.5, local router ID 198.51.100.1
  BGP state = ${state}
  Last read 00:00:01, Last write 00:00:01`;
  const peers = (list: string) => list.split(" ").filter((peer) => peer !== "");
  const text = [
    ...peers(up).map((peer) => one(peer, "Established, up for 00:01:02")),
    ...peers(down).map((peer) => one(peer, "Active")),
  ];
  return `cat <<'END'\n${text.join("\n")}\nEND`;
}

function which(tool: string): string {
  return execFileSync("/bin/sh", ["-c", `command -v ${tool}`], { encoding: "utf8" }).trim();
}
