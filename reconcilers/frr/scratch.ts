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
  /** The folder of the daemons' programs, and of none but them; where Debian has them unless given. */
  readonly programs?: string;
}

const installed = "/usr/lib/frr";
const startMs = 30_000;

/**
 * Waits for each daemon, which says that it is up by ending in the foreground. One process more would be 10 ms more. Where
 * there is a mgmtd (9 and later) others go through it: its sockets, and what they start with, are in the usual folders
 * whatever they are told, and there they see their own.
 */
const startScript = `
[ "$(id -u)" = 0 ] || { echo "only root can start one" >&2; exit 1; }
folder=$1; export dir=$2 profile=$3 programs=$4; shift 4
install -d -m 755 "$folder" && install -d -m 750 -o frr -g frr "$dir" || exit 1
alone=--net; [ -e "$programs/mgmtd" ] && { alone="--net --mount"; set -- mgmtd "$@"; mkdir -p /var/run/frr; }
exec unshare $alone sh -c '
apart=yes
start() {
  more=
  [ -z "$apart" ] || more="-f $dir/none.conf"
  [ -z "$apart" ] || [ $1 != bfdd ] || more="$more --bfdctl $dir/bfdd.sock"
  # From 9 on they go on holding what they were given to write to.
  "$programs/$1" -d -F $profile --vty_socket $dir -i $dir/$1.pid -z $dir/zserv.api \\
    -A 127.0.0.1 -P 0 --log syslog --log-level emergencies $more >$dir/$1.said 2>&1 || echo "$1" >>$dir/failed
}
if [ "$1" = mgmtd ]; then
  shift; apart=
  mount --bind "$dir" /var/run/frr && mount --bind "$dir" /etc/frr || exit 1
  start mgmtd
fi
for one in "$@"; do start $one & done
wait
[ ! -e $dir/failed ] || { read -r one <$dir/failed; head -n 1 $dir/$one.said >&2; exit 1; }
' sh "$@"
`;

/** A scratch FRR with empty configuration, or why there is none here. */
export async function openScratch(
  host: Host,
  options: ScratchOptions,
  signal: AbortSignal,
): Promise<Scratch | { readonly why: string }> {
  const { folder, profile, programs = installed } = options;
  if (!(await host.attributes(`${programs}/zebra`))) return { why: `there is no ${programs}/zebra` };
  await removeStale(host, folder, signal);
  const own = /^(\d+) .*\) (?:\S+ ){19}(\d+) /s.exec((await host.readFile("/proc/self/stat")) ?? "");
  count += 1;
  const sockets = `${folder}/${own?.[1] ?? 0}-${own?.[2] ?? 0}-${count}`;
  const scratch: Scratch = { sockets, close: () => end(host, sockets).catch(() => undefined) };
  const wanted = daemons.filter((daemon) => options.daemons.includes(daemon));
  const argv = ["sh", "-c", startScript, "sh", folder, sockets, profile, programs, ...wanted] as const;
  try {
    const started = await host.run(argv, { timeoutMs: startMs, signal });
    if (started.exitCode === 0) return scratch;
    await scratch.close();
    const said = started.stderr.trim().split("\n").at(-1) ?? "";
    return { why: (said.startsWith("only ") ? said : `it does not start: ${said}`).slice(0, 300) };
  } catch (thrown) {
    await scratch.close();
    signal.throwIfAborted();
    return { why: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}
let count = 0;

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
