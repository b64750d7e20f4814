/**
 * Real ZFS without a kernel module: Debian's zfs-fuse, a daemon of its own in a mount namespace of its own, on a file. Its
 * command line is of 2010; what that lacks is translated here, and nowhere else.
 */
import { execFile, execFileSync, spawn, type ChildProcess, type SpawnOptions } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { Host, RunResult } from "../../../reconcilers/core.ts";
import { simHost } from "../host.ts";
import { bootFrom } from "./boot-pool.ts";

const shim = new URL("shim", import.meta.url).pathname;
const execute = promisify(execFile);
const fetched = new URL("../../../.cache/zfs-fuse", import.meta.url).pathname;
const libraries = ["/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu"].map((path) => `${fetched}${path}`).join(":");
const environment = {
  LC_ALL: "C",
  PATH: `${fetched}/sbin:${fetched}/usr/sbin:/usr/sbin:/usr/bin:/sbin:/bin`,
  LD_LIBRARY_PATH: libraries,
};

/** Why there can be no real pool here, or undefined when there can. */
export function whyNoFusePool(): string | undefined {
  if (process.getuid?.() !== 0) return "needs root";
  if (!existsSync("/dev/fuse")) return "needs /dev/fuse";
  if (!existsSync(`${fetched}/sbin/zfs-fuse`)) return "needs zfs-fuse in .cache (test/setup.sh --packages fetches it)";
  try {
    execFileSync("unshare", ["--mount", "--propagation", "private", "mount", "-t", "tmpfs", "none", "/run"]);
    return undefined;
  } catch {
    return "needs mount namespaces";
  }
}

export interface FusePool extends AsyncDisposable {
  /** Runs a program where the pool is. */
  run(argv: readonly [string, ...string[]]): Promise<RunResult>;
  /** Starts a program where the pool is, whose `zfs` and `mount` take OpenZFS's command line as far as shim/ has it. */
  spawn(argv: readonly [string, ...string[]], options?: SpawnOptions): ChildProcess;
  /** Ends the daemon at once, as a power cut does, and starts another on the same disk. */
  cut(): Promise<void>;
}

/** A pool named `tank` of `megabytes`, with nothing in it. */
export async function makeFusePool(megabytes = 256): Promise<FusePool> {
  const folder = mkdtempSync(join(tmpdir(), "imp-fuse-"));
  const disk = `${folder}/disk`;
  writeFileSync(disk, "");
  truncateSync(disk, megabytes * 2 ** 20);
  let daemon = await startDaemon(folder);

  const run: FusePool["run"] = async (argv) => inside(daemon, argv);
  const made = await run(["zpool", "create", "-f", "-m", "none", "tank", disk]);
  if (made.exitCode !== 0) throw new Error(`no pool: ${made.stderr}`);
  return {
    run,
    spawn: ([program, ...args], options = {}) =>
      spawn("nsenter", ["-t", String(daemon.pid), "-m", program, ...args], {
        ...options,
        env: {
          ...environment,
          ...options.env,
          IMP_TEST_ZFS: `${fetched}/sbin/zfs`,
          PATH: `${shim}:${environment.PATH}`,
        },
      }),
    async cut() {
      await ended(daemon, "SIGKILL");
      daemon = await startDaemon(folder);
    },
    async [Symbol.asyncDispose]() {
      await run(["zpool", "destroy", "-f", "tank"]);
      await ended(daemon, "SIGTERM");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Its socket, its cache and its lock have fixed places, which are its own in its namespace; the cache stays. */
async function startDaemon(folder: string): Promise<ChildProcess> {
  const script = [
    'mkdir -p "$1/cache"',
    "mount -t tmpfs none /run && mkdir -p /run/zfs /run/lock/zfs",
    "mount -t tmpfs none /var/lib && mkdir -p /var/lib/zfs",
    'mount --bind "$1/cache" /var/lib/zfs',
    "if [ ! -L /var/lock ]; then mount -t tmpfs none /var/lock && mkdir -p /var/lock/zfs; fi",
    "exec zfs-fuse --no-daemon --no-kstat-mount",
  ]
    .join(" && ")
    .replace("fi && exec", "fi; exec");
  const daemon = spawn("unshare", ["--mount", "--propagation", "private", "sh", "-c", script, "sh", folder], {
    env: environment,
    stdio: ["ignore", "ignore", "ignore"],
  });
  for (let tries = 0; tries < 300; tries += 1) {
    if (daemon.exitCode !== null) throw new Error(`zfs-fuse ended with ${daemon.exitCode}`);
    const { exitCode } = await inside(daemon, ["zpool", "list", "-H", "-o", "name"]);
    if (exitCode === 0 && isItself(daemon)) return daemon;
    await sleep(100);
  }
  throw new Error("zfs-fuse did not come up");
}

/** Until then it is still a shell, in the namespace of everybody. */
function isItself(daemon: ChildProcess): boolean {
  return readFileSync(`/proc/${daemon.pid}/comm`, "utf8").trim() === "zfs-fuse";
}

async function ended(daemon: ChildProcess, signal: "SIGKILL" | "SIGTERM"): Promise<void> {
  if (daemon.exitCode !== null || daemon.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => daemon.once("exit", () => resolve()));
  daemon.kill(signal);
  await gone;
}

async function inside(daemon: ChildProcess, argv: readonly [string, ...string[]]): Promise<RunResult> {
  const options = { env: environment, timeout: 60_000 };
  try {
    const { stdout, stderr } = await execute("nsenter", ["-t", String(daemon.pid), "-m", ...argv], options);
    return { exitCode: 0, stdout, stderr };
  } catch (thrown) {
    const { code, stdout = "", stderr = "" } = thrown as { code?: unknown; stdout?: string; stderr?: string };
    return translated(argv, { exitCode: typeof code === "number" ? code : 1, stdout, stderr });
  }
}

/** It makes the clone, then tries to mount it although that was not asked for. */
function translated([program, verb]: readonly string[], result: RunResult): RunResult {
  const isMade = program === "zfs" && verb === "clone" && result.stderr.startsWith("cannot mount");
  return isMade ? { ...result, exitCode: 0, stderr: "" } : result;
}

/** An appliance that runs from a dataset of it: all else of it is simulated. */
export function fuseHost(pool: FusePool, dataset: string): Host {
  const sim = simHost();
  bootFrom(sim, dataset);
  return { ...sim.start(), run: async (argv) => pool.run(argv) };
}
