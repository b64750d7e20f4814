/**
 * A real VPP for tests: started in a namespace of theirs, below a folder of theirs, and ended by its process ID. It is the one
 * that IMP_TEST_VPP names, or the one on PATH; IMP_TEST_VPP_PRELOAD is a library to load into it, on kernels without vhost-net.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Namespace, whyNoNamespaces } from "./netns.ts";

const program = process.env["IMP_TEST_VPP"] ?? onPath("vpp");
const preload = process.env["IMP_TEST_VPP_PRELOAD"];

function onPath(name: string): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(":");
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** Why none can be started here, or undefined when one can. */
export function whyNoVpp(): string | undefined {
  if (program === undefined || !existsSync(program)) return "needs VPP (IMP_TEST_VPP)";
  return whyNoNamespaces();
}

/** Why it can make no taps, and so no linux-cp pairs. */
export function whyNoTaps(): string | undefined {
  return existsSync("/dev/vhost-net") || preload !== undefined ? undefined : "needs vhost-net (IMP_TEST_VPP_PRELOAD)";
}

export interface RealVpp extends AsyncDisposable {
  /** Path of the socket of its binary API. */
  readonly socket: string;
  readonly pid: number;
  /** Ends it as a crash does; resolves once it is gone. */
  kill(): Promise<void>;
}

/** What its startup.conf has beside the sockets. The namespace of linux-cp is the one that VPP runs in. */
export interface VppOptions {
  readonly folder: string;
  readonly name: string;
  readonly namespace: Namespace;
  readonly heap?: string;
  /** Of the statistics: every interface has its counters there, and VPP aborts where they do not fit. */
  readonly statistics?: string;
  /** What it calls /run/vpp is `folder`: for what machine files cannot place elsewhere, as the sockets of memif. */
  readonly ownRun?: boolean;
}

/** Resolves once it answers on its socket. */
export async function startVpp(options: VppOptions): Promise<RealVpp> {
  const { folder, name, namespace } = options;
  const conf = join(folder, `${name}.conf`);
  await writeFile(conf, startupOf(options));
  const socket = join(folder, `${name}-api.sock`);
  const start = ["env", ...environment(), program ?? "vpp", "-c", conf];
  // Each `ip netns exec` has its own mounts.
  const bound = ["sh", "-ec", 'mkdir -p /run/vpp; mount --bind "$0" /run/vpp; exec "$@"', folder, ...start];
  const [command, ...argv] = namespace.inside(...(options.ownRun === true ? bound : start));
  const child = spawn(command, argv, { stdio: "ignore" });
  const ended = once(child, "exit");
  const started: RealVpp = {
    socket,
    pid: child.pid ?? 0,
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
    [Symbol.asyncDispose]: () => started.kill(),
  };
  await using stack = new AsyncDisposableStack();
  stack.use(started);
  await listening(child, socket, join(folder, `${name}.log`));
  stack.move();
  return started;
}

const libraries = join(dirname(dirname(program ?? "")), "lib/x86_64-linux-gnu");

/** Its own program for its CLI, and what that needs of the environment. */
export const vppctl = {
  path: join(dirname(program ?? ""), "vppctl"),
  env: existsSync(libraries) ? { LD_LIBRARY_PATH: libraries } : {},
} as const;

function environment(): readonly string[] {
  return [
    ...(existsSync(libraries) ? [`LD_LIBRARY_PATH=${libraries}`] : []),
    ...(preload === undefined || existsSync("/dev/vhost-net") ? [] : [`LD_PRELOAD=${preload}`]),
  ];
}

/** A file alone may be left from an earlier VPP. */
async function listening(child: ChildProcess, socket: string, log: string): Promise<void> {
  const signal = AbortSignal.timeout(60_000);
  for (;;) {
    if (child.exitCode !== null) throw new Error(`VPP ended: see ${log}`);
    try {
      return await connected(socket);
    } catch {
      await pause(20, undefined, { signal });
    }
  }
}

async function connected(path: string): Promise<void> {
  const socket = connect({ path });
  try {
    await once(socket, "connect");
  } finally {
    socket.destroy();
  }
}

function startupOf({ folder, name, namespace, heap = "512M", statistics = "32M" }: VppOptions): string {
  const plugins = join(dirname(dirname(program ?? "")), "lib/x86_64-linux-gnu/vpp_plugins");
  return `unix {
  nodaemon
  log ${folder}/${name}.log
  cli-listen ${folder}/${name}-cli.sock
  runtime-dir ${folder}/${name}
  poll-sleep-usec 1000
}
api-segment { prefix imp${process.pid}${name} }
socksvr { socket-name ${folder}/${name}-api.sock }
statseg { socket-name ${folder}/${name}-stats.sock size ${statistics} page-size 4K }
memory { main-heap-size ${heap} main-heap-page-size 4k }
buffers { buffers-per-numa 8192 page-size 4K default data-size 2048 }
plugins {
${existsSync(plugins) ? `  path ${plugins}\n` : ""}  plugin dpdk_plugin.so { disable }
  plugin linux_cp_plugin.so { enable }
  plugin linux_nl_plugin.so { enable }
}
linux-cp { default netns ${namespace.name} lcp-sync }
`;
}
