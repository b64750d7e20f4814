/**
 * A scratch FRR: daemons of the programs installed here in a network namespace of their own, without interfaces, that
 * nothing but this program talks to. It is asked what it thinks of a configuration before a live one is touched. Ending
 * the daemons removes the namespace; one that was left behind by a killed program is ended by the next that starts one.
 */
import type { Host } from "../core.ts";
import { type Daemon, daemons } from "./model.ts";

export interface Scratch {
  /** The folder of its vty sockets. */
  readonly sockets: string;
  /** Ends it and removes all of it; never rejects. */
  close(): Promise<void>;
}

export interface ScratchOptions {
  /** Where scratch instances have their folders; made, and open to FRR's user. */
  readonly folder: string;
  readonly daemons: readonly Daemon[];
  /** "traditional" or "datacenter": the defaults that it has compiled in. */
  readonly profile: string;
}

const programs = "/usr/lib/frr";
const startMs = 30_000;

/** Waits for each daemon, which says that it is up by ending in the foreground. */
const startScript = `
dir=$1; profile=$2; shift 2
for one in "$@"; do
  more=; [ $one = bfdd ] && more="--bfdctl $dir/bfdd.sock"
  ${programs}/$one -d -F $profile --vty_socket $dir -i $dir/$one.pid -z $dir/zserv.api -f $dir/none.conf \\
    -A 127.0.0.1 -P 0 --log syslog --log-level emergencies $more || echo "$one" >>$dir/failed &
done
wait
[ ! -e $dir/failed ]
`;

/** A scratch FRR with empty configuration, or why there is none here. */
export async function openScratch(
  host: Host,
  options: ScratchOptions,
  signal: AbortSignal,
): Promise<Scratch | { readonly why: string }> {
  const { folder, profile } = options;
  const why = await whyNot(host, signal);
  if (why !== undefined) return { why };
  await removeStale(host, folder, signal);
  const own = /^(\d+) .*\) (?:\S+ ){19}(\d+) /s.exec((await host.readFile("/proc/self/stat")) ?? "");
  count += 1;
  const sockets = `${folder}/${own?.[1] ?? 0}-${own?.[2] ?? 0}-${count}`;
  const scratch: Scratch = { sockets, close: () => end(host, sockets).catch(() => undefined) };
  const run = (argv: readonly [string, ...string[]]) => host.run(argv, { timeoutMs: startMs, signal });
  try {
    await run(["install", "-d", "-m", "755", folder]);
    const made = await run(["install", "-d", "-m", "750", "-o", "frr", "-g", "frr", sockets]);
    if (made.exitCode !== 0) return { why: made.stderr.trim() };
    const wanted = daemons.filter((daemon) => daemon === "zebra" || options.daemons.includes(daemon));
    const script = ["sh", "-c", startScript, "sh", sockets, profile, ...wanted] as const;
    const started = await run(["unshare", "--net", ...script]);
    if (started.exitCode === 0) return scratch;
    await scratch.close();
    return { why: `it does not start: ${started.stderr.trim().split("\n").at(-1) ?? ""}`.slice(0, 300) };
  } catch (thrown) {
    await scratch.close();
    signal.throwIfAborted();
    return { why: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}
let count = 0;

async function whyNot(host: Host, signal: AbortSignal): Promise<string | undefined> {
  if (!(await host.attributes(`${programs}/zebra`))) return `there is no ${programs}/zebra`;
  const who = await host.run(["id", "-u"], { timeoutMs: startMs, signal });
  return who.stdout.trim() === "0" ? undefined : "only root can start one";
}

/** Ends what programs that do not run any more have left. */
async function removeStale(host: Host, folder: string, signal: AbortSignal): Promise<void> {
  for (const name of await host.readFolder(folder)) {
    const [, pid = "", start = ""] = /^(\d+)-(\d+)-\d+$/.exec(name) ?? [];
    if (pid === "" || (await startOf(host, pid)) === start) continue;
    signal.throwIfAborted();
    await end(host, `${folder}/${name}`);
  }
}

/** When a process started, in clock ticks since boot; undefined: there is none. */
async function startOf(host: Host, pid: string): Promise<string | undefined> {
  const stat = await host.readFile(`/proc/${pid}/stat`).catch(() => undefined);
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
}

/** There is nothing to save: killed at once. Only processes whose command line names this folder. */
async function end(host: Host, sockets: string): Promise<void> {
  const files = (await host.readFolder(sockets)).filter((name) => name.endsWith(".pid"));
  const pids: string[] = [];
  for (const file of files) {
    const pid = (await host.readFile(`${sockets}/${file}`))?.trim() ?? "";
    const command = /^\d+$/.test(pid) ? await host.readFile(`/proc/${pid}/cmdline`).catch(() => undefined) : undefined;
    if (command?.split("\0").includes(sockets)) pids.push(pid);
  }
  const signal = new AbortController().signal;
  if (pids.length > 0) {
    await host.run(["sh", "-c", 'kill -KILL "$@"', "sh", ...pids], { timeoutMs: 5000, signal });
  }
  await host.remove(sockets);
}
