/**
 * A systemd of its own as the first process of a PID namespace, with its own /run, cgroups and network, that knows only the
 * units which it is given: for the tests of ours. Needs root and namespaces.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

const program = "/lib/systemd/systemd";

/** Why no systemd can be started here, or undefined. */
export function whyNoSystemd(): string | undefined {
  if (process.getuid?.() !== 0) return "needs root";
  if (!existsSync(program)) return "needs systemd";
  if (groupFolders().length === 0) return "needs control groups";
  const { status } = spawnSync("unshare", [...namespaces, "true"], { timeout: 10_000, stdio: "ignore" });
  return status === 0 ? undefined : "needs namespaces";
}

const namespaces = ["--pid", "--fork", "--mount", "--uts", "--ipc", "--net", "--cgroup", "--kill-child"];

export interface OwnSystemd extends AsyncDisposable {
  /** Runs a program in its namespaces to the end; throws with its message. */
  run(...argv: string[]): string;
  /** One property of a unit. */
  show(unit: string, property: string): string;
}

/** These are what every unit depends on without saying so. */
const targets = ["basic", "sysinit", "shutdown", "local-fs", "network", "multi-user"];

/**
 * Starts it with the units in `folder`/units. `before` are shell commands that run before it, as root in its namespaces,
 * for what is to be mounted elsewhere than on the machine under test.
 */
export async function startSystemd(folder: string, before: string): Promise<OwnSystemd> {
  const units = join(folder, "units");
  for (const target of targets) copyFileSync(`/lib/systemd/system/${target}.target`, join(units, `${target}.target`));
  writeFileSync(join(folder, "boot"), boot(units, before), { mode: 0o755 });
  const groups = ownGroups();
  const enter = groups.map((group) => `echo $$ >${group}/cgroup.procs`).join(" && ");
  const argv = ["-c", `${enter}; exec unshare ${namespaces.join(" ")} ${folder}/boot`];
  const child = spawn("/bin/sh", argv, { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-20_000)));

  const inside = (...words: string[]): [string, string[]] => ["nsenter", ["-t", first(child), "-a", ...words]];
  const own: OwnSystemd = {
    run: (...words) => execFileSync(...inside(...words), { encoding: "utf8", timeout: 60_000 }),
    show: (unit, property) => own.run("systemctl", "show", "--value", "-p", property, unit).trim(),
    async [Symbol.asyncDispose]() {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      if (child.kill("SIGKILL")) await ended;
      for (const group of groups) await removeGroup(group);
    },
  };
  for (let tries = 0; tries < 200; tries += 1) {
    await delay(100);
    if (child.exitCode !== null) break;
    if (spawnSync(...inside("systemctl", "list-units"), { timeout: 10_000, stdio: "ignore" }).status === 0) return own;
  }
  await own[Symbol.asyncDispose]();
  throw new Error(`systemd does not start: ${said}`);
}

function boot(units: string, before: string): string {
  return `#!/bin/sh
set -e
mount --make-rprivate /
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs -o mode=755 tmpfs /run
mkdir /run/lock
ip link set lo up
${before}
export container=imp SYSTEMD_UNIT_PATH=${units} LC_ALL=C
exec ${program} --system --unit=multi-user.target --log-target=console --log-level=info >&2
`;
}

/** Its first process: the only child of unshare, as numbered outside. */
function first(child: ChildProcess): string {
  const children = `/proc/${child.pid}/task/${child.pid}/children`;
  return readFileSync(children, "utf8").trim().split(" ")[0] ?? "";
}

/** Control groups below which all of its own stay; hierarchies that take no process as they are stay out. */
function ownGroups(): readonly string[] {
  const name = `imp-${process.pid}`;
  return groupFolders().map((path) => {
    mkdirSync(`${path}/${name}`, { recursive: true });
    return `${path}/${name}`;
  });
}

function groupFolders(): readonly string[] {
  const top = "/sys/fs/cgroup";
  const hierarchies = existsSync(`${top}/cgroup.procs`) ? [top] : readdirSync(top).map((entry) => `${top}/${entry}`);
  return hierarchies.filter((path) => existsSync(`${path}/cgroup.procs`) && !/cpuset/.test(path));
}

async function removeGroup(path: string): Promise<void> {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) await removeGroup(join(path, entry.name));
  }
  for (let tries = 0; ; tries += 1) {
    try {
      return rmdirSync(path);
    } catch (thrown) {
      if (tries === 50) throw thrown;
      await delay(100);
    }
  }
}
