/** Reads what FRR's daemons answer to `show … json`: whatever is not as expected reads as nothing, never as a fault. */
import { Problem } from "../../schemas/problem.ts";
import type { Host } from "../core.ts";
import type { Daemon } from "./model.ts";
import { openVty, type Reply } from "./vty.ts";

/** One question and its answer. Rejects with FRR_UNREACHABLE when the daemon does not answer, or with anything else. */
export async function askJson(
  host: Host,
  sockets: string,
  daemon: Daemon,
  command: string,
  signal: AbortSignal,
): Promise<unknown> {
  const vty = await openVty(host, sockets, daemon, signal);
  try {
    return answerOf(await vty.ask(command, signal), command);
  } finally {
    vty.close();
  }
}

/** What 8.4's daemons say where there is no instance: bgpd and ospfd `{}`, ospf6d nothing; older ones a remark. */
const noInstance =
  /^(?:|% (?:No BGP process is configured|BGP instance not found|OSPF6? (?:instance not found|is not running)))$/;

/** "No sessions" and "no answer" must not look alike: against the one nothing can be worse. */
function answerOf({ status, text }: Reply, command: string): unknown {
  const said = text.trim();
  // zebra warns of a prefix to which it has no route, with `{}`.
  if (status === 0 || (status === 1 && said === "{}")) {
    if (noInstance.test(said)) return {};
    try {
      return JSON.parse(said) as unknown;
    } catch {
      // Not what was asked for: below.
    }
  }
  throw new Problem("FRR_UNREACHABLE", `FRR answered "${command}" with status ${status}: ${said.slice(0, 200)}`, {
    remedy: "See whether the daemon was just restarted; the agent asks again.",
    transient: true,
  });
}

export function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

export function fields(value: unknown): readonly (readonly [string, unknown])[] {
  return Array.isArray(value) ? [] : Object.entries(record(value));
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function number(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

export function string(value: unknown): string {
  return typeof value === "string" ? value : "";
}
