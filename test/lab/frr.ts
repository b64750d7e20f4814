/** A real FRR (Debian's package) of its own in a network namespace: for the integration tests and the demo. Needs root. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { Daemon } from "../../reconcilers/frr/model.ts";
import { type Namespace, whyNoNamespaces } from "./netns.ts";

/** Why FRR cannot run here, or undefined. */
export function whyNoFrr(): string | undefined {
  return existsSync("/usr/lib/frr/bgpd") ? whyNoNamespaces() : "needs Debian's frr";
}

export interface RealFrr extends AsyncDisposable {
  /** The folder of the vty sockets. */
  readonly sockets: string;
  /** Ends a daemon at once, as a crash would. */
  kill(daemon: Daemon): Promise<void>;
  /** Starts a daemon, without configuration; resolves once it listens. */
  start(daemon: Daemon): Promise<void>;
}

/** Programs of another FRR than the installed one. */
export interface OtherFrr extends Disposable {
  /** The folder of the daemons. */
  readonly programs: string;
  /** The folder in which `vtysh` is: to be the first of PATH. */
  readonly bin: string;
}

/** Why there is no other FRR, or undefined. */
export function whyNoOtherFrr(): string | undefined {
  const root = process.env["IMP_TEST_FRR_PREFIX"];
  if (root === undefined) return "IMP_TEST_FRR_PREFIX names no folder with another FRR";
  return existsSync(`${root}/usr/lib/frr/zebra`) ? whyNoNamespaces() : `${root} has no usr/lib/frr/zebra`;
}

/**
 * The FRR of IMP_TEST_FRR_PREFIX: a folder in which Debian's packages of it, and of all that it depends on, lie unpacked
 * (dpkg-deb -x). Its programs are started with its own C library.
 */
export function otherFrr(): OtherFrr {
  const root = process.env["IMP_TEST_FRR_PREFIX"] ?? "";
  const folder = mkdtempSync("/run/imp-frr-other-");
  chmodSync(folder, 0o755);
  const [programs, bin] = [`${folder}/frr`, `${folder}/bin`];
  const libraries = [`${root}/usr/lib/x86_64-linux-gnu`, `${root}/usr/lib/x86_64-linux-gnu/frr`].join(":");
  const wrap = (from: string, to: string) => {
    const start = `exec ${root}/lib64/ld-linux-x86-64.so.2 --library-path ${libraries} ${from} "$@"`;
    writeFileSync(to, `#!/bin/sh\n${start}\n`, { mode: 0o755 });
  };
  for (const path of [programs, bin]) mkdirSync(path);
  for (const name of ["mgmtd", "zebra", "staticd", "bfdd", "ospfd", "ospf6d", "bgpd"]) {
    wrap(`${root}/usr/lib/frr/${name}`, `${programs}/${name}`);
  }
  wrap(`${root}/usr/bin/vtysh`, `${bin}/vtysh`);
  return { programs, bin, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Starts these daemons, zebra first, in a pathspace named after the namespace; resolves once all of them listen. */
export async function startFrr(
  namespace: Namespace,
  daemons: readonly Daemon[] = ["zebra", "staticd", "bfdd", "ospfd", "ospf6d", "bgpd"],
  programs = "/usr/lib/frr",
  more: Readonly<Partial<Record<Daemon | "mgmtd", readonly string[]>>> = {},
): Promise<RealFrr> {
  const pathspace = namespace.name;
  const folders = [`/etc/frr/${pathspace}`, `/var/run/frr/${pathspace}`];
  for (const folder of folders) mkdirSync(folder, { recursive: true });
  execFileSync("chown", ["frr:frr", ...folders]);
  const sockets = `/var/run/frr/${pathspace}`;
  const children = new Map<Daemon | "mgmtd", ChildProcess>();
  const start = async (daemon: Daemon | "mgmtd") => {
    const options = ["-N", pathspace, "-F", "traditional", "-A", "127.0.0.1", "-P", "0", "--log", "stdout"];
    const [command, ...argv] = namespace.inside(`${programs}/${daemon}`, ...options, ...(more[daemon] ?? []));
    const child = spawn(command, argv, { stdio: ["ignore", "ignore", "ignore"] });
    children.set(daemon, child);
    await listening(child, `${sockets}/${daemon}.vty`);
  };

  const frr: RealFrr = {
    sockets,
    kill: async (daemon) => {
      await end(children.get(daemon), "SIGKILL");
      children.delete(daemon);
      rmSync(`${sockets}/${daemon}.vty`, { force: true });
    },
    start,
    [Symbol.asyncDispose]: async () => {
      const running = [...children.values()].toReversed();
      for (const child of running) await end(child, "SIGTERM");
      for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    },
  };
  try {
    if (existsSync(`${programs}/mgmtd`)) await start("mgmtd");
    for (const daemon of daemons) await start(daemon);
    return frr;
  } catch (error) {
    await frr[Symbol.asyncDispose]();
    throw error;
  }
}

async function listening(child: ChildProcess, path: string): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (child.exitCode !== null) throw new Error(`${path}: the daemon ended with status ${child.exitCode}`);
    if (await answers(path)) return;
    await delay(50);
  }
  throw new Error(`${path}: the daemon does not listen`);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("error", () => resolve(false));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });
}

async function end(child: ChildProcess | undefined, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill(signal);
  const timer = setTimeout(() => child.kill("SIGKILL"), 5000);
  await ended;
  clearTimeout(timer);
}
