/**
 * How commands reach FRR's daemons. Which daemon takes which command is known for 8.x (route.ts): there they are told over
 * their sockets. In later versions some lines go through mgmtd, others differ: there vtysh, which knows, is given all of it.
 */
import type { Host } from "../core.ts";
import { daemons } from "./model.ts";
import { tryVty } from "./vty.ts";

export type Way = "sockets" | "vtysh";

/** undefined: it is no version, or that of several daemons which differ. */
export function wayFor(version: string): Way | undefined {
  if (/^8(?:\.\d+)+$/.test(version)) return "sockets";
  return /^\d+(?:\.\d+)*$/.test(version) ? "vtysh" : undefined;
}

/** The version in what a daemon answers to `show version`. */
export function versionIn(text: string): string {
  return /^FRRouting (\d+(?:\.\d+)*)/m.exec(text)?.[1] ?? "unknown";
}

/** Of all daemons that answer: "8.4.4", or "8.4.4 and 9.1"; undefined: none does. */
export async function versionOf(host: Host, sockets: string, signal: AbortSignal): Promise<string | undefined> {
  const said = await Promise.all(
    daemons.map(async (daemon) => {
      const session = await tryVty(host, sockets, daemon, signal);
      if (!session) return undefined;
      try {
        return versionIn((await session.ask("show version", signal)).text);
      } finally {
        session.close();
      }
    }),
  );
  return joinedVersion(said.filter((version) => version !== undefined));
}

/** Daemons of different versions (an upgrade without a restart) are as good as an unknown one. */
export function joinedVersion(versions: readonly string[]): string | undefined {
  return versions.length === 0 ? undefined : [...new Set(versions)].join(" and ");
}
