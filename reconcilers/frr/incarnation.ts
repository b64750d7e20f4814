/** Names the daemons that run now, by process and start: a daemon that started anew has lost what was only live. */
import type { Host } from "../core.ts";
import { daemons, type Daemon } from "./model.ts";

/**
 * "zebra 812@5310, …, bgpd -": each daemon's process ID and its start in clock ticks since boot, which no later process
 * shares; "-" where none runs. `folder` is that of the vty sockets: a daemon writes its pid file there before it listens.
 */
export async function incarnationOf(host: Pick<Host, "readFile" | "bootId">, folder: string): Promise<string> {
  const running = await Promise.all(daemons.map((daemon) => processOf(host, folder, daemon)));
  return `${host.bootId()}: ${running.join(", ")}`;
}

async function processOf(host: Pick<Host, "readFile">, folder: string, daemon: Daemon): Promise<string> {
  const pid = (await host.readFile(`${folder}/${daemon}.pid`))?.trim() ?? "";
  const stat = /^\d+$/.test(pid) ? await host.readFile(`/proc/${pid}/stat`).catch(() => undefined) : undefined;
  // The name in parentheses may hold anything; state is the field after it, the start is field 22.
  const start = stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  return start === undefined ? `${daemon} -` : `${daemon} ${pid}@${start}`;
}
